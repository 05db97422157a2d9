// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import EROFS
import Frames
import Machine
import VFS

/// The root file system: files in memory, over the root archive.
///
/// The archive is never copied: a directory looks a name up in it when the name is asked for, and a
/// file's pages are the archive's own until they are written to. What changes lies in memory and is
/// gone with the machine.
public final class RootFileSystem {
  let archive: ErofsArchive?
  let bytes: PermanentBytes?
  /// The frame at the archive's start, which is page-aligned.
  let firstFrame: FrameNumber
  let frames: FrameAllocator
  let deviceNumber: UInt64
  private var lastNumber: UInt64 = 1 << 32
  private var unchangedRoot: RootDirectory?
  /// Files of the archive with several names, so that all names give one node. Searched in
  /// order: few files have several names, and each name is looked up once.
  private var sharedNodes: [Node] = []

  /// A file system over an archive. Throws what is wrong with its superblock.
  public convenience init(
    archive bytes: PermanentBytes, firstFrame: FrameNumber, frames: FrameAllocator,
    deviceNumber: UInt64
  ) throws(ErofsError) {
    self.init(
      archive: bytes, index: try ErofsArchive(bytes.span), firstFrame: firstFrame, frames: frames,
      deviceNumber: deviceNumber)
  }

  /// A file system over an archive whose superblock has been checked.
  public init(
    archive bytes: PermanentBytes, index: ErofsArchive, firstFrame: FrameNumber,
    frames: FrameAllocator, deviceNumber: UInt64
  ) {
    archive = index
    self.bytes = bytes
    self.firstFrame = firstFrame
    self.frames = frames
    self.deviceNumber = deviceNumber
  }

  /// An empty file system.
  public init(frames: FrameAllocator, deviceNumber: UInt64) {
    archive = nil
    bytes = nil
    firstFrame = FrameNumber(0)
    self.frames = frames
    self.deviceNumber = deviceNumber
  }

  /// The root directory.
  public func root() throws(SystemError) -> Node {
    if let root = unchangedRoot { return root }
    let root: RootDirectory
    if let archive {
      root = RootDirectory(self, try inode(archive.root))
    } else {
      root = RootDirectory(self, permissionBits: 0o755)
    }
    unchangedRoot = root
    return root
  }

  /// A file without a name (`memfd_create`).
  public func makeNamelessFile(permissionBits: UInt32) -> Node {
    let file = RootFile(self, permissionBits: permissionBits)
    file.linkCount = 0
    return file
  }

  /// How many pages files may still take. A sixteenth of the memory is not for them, so that a full
  /// disk is an error that the program lives to hear of, and not the end of it.
  var pagesLeft: Int { max(frames.freeCount - frames.totalCount / 16, 0) }

  func nextNumber() -> UInt64 {
    lastNumber += 1
    return lastNumber
  }

  // MARK: The archive

  /// An archive that turns out to be broken later reads as an input error.
  func inode(_ number: UInt64) throws(SystemError) -> ErofsInode {
    guard let archive, let bytes else { throw .inputOutput }
    do { return try archive.inode(number, in: bytes.span) } catch { throw .inputOutput }
  }

  func find(_ name: RawSpan, in directory: ErofsInode) throws(SystemError) -> ErofsEntry? {
    guard let archive, let bytes else { return nil }
    do { return try archive.find(name, in: directory, of: bytes.span) } catch {
      throw .inputOutput
    }
  }

  func entry(
    at position: UInt64, of directory: ErofsInode
  ) throws(SystemError) -> (entry: ErofsEntry, next: UInt64)? {
    guard let archive, let bytes else { return nil }
    do { return try archive.entry(at: position, of: directory, in: bytes.span) } catch {
      throw .inputOutput
    }
  }

  /// Bytes of the archive as an array; for names and links.
  func copy(_ range: Range<Int>) -> [UInt8] {
    guard let bytes else { return [] }
    var copy: [UInt8] = []
    copy.reserveCapacity(range.count)
    for offset in range { copy.append(bytes.span.byte(at: offset)) }
    return copy
  }

  /// The node of an inode of the archive.
  func makeNode(_ number: UInt64) throws(SystemError) -> Node {
    let inode = try inode(number)
    guard inode.linkCount > 1, inode.kind != 0x4000 else { return try makeNode(inode) }
    for node in sharedNodes where node.number == inode.number + 1 { return node }
    let node = try makeNode(inode)
    sharedNodes.append(node)
    return node
  }

  private func makeNode(_ inode: ErofsInode) throws(SystemError) -> Node {
    switch inode.kind {
    case 0x4000: RootDirectory(self, inode)
    case 0x8000: RootFile(self, inode)
    case 0xa000: RootLink(self, inode)
    case 0x1000: RootSpecial(self, inode, .fifo)
    case 0x2000: RootSpecial(self, inode, .characterDevice)
    case 0x6000: RootSpecial(self, inode, .blockDevice)
    case 0xc000: RootSpecial(self, inode, .socket)
    default: throw .inputOutput
    }
  }

  var statistics: FileSystemStatistics {
    var statistics = FileSystemStatistics(magic: 0x0102_1994)
    statistics.blocks = UInt64(frames.totalCount) + UInt64((bytes?.byteCount ?? 0) / pageSize)
    statistics.freeBlocks = UInt64(pagesLeft)
    statistics.files = UInt64(frames.totalCount)
    statistics.freeFiles = UInt64(pagesLeft)
    return statistics
  }
}

extension Node {
  /// Takes over what the archive says of a file.
  final func adopt(_ inode: ErofsInode) {
    owner = inode.owner
    group = inode.group
    linkCount = inode.linkCount
    accessed = inode.modified
    modified = inode.modified
    changed = inode.modified
  }
}
