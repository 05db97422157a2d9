// SPDX-License-Identifier: BSD-3-Clause

import Glibc

/// What tells that a file or folder has not changed: its size, its times of change and its inode.
public struct FileState: Sendable, Equatable {
  public var byteCount: UInt64 = 0
  /// When the content changed, in nanoseconds since 1970.
  public var contentChange: UInt64 = 0
  /// When anything of it changed; no program can set this one.
  public var anyChange: UInt64 = 0
  public var inode: UInt64 = 0

  /// What is not there.
  public static let absent = FileState()

  public init() {}

  /// The present state of what `path` names, from the folder that is open as `folder`.
  public init(of path: String, in folder: Int32 = AT_FDCWD) {
    var status = stat()
    guard fstatat(folder, path, &status, 0) == 0 else { return }
    byteCount = UInt64(status.st_size)
    contentChange = Self.nanoseconds(status.st_mtim)
    anyChange = Self.nanoseconds(status.st_ctim)
    inode = UInt64(status.st_ino)
  }

  /// Whether it changed so recently that another change could leave the same times.
  public func isYoung(at now: UInt64) -> Bool { anyChange + Self.clockStep > now }

  /// The file system's clock moves in steps, of 10 ms at most.
  private static let clockStep: UInt64 = 20_000_000

  private static func nanoseconds(_ time: timespec) -> UInt64 {
    UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
