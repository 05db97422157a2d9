// SPDX-License-Identifier: BSD-3-Clause

/// One variable of the program's environment.
public struct EnvironmentVariable: Sendable, Hashable {
  public var name: String
  public var value: String

  public init(name: String, value: String) {
    self.name = name
    self.value = value
  }

  /// Parses `NAME=VALUE`; `nil` when the name is empty or there is no `=`, or a NUL anywhere.
  public init?(_ text: String) {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex,
      !text.utf8.contains(0)
    else { return nil }
    name = String(text[..<equals])
    value = String(text[text.index(after: equals)...])
  }

  public var text: String { "\(name)=\(value)" }
}
