// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// An uncompressed EROFS image, read in place (Linux, Documentation/filesystems/erofs.rst and
/// fs/erofs/erofs_fs.h).
///
/// Opening looks at the superblock only. Everything else is found when it is asked for: an inode by
/// its number, a name by a binary search in its directory's blocks. Nothing is trusted: every
/// offset is checked against the archive, and every loop is bounded by it.
public struct ErofsArchive: Sendable {
  public static let blockSize = 4096
  private static let magic: UInt32 = 0xe0f5_e1e2
  /// `EROFS_FEATURE_INCOMPAT_ZERO_PADDING` says nothing about images without compression.
  private static let harmlessFeatures: UInt32 = 0x1

  public let root: UInt64
  private let metadataStart: Int
  /// In nanoseconds since 1970.
  private let buildTime: Int64
  public let byteCount: Int

  /// Checks the superblock.
  public init(_ archive: RawSpan) throws(ErofsError) {
    guard archive.byteCount >= 1024 + 128 else { throw .truncated }
    guard archive.littleEndian(at: 1024, as: UInt32.self) == Self.magic else { throw .notErofs }
    guard archive.byte(at: 1024 + 12) == 12 else { throw .unsupportedBlockSize }
    guard archive.littleEndian(at: 1024 + 80, as: UInt32.self) & ~Self.harmlessFeatures == 0 else {
      throw .unsupportedFeature
    }
    let blocks = Int(archive.littleEndian(at: 1024 + 36, as: UInt32.self))
    guard blocks * Self.blockSize <= archive.byteCount else { throw .truncated }
    guard Self.hasGoodChecksum(archive) else { throw .badChecksum }
    root = UInt64(archive.littleEndian(at: 1024 + 14, as: UInt16.self))
    buildTime = Self.time(archive, seconds: 1024 + 24, nanoseconds: 1024 + 32)
    metadataStart = Int(archive.littleEndian(at: 1024 + 40, as: UInt32.self)) * Self.blockSize
    byteCount = archive.byteCount
    guard try inode(root, in: archive).kind == 0x4000 else {
      throw .badInode(offset: metadataStart + Int(root) * 32)
    }
  }

  /// Whether the first block is as it was written, if the archive has a checksum (`sb_chksum`): it
  /// covers the superblock and what follows it in its block.
  private static func hasGoodChecksum(_ archive: RawSpan) -> Bool {
    guard archive.littleEndian(at: 1024 + 8, as: UInt32.self) & 1 != 0 else { return true }
    guard archive.byteCount >= blockSize else { return false }
    var check = CRC32C()
    check.add(archive.extracting(1024..<1028))
    check.addZeros(4)
    check.add(archive.extracting(1032..<blockSize))
    return check.value == archive.littleEndian(at: 1024 + 4, as: UInt32.self)
  }

  /// A time in nanoseconds since 1970, from a 64-bit and a 32-bit field. Hostile values wrap.
  private static func time(_ archive: RawSpan, seconds: Int, nanoseconds: Int) -> Int64 {
    Int64(truncatingIfNeeded: archive.littleEndian(at: seconds, as: UInt64.self)) &* 1_000_000_000
      &+ Int64(archive.littleEndian(at: nanoseconds, as: UInt32.self))
  }

  // MARK: Inodes

  /// The inode with this number.
  public func inode(_ number: UInt64, in archive: RawSpan) throws(ErofsError) -> ErofsInode {
    guard number < UInt64(byteCount) / 32 else { throw .badInode(offset: byteCount) }
    let offset = metadataStart + Int(number) * 32
    guard offset <= byteCount - 32 else { throw .badInode(offset: offset) }
    let format = archive.littleEndian(at: offset, as: UInt16.self)
    let isExtended = format & 1 != 0
    let layout = format >> 1 & 7
    guard format & ~0xf == 0, layout == 0 || layout == 2, !isExtended || offset <= byteCount - 64
    else { throw .badInode(offset: offset) }
    let attributes = archive.littleEndian(at: offset + 2, as: UInt16.self)
    let head =
      (isExtended ? 64 : 32) + (attributes == 0 ? 0 : 12 + (Int(attributes) - 1) * 4)
    let size =
      isExtended
      ? archive.littleEndian(at: offset + 8, as: UInt64.self)
      : UInt64(archive.littleEndian(at: offset + 8, as: UInt32.self))
    let address = archive.littleEndian(at: offset + 16, as: UInt32.self)
    let mode = archive.littleEndian(at: offset + 4, as: UInt16.self)
    let hasData = mode & 0xf000 == 0x8000 || mode & 0xf000 == 0x4000 || mode & 0xf000 == 0xa000
    guard size <= UInt64(byteCount) || !hasData else { throw .badInode(offset: offset) }
    let byteCount = hasData ? Int(size) : 0
    let inode = ErofsInode(
      number: number, mode: mode,
      owner: isExtended
        ? archive.littleEndian(at: offset + 24, as: UInt32.self)
        : UInt32(archive.littleEndian(at: offset + 24, as: UInt16.self)),
      group: isExtended
        ? archive.littleEndian(at: offset + 28, as: UInt32.self)
        : UInt32(archive.littleEndian(at: offset + 26, as: UInt16.self)),
      linkCount: isExtended
        ? archive.littleEndian(at: offset + 44, as: UInt32.self)
        : UInt32(archive.littleEndian(at: offset + 6, as: UInt16.self)),
      byteCount: byteCount,
      modified: isExtended
        ? Self.time(archive, seconds: offset + 32, nanoseconds: offset + 40) : buildTime,
      deviceNumber: hasData ? 0 : address,
      dataStart: Int(address) * Self.blockSize,
      tailStart: layout == 2 && byteCount % Self.blockSize != 0 ? offset + head : nil)
    try check(inode, offset)
    return inode
  }

  /// Whether the data is inside the archive.
  private func check(_ inode: ErofsInode, _ offset: Int) throws(ErofsError) {
    let tail = inode.byteCount % Self.blockSize
    var whole = inode.byteCount
    if let tailStart = inode.tailStart {
      whole -= tail
      guard tailStart <= byteCount - tail else { throw .badInode(offset: offset) }
    }
    guard whole == 0 || inode.dataStart <= byteCount - whole else {
      throw .badData(offset: inode.dataStart)
    }
  }

  // MARK: Contents

  /// Where block `index` of the contents is: the offset in the archive and how many bytes are
  /// meaningful. Nil behind the end.
  public func block(
    _ index: Int, of inode: ErofsInode
  ) -> (start: Int, byteCount: Int)? {
    let offset = index * Self.blockSize
    guard index >= 0, offset < inode.byteCount else { return nil }
    let count = min(Self.blockSize, inode.byteCount - offset)
    if count < Self.blockSize, let tailStart = inode.tailStart { return (tailStart, count) }
    return (inode.dataStart + offset, count)
  }

  // MARK: Directories

  /// Finds a name in a directory, or nil.
  ///
  /// - Complexity: O(log *n*) in the number of names.
  public func find(
    _ name: RawSpan, in directory: ErofsInode, of archive: RawSpan
  ) throws(ErofsError) -> ErofsEntry? {
    var low = 0
    var high = (directory.byteCount + Self.blockSize - 1) / Self.blockSize
    // The last block whose first name is not greater than the wanted one.
    while low + 1 < high {
      let middle = (low + high) / 2
      let block = try DirectoryBlock(self, middle, directory, archive)
      if compare(name, try block.entry(0, in: archive), archive) >= 0 {
        low = middle
      } else {
        high = middle
      }
    }
    guard high > 0 else { return nil }
    let block = try DirectoryBlock(self, low, directory, archive)
    var first = 0
    var end = block.count
    while first < end {
      let middle = (first + end) / 2
      let entry = try block.entry(middle, in: archive)
      let order = compare(name, entry, archive)
      if order == 0 { return entry }
      if order > 0 { first = middle + 1 } else { end = middle }
    }
    return nil
  }

  /// The entry at a position of a directory's listing, and the position behind it; nil at the end.
  /// Positions begin at 0. `.` and `..` are listed too.
  public func entry(
    at position: UInt64, of directory: ErofsInode, in archive: RawSpan
  ) throws(ErofsError) -> (entry: ErofsEntry, next: UInt64)? {
    // A block holds fewer than 512 entries of 12 bytes and a name.
    var index = Int(position & 511)
    var number = Int(min(position >> 9, UInt64(Int32.max)))
    while number * Self.blockSize < directory.byteCount {
      let block = try DirectoryBlock(self, number, directory, archive)
      if index < block.count {
        return (
          try block.entry(index, in: archive), UInt64(number) << 9 | UInt64(index + 1)
        )
      }
      number += 1
      index = 0
    }
    return nil
  }

  /// Names are in the order of their bytes.
  private func compare(_ name: RawSpan, _ entry: ErofsEntry, _ archive: RawSpan) -> Int {
    let count = min(name.byteCount, entry.nameByteCount)
    for offset in 0..<count {
      let left = name.byte(at: offset)
      let right = archive.byte(at: entry.nameStart + offset)
      if left != right { return left < right ? -1 : 1 }
    }
    return name.byteCount - entry.nameByteCount
  }
}

/// One block of a directory: entries of 12 bytes, then their names.
struct DirectoryBlock {
  let start: Int
  let byteCount: Int
  let count: Int

  init(
    _ archive: ErofsArchive, _ index: Int, _ directory: ErofsInode, _ bytes: RawSpan
  ) throws(ErofsError) {
    guard let place = archive.block(index, of: directory), place.byteCount >= 12 else {
      throw .badDirectory(offset: directory.dataStart)
    }
    start = place.start
    byteCount = place.byteCount
    let firstName = Int(bytes.littleEndian(at: start + 8, as: UInt16.self))
    guard firstName >= 12, firstName <= byteCount, firstName % 12 == 0 else {
      throw .badDirectory(offset: start)
    }
    count = firstName / 12
  }

  func entry(_ index: Int, in bytes: RawSpan) throws(ErofsError) -> ErofsEntry {
    let offset = start + index * 12
    let name = Int(bytes.littleEndian(at: offset + 8, as: UInt16.self))
    var end = byteCount
    if index + 1 < count {
      end = Int(bytes.littleEndian(at: offset + 20, as: UInt16.self))
    }
    guard name >= count * 12, name < end, end <= byteCount else {
      throw .badDirectory(offset: offset)
    }
    if index + 1 == count {
      // The last name ends at a zero byte or with the block.
      var last = name
      while last < end && bytes.byte(at: start + last) != 0 { last += 1 }
      end = last
    }
    guard end - name <= 255, end > name else { throw .badDirectory(offset: offset) }
    return ErofsEntry(
      nameStart: start + name, nameByteCount: end - name,
      inode: bytes.littleEndian(at: offset, as: UInt64.self),
      kind: bytes.byte(at: offset + 10))
  }
}
