// SPDX-License-Identifier: BSD-3-Clause

import ToolSupport
import Yams

/// The entries of `root`.
extension PlanReader {
  private static let sources = ["debian", "directory", "file", "c"]
  private static let laterSources = ["host", "oci", "build"]

  func root(_ node: Node) throws(ToolError) -> [RootEntry] {
    guard case .sequence(let sequence) = node else {
      throw wrongType(node, "root", "a list such as [{debian: [sqlite3]}, {directory: files}]")
    }
    var entries: [RootEntry] = []
    for item in sequence { entries.append(try rootEntry(item)) }
    return entries
  }

  private func rootEntry(_ node: Node) throws(ToolError) -> RootEntry {
    let fields = try mapping(
      node, "an entry of root", keys: Self.sources + Self.laterSources + ["to", "flags"],
      otherNames: [
        "apt": "debian", "deb": "debian", "packages": "debian", "package": "debian", "dir": "directory",
        "folder": "directory", "copy": "file", "path": "directory", "program": "c", "cc": "c",
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
    if kind != "c", let flags = fields["flags"] {
      throw error(flags, "'flags' belongs to a source of kind 'c'")
    }
    if kind == "debian", let to = fields["to"] {
      throw error(to, "'to' does not go with 'debian'; packages say themselves where files go")
    }
    return RootEntry(try source(kind, value, fields), at: position(node))
  }

  private func source(
    _ kind: String, _ value: Node, _ fields: [String: Node]
  ) throws(ToolError) -> RootEntry.Source {
    let destination: String? =
      if let to = fields["to"] { try guestPath(to, "to") } else { nil }
    switch kind {
    case "debian": return .debian(packages: try packages(value))
    case "directory":
      return .directory(path: try string(value, "directory"), destination: destination ?? "/")
    case "file":
      let path = try string(value, "file")
      return .file(path: path, destination: destination ?? "/\(Self.lastPart(of: path))")
    default:
      let sources = try strings(value, "c")
      guard let first = sources.first else { throw error(value, "'c' names no source file") }
      let flags: [String] =
        if let flags = fields["flags"] { try strings(flags, "flags") } else { ["-O2", "-static"] }
      let name = Self.lastPart(of: first).split(separator: ".").first.map(String.init) ?? "program"
      return .c(sources: sources, flags: flags, destination: destination ?? "/bin/\(name)")
    }
  }

  /// Debian Policy section 5.6.1: lower-case letters, digits, `+`, `-`, `.`; at least two.
  private func packages(_ node: Node) throws(ToolError) -> [String] {
    let names = try strings(node, "debian")
    guard !names.isEmpty else { throw error(node, "'debian' names no package") }
    for name in names {
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
    return names
  }
}
