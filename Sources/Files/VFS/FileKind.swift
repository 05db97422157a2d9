// SPDX-License-Identifier: BSD-3-Clause

/// The kind of a file: the upper bits of its mode (`S_IFMT`).
public enum FileKind: UInt32, Sendable {
  case fifo = 0o010000
  case characterDevice = 0o020000
  case directory = 0o040000
  case blockDevice = 0o060000
  case regular = 0o100000
  case symbolicLink = 0o120000
  case socket = 0o140000

  /// `DT_*` of a directory entry.
  public var directoryType: UInt8 { UInt8(rawValue >> 12) }
}

/// What `statfs(2)` tells of a file system.
public struct FileSystemStatistics: Sendable {
  /// `f_type`
  public var magic: UInt64
  public var blockSize: UInt64 = 4096
  public var blocks: UInt64 = 0
  public var freeBlocks: UInt64 = 0
  public var files: UInt64 = 0
  public var freeFiles: UInt64 = 0
  public var isReadOnly = false

  public init(magic: UInt64) {
    self.magic = magic
  }
}
