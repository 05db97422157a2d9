// SPDX-License-Identifier: BSD-3-Clause

import ToolSupport
import Yams

/// The YAML behind a plan: composed once, within limits that no honest plan meets.
///
/// Yams copies an aliased node wherever the alias stands, so that a few lines can stand for
/// billions of nodes; and it hashes whole keys. The limits bound both before Yams sees the text;
/// libyaml itself refuses more than 1000 levels.
struct PlanDocument {
  /// The largest plan, in bytes.
  static let sizeLimit = 256 << 10
  /// The most words that look like an alias (`*name`).
  static let aliasLimit = 16

  let file: String
  let root: Node

  init(bytes: [UInt8], file: String) throws(ToolError) {
    self.file = file
    guard bytes.count <= Self.sizeLimit else {
      throw ToolError(
        "the plan is larger than \(Self.sizeLimit >> 10) KiB", at: file,
        advice: "Put data into files of the root, not into martlet.yaml.")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ToolError(
        "the plan is not UTF-8 text", at: file, advice: "Save it as UTF-8.")
    }
    guard Self.aliasCount(in: bytes) <= Self.aliasLimit else {
      throw ToolError(
        "the plan has more than \(Self.aliasLimit) YAML aliases", at: file,
        advice: "Write the values out; a plan needs no anchors and aliases.")
    }
    do {
      guard let root = try Parser(yaml: text, encoding: .utf8).singleRoot() else {
        throw ToolError(
          "the plan is empty", at: file, advice: "Write at least name, root and command.")
      }
      self.root = root
    } catch let error as YamlError {
      throw Self.explained(error, file: file)
    } catch let error as ToolError {
      throw error
    } catch {
      throw ToolError("the plan is not valid YAML: \(error)", at: file)
    }
  }

  /// Counts `*name` where YAML could read an alias, quoted or not.
  static func aliasCount(in bytes: [UInt8]) -> Int {
    var count = 0
    var before: UInt8 = 10
    for index in bytes.indices.dropLast() {
      let byte = bytes[index]
      let after = bytes[index + 1]
      if byte == UInt8(ascii: "*"), after > 32, Self.mayPrecedeAlias.contains(before) { count += 1 }
      before = byte
    }
    return count
  }

  private static let mayPrecedeAlias: Set<UInt8> = Set(" \t\r\n[{,:?-\"'".utf8)

  private static func explained(_ error: YamlError, file: String) -> ToolError {
    func made(_ problem: String, _ at: Position?, _ context: YamlError.Context? = nil) -> ToolError
    {
      let place = at?.description(in: file)
      let cause = context.map { " (\($0.text) that starts in line \($0.mark.line))" } ?? ""
      return ToolError(
        "broken YAML: \(problem)\(cause)", at: place ?? file,
        advice: "Check the indentation, quotes and brackets around this place.")
    }
    switch error {
    case .scanner(let context, let problem, let mark, _),
      .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      return made(problem, Position(line: mark.line, column: mark.column), context)
    case .reader(let problem, let offset, _, let yaml):
      guard let offset else { return made(problem, nil) }
      return made(problem, position(at: offset, in: yaml))
    case .duplicatedKeysInMapping(let duplicates, let context):
      let names = duplicates.map { "'\($0.prefix(40))'" }.joined(separator: ", ")
      let place = Position(line: context.mark.line, column: context.mark.column)
      return ToolError(
        "the key \(names) appears twice", at: place.description(in: file),
        advice: "Keep one of them.")
    default:
      return made("\(error)", nil)
    }
  }

  private static func position(at offset: Int, in yaml: String) -> Position {
    let before = yaml.utf8.prefix(max(0, offset))
    let line = before.count { $0 == 10 } + 1
    let column = before.reversed().prefix { $0 != 10 }.count + 1
    return Position(line: line, column: column)
  }
}
