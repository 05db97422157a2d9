// SPDX-License-Identifier: BSD-3-Clause

/// A file of an archive: its attributes and where its data is.
public struct ErofsInode: Sendable {
  /// The number by which directories name it.
  public let number: UInt64
  /// Type and permission bits (`st_mode`).
  public let mode: UInt16
  public let owner: UInt32
  public let group: UInt32
  public let linkCount: UInt32
  /// Of the contents, in bytes.
  public let byteCount: Int
  /// Nanoseconds since 1970.
  public let modified: Int64
  /// For device nodes, in Linux's new encoding.
  public let deviceNumber: UInt32
  /// Where whole blocks of the contents begin.
  let dataStart: Int
  /// Where the contents behind the last whole block are, if they lie behind the inode.
  let tailStart: Int?

  /// The kind of file: the upper four bits of the mode.
  public var kind: UInt16 { mode & 0xf000 }

  public static let directory: UInt16 = 0x4000
  public static let regular: UInt16 = 0x8000
  public static let symbolicLink: UInt16 = 0xa000
}

/// A name in a directory of an archive.
public struct ErofsEntry: Sendable {
  /// Where the name is in the archive.
  public let nameStart: Int
  public let nameByteCount: Int
  public let inode: UInt64
  /// 1 regular, 2 directory, 3 character, 4 block, 5 FIFO, 6 socket, 7 link (`EROFS_FT_*`).
  public let kind: UInt8
}
