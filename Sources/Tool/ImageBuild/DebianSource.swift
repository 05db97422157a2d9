// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// The source packages of Debian, fetched once and kept in the tool's cache. The machine's own lists
/// of apt are neither used nor changed.
enum DebianSource {
  private static let keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

  /// The folder in which the newest source of `package` of this machine's release is unpacked, with
  /// Debian's patches applied.
  static func folder(of package: String, progress: ToolSupport.Progress) async throws -> String {
    let cache = try Paths.cache("sources")
    let target = "\(cache)/\(package)"
    if Paths.isFolder(target) { return target }
    let lock = try FileLock(path: "\(target).lock") {
      progress.step("waiting for another run that fetches the same source")
    }
    defer { withExtendedLifetime(lock) {} }
    if Paths.isFolder(target) { return target }
    let options = try await lists(cache, progress)
    progress.step("fetching the Debian source \(package)")
    let scratch = "\(cache)/.fetch-\(package)-\(getpid())"
    let manager = FileManager.default
    try manager.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    defer { try? manager.removeItem(atPath: scratch) }
    try await ExternalCommand(
      "apt-get", options + ["source", "--download-only", package], environment: ["LC_ALL": "C"],
      in: scratch
    ).runChecked(
      "fetching the Debian source \(package)",
      advice: "Is the name right? The first fetch needs the network; later ones use the cache.")
    guard
      let description = try manager.contentsOfDirectory(atPath: scratch)
        .first(where: { $0.hasSuffix(".dsc") })
    else { throw ToolError("apt-get brought no source of \(package)") }
    try await ExternalCommand(
      "dpkg-source", ["--no-check", "--extract", description, "unpacked"], in: scratch
    ).runChecked(
      "unpacking the Debian source \(package)", advice: "Install dpkg-dev if it is missing.")
    try Paths.rename("\(scratch)/unpacked", to: target)
    return target
  }

  /// Options for apt with lists of sources of its own, fetched when there are none.
  private static func lists(_ cache: String, _ progress: ToolSupport.Progress) async throws
    -> [String]
  {
    let folder = "\(cache)/.apt"
    for part in ["lists/partial", "cache/archives/partial"] {
      try FileManager.default.createDirectory(
        atPath: "\(folder)/\(part)", withIntermediateDirectories: true)
    }
    let release = try codename()
    let line = "deb-src [signed-by=\(keyring)] http://deb.debian.org/debian \(release) main\n"
    try line.write(toFile: "\(folder)/sources.list", atomically: true, encoding: .utf8)
    let options = [
      "-q", "-o", "APT::Sandbox::User=", "-o", "Dir::State::lists=\(folder)/lists",
      "-o", "Dir::Cache=\(folder)/cache", "-o", "Dir::Etc::sourcelist=\(folder)/sources.list",
      "-o", "Dir::Etc::sourceparts=/dev/null",
    ]
    let known = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/lists")) ?? []
    guard !known.contains(where: { $0.contains("_Sources") }) else { return options }
    progress.step("fetching Debian's list of sources")
    try await ExternalCommand("apt-get", options + ["update"], environment: ["LC_ALL": "C"])
      .runChecked(
        "fetching the list of sources",
        advice: "The first use of a Debian source needs the network; later ones use the cache.")
    return options
  }

  private static func codename() throws -> String {
    let text = (try? String(contentsOfFile: "/etc/os-release", encoding: .utf8)) ?? ""
    for line in text.split(separator: "\n") where line.hasPrefix("VERSION_CODENAME=") {
      return String(line.dropFirst(17))
    }
    throw ToolError(
      "this is not Debian: /etc/os-release names no release",
      advice: "Unpack the sources into the application's folder and leave out 'debian-source'.")
  }
}
