// SPDX-License-Identifier: BSD-3-Clause

import Base
import Clock
import EROFS
import Memory
import VFS

/// A regular file of the root file system.
final class RootFile: Node {
  let contents: FileContents
  private let system: RootFileSystem

  init(_ system: RootFileSystem, _ inode: ErofsInode) {
    self.system = system
    contents = FileContents(system, inode, number: inode.number + 1)
    super.init(
      number: inode.number + 1, deviceNumber: system.deviceNumber, kind: .regular,
      permissionBits: UInt32(inode.mode & 0xfff))
    adopt(inode)
  }

  init(_ system: RootFileSystem, permissionBits: UInt32) {
    self.system = system
    let number = system.nextNumber()
    contents = FileContents(system, nil, number: number)
    super.init(
      number: number, deviceNumber: system.deviceNumber, kind: .regular,
      permissionBits: permissionBits)
  }

  override var byteCount: Int64 { Int64(contents.size) }
  override var blockCount: Int64 { contents.blockCount }
  override var statistics: FileSystemStatistics { system.statistics }

  override func open(_ flags: OpenFlags) throws(SystemError) -> OpenFile {
    flags.contains(.pathOnly)
      ? OpenFile(node: self, flags: flags) : RootOpenFile(self, flags: flags)
  }

  override func truncate(to byteCount: Int64) throws(SystemError) {
    guard byteCount >= 0 else { throw .invalidArgument }
    try contents.truncate(to: Int(byteCount))
    touchModified()
  }

  override func pageSource() throws(SystemError) -> PageSource {
    if contents.mappedPath.isEmpty { contents.mappedPath = absolutePath }
    return contents
  }
}

/// An open regular file.
final class RootOpenFile: PositionedFile {
  private let contents: FileContents

  init(_ file: RootFile, flags: OpenFlags) {
    contents = file.contents
    super.init(node: file, flags: flags)
  }

  override func readBytes(
    into buffer: UserBuffer, at offset: Int64
  ) throws(SystemError) -> Int {
    guard offset >= 0 else { throw .invalidArgument }
    // Only the first read after a change writes the time down (`relatime` of mount(8)).
    if node.accessed <= node.modified && !flags.contains(.noAccessTime) {
      node.accessed = Clock.wallTime()
    }
    return try contents.read(into: buffer, at: Int(offset))
  }

  override func lend(
    at offset: Int64, count: Int, _ body: (RawSpan) throws(SystemError) -> Int
  ) throws(SystemError) -> Int? {
    guard offset >= 0 else { throw .invalidArgument }
    guard offset < contents.size, count > 0 else { return 0 }
    let limit = min(count, contents.size - Int(offset))
    if let taken = try contents.withPiece(at: Int(offset), limit: limit, body) { return taken }
    let zeros = InlineArray<64, UInt64>(repeating: 0)
    let inPage = Int(offset) & (pageSize - 1)
    return try body(
      RawSpan(_elements: zeros.span).extracting(first: min(limit, 512, pageSize - inPage)))
  }

  override var archivedExtent: Range<Int>? { contents.archivedExtent }

  override func writeBytes(
    from buffer: UserBuffer, at offset: Int64
  ) throws(SystemError) -> Int {
    guard buffer.count > 0 else { return 0 }
    let count = try contents.write(from: buffer, at: Int(offset))
    node.touchModified()
    return count
  }

  override func nextData(at offset: Int64) throws(SystemError) -> Int64 {
    var place = Int(offset)
    while place < contents.size {
      if !contents.isHole(place / pageSize) { return Int64(place) }
      place = (place / pageSize + 1) * pageSize
    }
    throw .noSuchDeviceAddress
  }

  override func nextHole(at offset: Int64) throws(SystemError) -> Int64 {
    var place = Int(offset)
    guard place < contents.size else { throw .noSuchDeviceAddress }
    while place < contents.size {
      if contents.isHole(place / pageSize) { return Int64(place) }
      place = (place / pageSize + 1) * pageSize
    }
    return Int64(contents.size)
  }

  override func allocate(
    _ mode: AllocationMode, at offset: Int64, count: Int64
  ) throws(SystemError) {
    let (end, overflow) = Int(offset).addingReportingOverflow(Int(count))
    guard !overflow, end <= FileContents.sizeLimit else { throw .fileTooLarge }
    switch mode {
    case .extend:
      try contents.reserve(Int(offset), end)
      contents.grow(to: end)
    case .keepSize:
      try contents.reserve(Int(offset), end)
    case .punchHole:
      try contents.punch(Int(offset), end)
    case .zero(let keepsSize):
      try contents.punch(Int(offset), end)
      if !keepsSize { contents.grow(to: end) }
    }
    node.touchModified()
  }
}
