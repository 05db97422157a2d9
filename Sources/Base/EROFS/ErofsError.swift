// SPDX-License-Identifier: BSD-3-Clause

/// Why an archive, or a part of it, cannot be read. Offsets are in bytes from its start.
public enum ErofsError: Error, Equatable, Sendable {
  /// Shorter than its superblock, or than the superblock says.
  case truncated
  /// No EROFS magic number at 1024.
  case notErofs
  /// A block size other than 4 KiB.
  case unsupportedBlockSize
  /// A feature that changes the format: compression, chunks, more devices.
  case unsupportedFeature
  /// The superblock is not as it was written (`sb_chksum`).
  case badChecksum
  /// An inode that is not in the archive or is of an unknown layout.
  case badInode(offset: Int)
  /// A directory block whose entries do not make sense.
  case badDirectory(offset: Int)
  /// Data that is not in the archive.
  case badData(offset: Int)
}
