// SPDX-License-Identifier: BSD-3-Clause

import ToolSupport
import Yams

/// The keys of a C application.
extension PlanReader {
  func readCSources(_ fields: [String: Node], into plan: inout Plan) throws(ToolError) {
    let keys = ["sources", "cflags", "include", "debian-source"]
    guard plan.kind == .c else {
      for key in keys {
        if let node = fields[key] {
          throw error(node, "'\(key)' belongs to an application of kind c")
        }
      }
      return
    }
    var sources = CSources()
    if let node = fields["debian-source"] {
      sources.debianSource = try packageName(node)
      guard fields["sources"] != nil else {
        throw error(
          node, "the key 'sources' is missing",
          advice: "Say which files of the Debian source are the program: sources: [src/*.c]")
      }
    }
    if let node = fields["sources"] {
      sources.patterns = try strings(node, "sources")
      for pattern in sources.patterns { try check(pattern, "sources", node) }
      guard sources.patterns.contains(where: { !$0.hasPrefix("!") }) else {
        throw error(node, "'sources' names no file")
      }
    }
    if let node = fields["include"] {
      sources.includes = try strings(node, "include")
      for folder in sources.includes { try check(folder, "include", node) }
    }
    if let node = fields["cflags"] { sources.flags = try strings(node, "cflags") }
    plan.cSources = sources
    if plan.command.isEmpty { plan.command = ["/\(plan.name)"] }
  }

  private func check(_ path: String, _ what: String, _ node: Node) throws(ToolError) {
    guard !path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
      throw error(
        node, "'\(path.prefix(80))' in \(what) leads out of the folder",
        advice: "Name files relative to the sources, without '..'.")
    }
  }
}
