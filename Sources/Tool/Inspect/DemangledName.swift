// SPDX-License-Identifier: BSD-3-Clause

import ImageBuild
import ToolSupport

/// Names of Swift symbols as a programmer wrote them.
enum DemangledName {
  /// The names of these symbols, in their order; what is not Swift's stays as it is.
  static func names(of symbols: [String]) async throws -> [String] {
    guard symbols.contains(where: { $0.hasPrefix("$") }) else { return symbols }
    let command = ExternalCommand(
      try Toolchain.program("swift-demangle"), ["--simplified", "--compact"],
      input: Array(symbols.joined(separator: "\n").utf8))
    let lines = try await command.runChecked("demangling names").text
      .split(separator: "\n", omittingEmptySubsequences: false)
    // One line for each name; the last may end with a newline of its own.
    guard lines.count >= symbols.count else { return symbols }
    return symbols.indices.map { tidy(String(lines[$0])) }
  }

  /// Without words that say nothing about where the code is.
  static func tidy(_ name: String) -> String {
    var text = name
    for prefix in ["static ", "@objc "] where text.hasPrefix(prefix) {
      text.removeFirst(prefix.count)
    }
    return text
  }

  /// `TCP.receive(_:at:)` becomes `TCP.receive`.
  static func withoutArguments(_ name: String) -> String {
    guard name.hasSuffix(")"), name.first != "(" else { return name }
    var depth = 0
    for index in name.indices.reversed() {
      if name[index] == ")" { depth += 1 }
      if name[index] == "(" { depth -= 1 }
      if depth == 0 { return String(name[..<index]) }
    }
    return name
  }
}
