// SPDX-License-Identifier: BSD-3-Clause

import ToolSupport
import Yams

/// The entries of `root`.
extension PlanReader {
  private static let sources = ["debian", "directory", "file", "program"]
  private static let laterSources = ["host", "oci", "build"]

  func root(_ node: Node) throws(ToolError) -> ([Plan.RootEntry], [Position]) {
    guard case .sequence(let sequence) = node else {
      throw wrongType(node, "root", "a list such as [{debian: [sqlite3]}, {directory: files}]")
    }
    var entries: [Plan.RootEntry] = []
    for item in sequence { entries.append(try rootEntry(item)) }
    return (entries, sequence.map(position))
  }

  private func rootEntry(_ node: Node) throws(ToolError) -> Plan.RootEntry {
    let fields = try mapping(
      node, "an entry of root", keys: Self.sources + Self.laterSources + ["to", "static"],
      otherNames: [
        "apt": "debian", "deb": "debian", "packages": "debian", "package": "debian",
        "dir": "directory", "folder": "directory", "path": "directory", "copy": "file",
        "c": "program", "cc": "program",
      ])
    let named = (Self.sources + Self.laterSources).filter { fields[$0] != nil }
    guard named.count == 1, let kind = named.first, let value = fields[kind] else {
      throw error(
        node,
        named.isEmpty
          ? "an entry of root names no source" : "an entry of root names several sources",
        advice: "Each entry has one of \(Self.sources.joined(separator: ", ")).")
    }
    if Self.laterSources.contains(kind) {
      throw error(
        value, "root source '\(kind)' is not supported yet",
        advice: "The sources are \(Self.sources.joined(separator: ", ")).")
    }
    if kind != "program", let node = fields["static"] {
      throw error(node, "'static' belongs to a program")
    }
    if kind == "debian" || kind == "directory", let to = fields["to"] {
      throw error(
        to, "'to' does not go with '\(kind)'", advice: "It goes with 'file' and 'program'.")
    }
    return try entry(kind, value, fields)
  }

  private func entry(
    _ kind: String, _ value: Node, _ fields: [String: Node]
  ) throws(ToolError) -> Plan.RootEntry {
    let output: String? = if let to = fields["to"] { try guestPath(to, "to") } else { nil }
    switch kind {
    case "debian": return .debian(try packages(value))
    case "directory":
      return .directory(Paths.absolute(try string(value, "directory"), in: directory))
    case "file":
      let path = Paths.absolute(try string(value, "file"), in: directory)
      return .file(path: path, output: output ?? "/\(Self.lastPart(of: path))")
    default:
      let sources = try strings(value, "program").map { Paths.absolute($0, in: directory) }
      guard let first = sources.first else { throw error(value, "'program' names no source file") }
      let name = Self.lastPart(of: first).split(separator: ".").first.map(String.init) ?? "program"
      let isStatic = if let node = fields["static"] { try boolean(node, "static") } else { true }
      return .program(sources: sources, output: output ?? "/bin/\(name)", isStatic: isStatic)
    }
  }

  private func boolean(_ node: Node, _ what: String) throws(ToolError) -> Bool {
    switch try string(node, what) {
    case "true", "yes", "y", "on": return true
    case "false", "no", "n", "off": return false
    default: throw error(node, "'\(what)' must be true or false")
    }
  }

  /// Debian Policy section 5.6.1: lower-case letters, digits, `+`, `-`, `.`; at least two.
  private func packages(_ node: Node) throws(ToolError) -> [String] {
    let names = try strings(node, "debian")
    guard !names.isEmpty else { throw error(node, "'debian' names no package") }
    for name in names { try checkPackage(name, node) }
    return names
  }

  func packageName(_ node: Node) throws(ToolError) -> String {
    let name = try string(node, "debian-source")
    try checkPackage(name, node)
    return name
  }

  private func checkPackage(_ name: String, _ node: Node) throws(ToolError) {
    let isName = name.utf8.enumerated().allSatisfy { index, byte in
      (97...122).contains(byte) || (48...57).contains(byte)
        || (index > 0 && (byte == 43 || byte == 45 || byte == 46))
    }
    guard isName, name.utf8.count >= 2, name.utf8.count <= 100 else {
      throw error(
        node, "'\(name.prefix(60))' is not a name of a Debian package",
        advice: "Names have lower-case letters, digits, '+', '-' and '.'; no versions.")
    }
  }
}
