// SPDX-License-Identifier: BSD-3-Clause

import ToolSupport
import Yams

/// Walks a document along the keys of a plan and says where the first mistake is.
struct PlanReader {
  let file: String
  /// The absolute path of the plan's folder.
  let directory: String

  static let keys = [
    "name", "kind", "root", "command", "environment", "memory", "ports", "volumes", "disks",
    "config", "cwd", "sources", "cflags", "include", "debian-source",
  ]

  /// Other words for a key that people know from elsewhere.
  private static let otherNames = [
    "workdir": "cwd", "working_dir": "cwd", "directory": "cwd", "env": "environment",
    "cmd": "command", "entrypoint": "command", "mem": "memory", "image": "root",
    "packages": "root", "files": "root", "args": "command", "mounts": "volumes", "expose": "ports",
    "kconfig": "config", "drives": "disks", "blocks": "disks", "type": "kind", "flags": "cflags",
    "includes": "include", "debian_source": "debian-source", "source": "sources",
  ]

  func plan(from document: PlanDocument) throws(ToolError) -> Plan {
    let fields = try mapping(
      document.root, "the plan", keys: Self.keys, otherNames: Self.otherNames)
    var plan = Plan(file: file, directory: directory, name: Self.lastPart(of: directory))
    if let node = fields["name"] { plan.name = try name(node) }
    if let node = fields["kind"] { plan.kind = try kind(node) }
    if let node = fields["root"] { (plan.root, plan.rootPositions) = try root(node) }
    if let node = fields["command"] { plan.command = try command(node, plan.kind) }
    if let node = fields["environment"] { plan.environment = try environment(node) }
    if let node = fields["memory"] { plan.memory = try memory(node) }
    if let node = fields["ports"] {
      plan.ports = try values(node, "ports", form: "HOST:GUEST") { text, _ in PortMapping(text) }
    }
    if let node = fields["volumes"] {
      plan.volumes = try values(node, "volumes", form: "HOSTDIR:/GUEST[:ro]") { text, _ in
        Volume(text)
      }
    }
    if let node = fields["disks"] {
      plan.disks = try values(node, "disks", form: "FILE[:ro]") { text, _ in Disk(text) }
      guard plan.kind == .swift || plan.disks.isEmpty else {
        throw error(
          node, "a Linux program sees no disks",
          advice: "Share a folder with 'volumes', or write an application of kind swift.")
      }
    }
    if let node = fields["config"] {
      plan.config = try values(node, "config", form: "SYMBOL=value") {
        ConfigurationLine($0, at: $1)
      }
    }
    if let node = fields["cwd"] { plan.workingDirectory = try guestPath(node, "cwd") }
    try readCSources(fields, into: &plan)
    if plan.kind == .linux {
      guard fields["command"] != nil else {
        throw error(
          document.root, "the key 'command' is missing",
          advice: "Add the program's path in the guest, for example: command: [/usr/bin/sqlite3]")
      }
      guard fields["root"] != nil else {
        throw error(
          document.root, "the key 'root' is missing",
          advice: "Add where the files come from, for example: root: [{debian: [sqlite3]}]")
      }
    }
    return plan
  }

  static func lastPart(of folder: String) -> String {
    folder.split(separator: "/").last.map(String.init) ?? "app"
  }

  // MARK: The keys of a plan

  private func name(_ node: Node) throws(ToolError) -> String {
    let name = try string(node, "name")
    let isPlain = name.utf8.allSatisfy {
      (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
        || $0 == 45 || $0 == 46 || $0 == 95
    }
    guard isPlain, !name.isEmpty, name.utf8.count <= 63, name.utf8.first != 45,
      name.utf8.first != 46
    else {
      throw error(
        node, "'\(name.prefix(40))' is not a name",
        advice: "Use at most 63 letters, digits, '-', '_' and '.', not starting with '-' or '.'.")
    }
    return name
  }

  private func kind(_ node: Node) throws(ToolError) -> Plan.Kind {
    let text = try string(node, "kind")
    guard let kind = Plan.Kind(rawValue: text) else {
      throw error(
        node, "unknown kind '\(text.prefix(40))'",
        advice: "The kinds are linux (an unmodified program), swift and c.")
    }
    return kind
  }

  private func command(_ node: Node, _ kind: Plan.Kind) throws(ToolError) -> [String] {
    let words = try strings(node, "command")
    guard let program = words.first else {
      throw error(node, "'command' is empty", advice: "Name the program's path in the guest first.")
    }
    guard program.hasPrefix("/") || kind != .linux else {
      throw error(
        node, "the program '\(program.prefix(80))' is not an absolute path",
        advice:
          "Write where it is in the guest, for example /usr/bin/\(Self.lastPart(of: program)).")
    }
    return words
  }

  private func environment(_ node: Node) throws(ToolError) -> [EnvironmentVariable] {
    guard case .mapping(let mapping) = node else {
      throw wrongType(node, "environment", "a mapping such as {TZ: UTC}")
    }
    var variables: [EnvironmentVariable] = []
    for (key, value) in mapping {
      let name = try string(key, "environment")
      guard !name.isEmpty, !name.contains("=") else {
        throw error(key, "'\(name.prefix(40))' is not a name of an environment variable")
      }
      let text = try string(value, "environment \(name.prefix(40))")
      variables.append(EnvironmentVariable(name: name, value: text))
    }
    return variables
  }

  private func memory(_ node: Node) throws(ToolError) -> ByteSize {
    let text = try string(node, "memory")
    guard let size = ByteSize(text) else {
      throw error(
        node, "'\(text.prefix(40))' is not a size",
        advice: "Write a number with a unit, such as 64MiB, 512M or 1G.")
    }
    guard size >= .mebibytes(1), size.bytes <= 1 << 40 else {
      throw error(
        node, "a memory of \(size) is out of range", advice: "The range is 1 MiB to 1 TiB.")
    }
    return size
  }

  // MARK: Helpers for RootReader and here

  /// The values of a mapping by key; an unknown key is an error.
  func mapping(
    _ node: Node, _ what: String, keys: [String], otherNames: [String: String] = [:]
  ) throws(ToolError) -> [String: Node] {
    guard case .mapping(let mapping) = node else {
      throw wrongType(
        node, what, "a mapping with keys such as \(keys.prefix(3).joined(separator: ", "))")
    }
    var fields: [String: Node] = [:]
    for (key, value) in mapping {
      let name = try string(key, "a key of \(what)")
      guard keys.contains(name) else {
        let meant = otherNames[name] ?? Suggestion.nearest(to: name, among: keys)
        throw error(
          key, "unknown key '\(name.prefix(40))' in \(what)",
          advice: meant.map { "Did you mean '\($0)'?" }
            ?? "The keys are \(keys.joined(separator: ", ")).")
      }
      fields[name] = value
    }
    return fields
  }

  /// A scalar's text as it is written: `no` stays `no`.
  func string(_ node: Node, _ what: String) throws(ToolError) -> String {
    guard case .scalar(let scalar) = node else { throw wrongType(node, what, "a single value") }
    guard !scalar.string.utf8.contains(0) else {
      throw error(node, "\(what) has a NUL character", advice: "No program can receive one.")
    }
    if scalar.string.isEmpty, scalar.style == .plain || scalar.style == .any {
      throw error(
        node, "\(what) has no value", advice: "Write a value, or \"\" for an empty text.")
    }
    return scalar.string
  }

  /// A list of texts; a single text counts as a list of one.
  func strings(_ node: Node, _ what: String) throws(ToolError) -> [String] {
    switch node {
    case .scalar: return [try string(node, what)]
    case .sequence(let sequence):
      var texts: [String] = []
      for item in sequence { texts.append(try string(item, "an item of \(what)")) }
      return texts
    default: throw wrongType(node, what, "a list such as [a, b]")
    }
  }

  func guestPath(_ node: Node, _ what: String) throws(ToolError) -> String {
    let path = try string(node, what)
    guard path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
      throw error(
        node, "\(what) '\(path.prefix(80))' is not an absolute path without '..'",
        advice: "Write a path in the guest, starting with '/'.")
    }
    return path
  }

  private func values<Value>(
    _ node: Node, _ what: String, form: String, parse: (String, Position) -> Value?
  ) throws(ToolError) -> [Value] {
    guard case .sequence(let sequence) = node else {
      throw wrongType(node, what, "a list such as [\"\(form)\"]")
    }
    var values: [Value] = []
    for item in sequence {
      let text = try string(item, "an item of \(what)")
      guard let value = parse(text, position(item)) else {
        throw error(
          item, "'\(text.prefix(60))' in \(what) does not have the form \(form)")
      }
      values.append(value)
    }
    return values
  }

  func wrongType(_ node: Node, _ what: String, _ expected: String) -> ToolError {
    let found =
      switch node {
      case .scalar: "a single value"
      case .mapping: "a mapping"
      case .sequence: "a list"
      case .alias: "an alias"
      }
    return error(node, "\(what) must be \(expected), not \(found)")
  }

  func position(_ node: Node) -> Position {
    node.mark.map { Position(line: $0.line, column: $0.column) } ?? Position(line: 1, column: 1)
  }

  func error(_ node: Node, _ what: String, advice: String? = nil) -> ToolError {
    ToolError(what, at: position(node).description(in: file), advice: advice)
  }
}
