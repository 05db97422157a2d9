// SPDX-License-Identifier: BSD-3-Clause

/// How a file is opened.
public struct FileOptions: OptionSet, Sendable {
  public let rawValue: UInt8

  public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// The file can be read.
  public static let read = FileOptions(rawValue: 1)
  /// The file can be written to.
  public static let write = FileOptions(rawValue: 2)
  /// It can be written to, and whatever is written goes to its end.
  public static let append = FileOptions(rawValue: 4)
  /// A file that is not there is made.
  public static let create = FileOptions(rawValue: 8)
  /// With `create`: a file that is there is an error (`fileExists`).
  public static let exclusive = FileOptions(rawValue: 16)
  /// What the file holds is thrown away.
  public static let truncate = FileOptions(rawValue: 32)

  /// A file to be written anew.
  public static let replace: FileOptions = [.write, .create, .truncate]

  /// Whether the file is to be written to.
  var areForWriting: Bool { !isDisjoint(with: [.write, .append, .truncate]) }
}
