// SPDX-License-Identifier: BSD-3-Clause

/// What may not be done to a memory file any more (`F_ADD_SEALS` of `fcntl(2)`).
struct FileSeals: OptionSet {
  let rawValue: UInt32

  /// `F_SEAL_SEAL`
  static let seal = FileSeals(rawValue: 1)
  /// `F_SEAL_SHRINK`
  static let shrink = FileSeals(rawValue: 2)
  /// `F_SEAL_GROW`
  static let grow = FileSeals(rawValue: 4)
  /// `F_SEAL_WRITE`
  static let write = FileSeals(rawValue: 8)
  /// `F_SEAL_FUTURE_WRITE`
  static let futureWrite = FileSeals(rawValue: 16)

  static let all: FileSeals = [.seal, .shrink, .grow, .write, .futureWrite]
}
