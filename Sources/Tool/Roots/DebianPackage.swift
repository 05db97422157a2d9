// SPDX-License-Identifier: BSD-3-Clause

/// What the resolver needs to know about one package: fields of its control paragraph
/// (Debian Policy chapter 5).
struct DebianPackage: Codable, Sendable, Equatable {
  var name: String
  var version: String
  var architecture: String
  /// Groups of alternatives: one of each group must be there.
  var dependencies: [[String]]
  /// Virtual packages that it stands for.
  var provides: [String]
  var priority: String
  var byteCount: Int
  var sha256: String

  /// The file that `apt-get download` writes; a colon is not allowed in it.
  var fileName: String {
    "\(name)_\(version.replacing(":", with: "%3a"))_\(architecture).deb"
  }

  /// Reads every paragraph of `apt-cache show`.
  static func parse(_ text: String) -> [DebianPackage] {
    var packages: [DebianPackage] = []
    var fields: [Substring: Substring] = [:]
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.isEmpty {
        if let package = DebianPackage(fields: fields) { packages.append(package) }
        fields = [:]
      } else if line.first != " ", let colon = line.firstIndex(of: ":") {
        fields[line[..<colon]] = line[line.index(after: colon)...].drop { $0 == " " }
      }
    }
    if let package = DebianPackage(fields: fields) { packages.append(package) }
    return packages
  }

  private init?(fields: [Substring: Substring]) {
    guard let name = fields["Package"], let version = fields["Version"],
      fields["Filename"] != nil, let sum = fields["SHA256"]
    else { return nil }
    self.name = String(name)
    self.version = String(version)
    architecture = String(fields["Architecture"] ?? "all")
    dependencies =
      Self.relations(fields["Pre-Depends"] ?? "") + Self.relations(fields["Depends"] ?? "")
    provides = Self.relations(fields["Provides"] ?? "").flatMap { $0 }
    priority = String(fields["Priority"] ?? "optional")
    byteCount = Int(fields["Size"] ?? "0") ?? 0
    sha256 = String(sum)
  }

  init(
    name: String, version: String = "1", dependencies: [[String]] = [], provides: [String] = [],
    priority: String = "optional"
  ) {
    self.name = name
    self.version = version
    architecture = "amd64"
    self.dependencies = dependencies
    self.provides = provides
    self.priority = priority
    byteCount = 0
    sha256 = ""
  }

  /// `a (>= 1), b | c:any` becomes `[[a], [b, c]]`: one release holds one version of each package,
  /// so the versions are not compared.
  static func relations(_ text: Substring) -> [[String]] {
    text.split(separator: ",").map { group in
      group.split(separator: "|").compactMap { alternative in
        let word = alternative.split(whereSeparator: { $0 == " " || $0 == "(" || $0 == "[" }).first
        return word.map { String($0.prefix { $0 != ":" }) }
      }
    }.filter { !$0.isEmpty }
  }
}
