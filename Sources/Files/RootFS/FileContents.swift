// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import EROFS
import Frames
import Machine
import Memory

/// The contents of a regular file: the archive's pages, the file's own, and holes.
///
/// A page is the file's own once it was written to, or asked for by a mapping that writes to the
/// file. Mappings hold this object, so the contents live on when the last name is gone.
final class FileContents: PageSource {
  /// 512 frames each, zero for a page that is not the file's own.
  private typealias Chunk = [UInt32]
  private static let chunkShift = 9

  private let system: RootFileSystem
  private let inode: ErofsInode?
  /// How much of the archive's contents is still meant; less after a truncation.
  private var archivedByteCount: Int
  private var chunks: [Chunk?] = []
  private(set) var ownPageCount = 0
  private(set) var size: Int
  private let number: UInt64
  /// For `/proc/self/maps`, set when the file is mapped.
  var mappedPath: [UInt8] = []

  init(_ system: RootFileSystem, _ inode: ErofsInode?, number: UInt64) {
    self.system = system
    self.inode = inode
    self.number = number
    size = inode?.byteCount ?? 0
    archivedByteCount = size
  }

  deinit {
    for chunk in chunks {
      guard let chunk else { continue }
      for frame in chunk where frame != 0 { system.frames.release(FrameNumber(frame)) }
    }
  }

  // MARK: Pages

  /// The file's own frame of a page.
  @inline(__always)
  private func ownFrame(_ index: Int) -> FrameNumber? {
    guard ownPageCount > 0, index >> Self.chunkShift < chunks.count,
      let chunk = chunks[index >> Self.chunkShift]
    else { return nil }
    let frame = chunk[index & 511]
    return frame == 0 ? nil : FrameNumber(frame)
  }

  private func setOwnFrame(_ frame: FrameNumber?, _ index: Int) {
    let place = index >> Self.chunkShift
    while place >= chunks.count { chunks.append(nil) }
    if chunks[place] == nil { chunks[place] = Array(repeating: 0, count: 512) }
    let old = chunks[place]?[index & 511] ?? 0
    chunks[place]?[index & 511] = frame?.rawValue ?? 0
    if old == 0 && frame != nil { ownPageCount += 1 }
    if old != 0 && frame == nil { ownPageCount -= 1 }
  }

  /// Where the archive has a page: the offset, and how many bytes count.
  @inline(__always)
  private func archived(_ index: Int) -> (start: Int, byteCount: Int)? {
    guard let inode, index * pageSize < archivedByteCount,
      let block = system.archive?.block(index, of: inode)
    else { return nil }
    return (block.start, min(block.byteCount, archivedByteCount - index * pageSize))
  }

  /// The file's own frame of a page, made if need be. Throws `noSpace`.
  private func makeOwn(_ index: Int) throws(SystemError) -> FrameNumber {
    if let frame = ownFrame(index) { return frame }
    guard index < Self.pageLimit else { throw .noSpace }
    guard system.pagesLeft > 0, let frame = system.frames.allocate() else { throw .noSpace }
    FrameMemory.zero(frame)
    if let place = archived(index), let bytes = system.bytes {
      FrameMemory.withMutableBytes(of: frame) {
        $0.copy(bytes.span.extracting(place.start..<place.start + place.byteCount))
      }
    }
    setOwnFrame(frame, index)
    // Mappings of the archive's page must see what is written from now on.
    if archived(index) != nil {
      AddressSpace.active?.refreshPages(of: self, index..<index + 1)
    }
    return frame
  }

  /// Whether a page is a hole: nothing but zero, and no memory.
  func isHole(_ index: Int) -> Bool { ownFrame(index) == nil && archived(index) == nil }

  // MARK: As a source of mappings

  override func page(at index: Int, forWriting: Bool) throws(SystemError) -> SourcePage {
    if !forWriting && ownFrame(index) == nil, let place = archived(index),
      place.start & (pageSize - 1) == 0
    {
      // Only a whole page, or the last one, whose rest the archive has padded with zeros.
      let isWhole = place.byteCount == pageSize
      let isUncut = archivedByteCount == inode?.byteCount
      if isWhole || isUncut {
        return SourcePage(
          frame: system.firstFrame + place.start / pageSize, isPermanent: true)
      }
    }
    do { return SourcePage(frame: try makeOwn(index), isPermanent: false) } catch {
      throw .outOfMemory
    }
  }

  override var byteCount: Int { size }
  override var deviceNumber: UInt64 { system.deviceNumber }
  override var inodeNumber: UInt64 { number }
  override var path: [UInt8] { mappedPath }
  override func synchronize() throws(SystemError) {}

  // MARK: Reading and writing

  func read(into buffer: UserBuffer, at offset: Int) throws(SystemError) -> Int {
    guard offset >= 0, offset < size else { return 0 }
    let count = min(buffer.count, size - offset)
    var done = 0
    while done < count {
      let place = offset + done
      do {
        done += try readPiece(into: buffer, at: place, bufferOffset: done, limit: count - done)
      } catch {
        if done > 0 { return done }
        throw error
      }
    }
    return count
  }

  /// Reads from one page, or from a run of the archive.
  @inline(__always)
  private func readPiece(
    into buffer: UserBuffer, at offset: Int, bufferOffset: Int, limit: Int
  ) throws(SystemError) -> Int {
    let copied = try withPiece(at: offset, limit: limit) { (bytes) throws(SystemError) -> Int in
      try buffer.copyOut(bytes, at: bufferOffset)
      return bytes.byteCount
    }
    if let copied { return copied }
    let piece = min(limit, pageSize - offset & (pageSize - 1))
    try buffer.zero(at: bufferOffset, count: piece)
    return piece
  }

  /// Lends the bytes from `offset` on that lie together, at most `limit` of them; nil where there is
  /// a hole. `offset` must be inside of the file.
  @inline(__always)
  func withPiece<R>(
    at offset: Int, limit: Int, _ body: (RawSpan) throws(SystemError) -> R
  ) throws(SystemError) -> R? {
    let index = offset / pageSize
    let inPage = offset & (pageSize - 1)
    let piece = min(limit, pageSize - inPage)
    if let frame = ownFrame(index) {
      return try FrameMemory.withBytes(of: frame) { (bytes: RawSpan) throws(SystemError) -> R in
        try body(bytes.extracting(inPage..<inPage + piece))
      }
    }
    guard let place = archived(index), let bytes = system.bytes, inPage < place.byteCount else {
      return nil
    }
    // Without pages of its own a file is one run in the archive, up to an inline tail.
    var run = min(piece, place.byteCount - inPage)
    if ownPageCount == 0 && place.byteCount == pageSize {
      let whole = (archivedByteCount & ~(pageSize - 1)) - offset
      run = min(limit, max(run, whole))
    }
    return try body(
      bytes.span.extracting(place.start + inPage..<place.start + inPage + run))
  }

  /// Where the whole contents are in the archive; nil once anything was changed.
  var archivedExtent: Range<Int>? {
    guard let inode, ownPageCount == 0, size == inode.byteCount, archivedByteCount == size else {
      return nil
    }
    return system.archive?.extent(of: inode)
  }

  /// The largest size: what fits the tables of a sane machine.
  static let sizeLimit = 1 << 43

  /// Pages behind this one cannot be written, so that the table of chunks stays small (256 KiB).
  private static let pageLimit = 1 << 24

  func write(from buffer: UserBuffer, at offset: Int) throws(SystemError) -> Int {
    guard offset >= 0 else { throw .invalidArgument }
    guard offset <= Self.sizeLimit - buffer.count else { throw .fileTooLarge }
    var done = 0
    while done < buffer.count {
      let place = offset + done
      let inPage = place & (pageSize - 1)
      let piece = min(buffer.count - done, pageSize - inPage)
      do {
        let frame = try makeOwn(place / pageSize)
        try FrameMemory.withMutableBytes(of: frame) {
          (bytes: inout MutableRawSpan) throws(SystemError) -> Void in
          var part = bytes._mutatingExtracting(inPage..<inPage + piece)
          try buffer.copyIn(at: done, into: &part)
        }
      } catch {
        guard done > 0 else { throw error }
        break
      }
      done += piece
      size = max(size, place + piece)
    }
    return done
  }

  // MARK: Size

  func truncate(to newSize: Int) throws(SystemError) {
    guard newSize <= Self.sizeLimit else { throw .fileTooLarge }
    if newSize < size {
      dropPages(from: (newSize + pageSize - 1) / pageSize, to: (size + pageSize - 1) / pageSize)
      // The rest of the last page must read as zero when the file grows again.
      let inPage = newSize & (pageSize - 1)
      if inPage != 0, let frame = ownFrame(newSize / pageSize) {
        FrameMemory.withMutableBytes(of: frame) {
          var rest = $0._mutatingExtracting(inPage..<pageSize)
          rest.zero()
        }
      }
      archivedByteCount = min(archivedByteCount, newSize)
      forgetMappings(behind: newSize)
    }
    size = newSize
  }

  /// Touching a mapping behind the new end is an error, and the rest of the last page is zero.
  private func forgetMappings(behind newSize: Int) {
    guard let space = AddressSpace.active else { return }
    space.forgetPages(of: self, from: (newSize + pageSize - 1) / pageSize)
    let last = newSize / pageSize
    if ownFrame(last) == nil { space.refreshPages(of: self, last..<last + 1) }
  }

  private func dropPages(from first: Int, to end: Int) {
    var index = first
    while index < end {
      guard index >> Self.chunkShift < chunks.count else { return }
      guard chunks[index >> Self.chunkShift] != nil else {
        index = (index >> Self.chunkShift + 1) << Self.chunkShift
        continue
      }
      if let frame = ownFrame(index) {
        setOwnFrame(nil, index)
        system.frames.release(frame)
      }
      index += 1
    }
  }

  /// Zeroes a range inside the file and frees its whole pages.
  func punch(_ start: Int, _ end: Int) throws(SystemError) {
    let limit = min(end, size)
    var place = start
    while place < limit {
      let index = place / pageSize
      let next = min(limit, (index + 1) * pageSize)
      if !isHole(index) {
        if next - place == pageSize && archived(index) == nil {
          dropPages(from: index, to: index + 1)
          AddressSpace.active?.refreshPages(of: self, index..<index + 1)
        } else {
          let frame = try makeOwn(index)
          let range = place - index * pageSize..<next - index * pageSize
          FrameMemory.withMutableBytes(of: frame) {
            var part = $0._mutatingExtracting(range)
            part.zero()
          }
        }
      }
      place = next
    }
  }

  /// Makes room for a range. Throws `noSpace`.
  func reserve(_ start: Int, _ end: Int) throws(SystemError) {
    guard end <= Self.sizeLimit else { throw .fileTooLarge }
    guard (end - start) / pageSize <= system.pagesLeft else { throw .noSpace }
    var index = start / pageSize
    while index * pageSize < end {
      if isHole(index) { _ = try makeOwn(index) }
      index += 1
    }
  }

  func grow(to newSize: Int) {
    size = max(size, newSize)
  }

  var blockCount: Int64 {
    // The archive holds whole pages too, so that they can be mapped.
    Int64(ownPageCount + (archivedByteCount + pageSize - 1) / pageSize) * 8
  }
}
