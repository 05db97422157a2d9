// SPDX-License-Identifier: BSD-3-Clause

import ToolSupport

/// A configuration that holds: every setting with its value, and the modules they select.
public struct ResolvedConfiguration: Codable, Sendable, Equatable {
  /// One Kconfig setting.
  public struct Symbol: Codable, Sendable, Equatable {
    public let name: String
    /// `bool`, `int` or `string`.
    public let type: String
    public let value: String
    /// The micro-library that the setting stands for.
    public let module: String?
  }

  public let symbols: [Symbol]

  /// The selected micro-libraries, in the order of the menus.
  public var modules: [String] {
    symbols.compactMap { $0.value == "y" ? $0.module : nil }
  }

  /// Whether the setting `name` is a bool that is on.
  public func isOn(_ name: String) -> Bool {
    symbols.contains { $0.name == name && $0.value == "y" }
  }

  /// Names the configuration: two that are equal have the same hash.
  public var hash: String {
    ContentHash.name(of: symbols.map { "\($0.name)=\($0.value)" })
  }
}
