// SPDX-License-Identifier: BSD-3-Clause

import ImageBuild
import ToolSupport

/// Names of Swift symbols as a programmer wrote them.
enum DemangledName {
  /// The names of these symbols, in their order; what is not Swift's stays as it is.
  static func names(of symbols: [String]) async throws -> [String] {
    let mangled = symbols.indices.filter { symbols[$0].hasPrefix("$") }
    var names = symbols.map(text)
    if mangled.isEmpty { return names }
    let command = ExternalCommand(
      try Toolchain.program("swift-demangle"), ["--simplified", "--compact"],
      input: Array((mangled.map { symbols[$0] }.joined(separator: "\n") + "\n").utf8))
    let lines = try await command.runChecked("demangling names").text
      .split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count > mangled.count else { return names }
    for (index, line) in zip(mangled, lines) { names[index] = tidy(String(line)) }
    return names
  }

  /// The compiler calls a text `.L.str.5.hello`: its length and the text itself.
  static func text(_ symbol: String) -> String {
    guard symbol.hasPrefix(".L.str.") else { return symbol }
    let content = symbol.dropFirst(7).drop { $0.isASCII && $0.isNumber }.dropFirst()
    let shown = content.unicodeScalars.prefix(40).map { $0.escaped(asASCII: false) }.joined()
    return "\"\(shown)\""
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
