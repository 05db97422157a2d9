// SPDX-License-Identifier: BSD-3-Clause

/// What a C application is compiled from, and how.
public struct CSources: Sendable, Equatable {
  /// File names and patterns with `*`, relative to the plan's folder, or to the Debian source where
  /// there is one; one that begins with `!` takes files out.
  public var patterns: [String] = ["*.c"]
  /// Options for the compiler, after the tool's own.
  public var flags: [String] = []
  /// Folders in which headers are looked for, relative as the patterns are.
  public var includes: [String] = []
  /// A Debian source package that is fetched and unpacked.
  public var debianSource: String?

  public init() {}
}
