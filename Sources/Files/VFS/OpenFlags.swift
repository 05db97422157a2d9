// SPDX-License-Identifier: BSD-3-Clause

/// How a file is opened and how it is then used: Linux's `O_*` on x86_64.
public struct OpenFlags: OptionSet, Sendable {
  public let rawValue: UInt32

  @inline(__always)
  public init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// `O_WRONLY`
  public static let writeOnly = OpenFlags(rawValue: 1)
  /// `O_RDWR`
  public static let readWrite = OpenFlags(rawValue: 2)
  /// `O_CREAT`
  public static let create = OpenFlags(rawValue: 0o100)
  /// `O_EXCL`
  public static let exclusive = OpenFlags(rawValue: 0o200)
  /// `O_NOCTTY`
  public static let noControllingTerminal = OpenFlags(rawValue: 0o400)
  /// `O_TRUNC`
  public static let truncate = OpenFlags(rawValue: 0o1000)
  /// `O_APPEND`
  public static let append = OpenFlags(rawValue: 0o2000)
  /// `O_NONBLOCK`
  public static let nonBlocking = OpenFlags(rawValue: 0o4000)
  /// `O_DSYNC`
  public static let dataSync = OpenFlags(rawValue: 0o10000)
  /// `O_DIRECT`
  public static let direct = OpenFlags(rawValue: 0o40000)
  /// `O_LARGEFILE`
  public static let largeFile = OpenFlags(rawValue: 0o100000)
  /// `O_DIRECTORY`
  public static let directory = OpenFlags(rawValue: 0o200000)
  /// `O_NOFOLLOW`
  public static let noFollow = OpenFlags(rawValue: 0o400000)
  /// `O_NOATIME`
  public static let noAccessTime = OpenFlags(rawValue: 0o1000000)
  /// `O_CLOEXEC`
  public static let closeOnExec = OpenFlags(rawValue: 0o2000000)
  /// `O_PATH`
  public static let pathOnly = OpenFlags(rawValue: 0o10000000)
  /// `O_TMPFILE` without `O_DIRECTORY`
  public static let temporary = OpenFlags(rawValue: 0o20000000)

  /// What `fcntl(F_SETFL)` may change.
  public static let changeable: OpenFlags = [.append, .nonBlocking, .direct, .noAccessTime]

  public var allowsReading: Bool { rawValue & 3 != 1 && !contains(.pathOnly) }
  public var allowsWriting: Bool { rawValue & 3 != 0 && !contains(.pathOnly) }
}
