// SPDX-License-Identifier: BSD-3-Clause

/// One setting on top of the Kconfig defaults: `SYMBOL=value`.
public struct ConfigurationLine: Sendable, Equatable {
  /// Upper-case letters, digits and `_`, without `CONFIG_`.
  public var symbol: String
  public var value: String
  /// Where the plan says so, for messages.
  public var position: Position

  /// Parses `SYMBOL=value` or `CONFIG_SYMBOL=value`; `nil` when it is neither.
  public init?(_ text: String, at position: Position) {
    guard let equals = text.firstIndex(of: "="), !text.contains(where: \.isNewline) else {
      return nil
    }
    var symbol = text[..<equals]
    if symbol.hasPrefix("CONFIG_") { symbol = symbol.dropFirst(7) }
    let isWord = symbol.utf8.allSatisfy {
      (48...57).contains($0) || (65...90).contains($0) || $0 == 95
    }
    guard !symbol.isEmpty, isWord else { return nil }
    self.symbol = String(symbol)
    value = String(text[text.index(after: equals)...])
    self.position = position
  }

  public var text: String { "\(symbol)=\(value)" }
}
