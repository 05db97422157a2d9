// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Frames
import Machine
import Memory
import Virtio9P

/// The pages of a regular file that mappings use, and its size.
///
/// Pages are fetched when they are touched, and written back when they were written to: by
/// `synchronize`, by `munmap`, by the last `close`, and at the end. Reads and writes of descriptors go
/// to the server; what a mapping has written goes there first, and what they write goes to the
/// pages, too.
final class NinePContents: PageSource {
  /// 512 frames each; 0 for a page that is not here.
  private typealias Chunk = [UInt32]
  private static let chunkShift = 9
  /// The bit of a frame's number that says that it was written to.
  private static let dirtyBit: UInt32 = 1 << 31
  /// How many pages one read of the server brings, at first and at most: pages that are touched in
  /// order come in larger pieces.
  private static let leastWindow = 16
  private static let mostWindow = 64
  /// So many pages that were written to are sent on before there are more.
  private static let dirtyLimit = 4096
  /// Pages behind this one cannot be mapped, so that the table of chunks stays small.
  private static let pageLimit = 1 << 24

  private let system: NinePFileSystem
  private let number: UInt64
  private(set) var size: Int64 = 0
  /// Counts changes through this kernel, for those who hold copies.
  private(set) var generation: UInt32 = 0
  private var chunks: [Chunk?] = []
  private var pageCount = 0
  /// Pages that were written to, in no order.
  private var dirty: [Int] = []
  private var window = leastWindow
  /// The page behind those that were fetched last.
  private var fetchedEnd = 0
  private var reader: NinePFid?
  private var writer: NinePFid?
  /// For `/proc/self/maps`, set when the file is mapped.
  var mappedPath: [UInt8] = []

  init(_ system: NinePFileSystem, number: UInt64) {
    self.system = system
    self.number = number
  }

  deinit { dropAll() }

  var hasDirtyPages: Bool { !dirty.isEmpty }

  /// Mappings read, and, if it was opened for that, write through `handle`.
  func adopt(_ handle: NinePFid, isWritable: Bool) {
    if reader == nil { reader = handle }
    if isWritable && writer == nil { writer = handle }
  }

  var hasReader: Bool { reader != nil }

  // MARK: Pages

  private func entry(_ index: Int) -> UInt32 {
    let place = index >> Self.chunkShift
    guard place < chunks.count, let chunk = chunks[place] else { return 0 }
    return chunk[index & 511]
  }

  private func frame(_ index: Int) -> FrameNumber? {
    guard pageCount > 0 else { return nil }
    let entry = entry(index) & ~Self.dirtyBit
    return entry == 0 ? nil : FrameNumber(entry)
  }

  private func setEntry(_ value: UInt32, _ index: Int) {
    let place = index >> Self.chunkShift
    while place >= chunks.count { chunks.append(nil) }
    if chunks[place] == nil { chunks[place] = Array(repeating: 0, count: 512) }
    let old = chunks[place]?[index & 511] ?? 0
    chunks[place]?[index & 511] = value
    if old == 0 && value != 0 {
      pageCount += 1
      system.pageCount += 1
    }
    if old != 0 && value == 0 {
      pageCount -= 1
      system.pageCount -= 1
    }
  }

  private func drop(_ index: Int) {
    guard let frame = frame(index) else { return }
    setEntry(0, index)
    system.frames.release(frame)
  }

  private func dropAll() {
    for chunk in chunks {
      guard let chunk else { continue }
      for entry in chunk where entry != 0 {
        system.frames.release(FrameNumber(entry & ~Self.dirtyBit))
      }
    }
    chunks = []
    system.pageCount -= pageCount
    pageCount = 0
    dirty = []
  }

  /// Forgets the pages that were not written to. Mappings fetch them again.
  func dropCleanPages() {
    guard pageCount > 0 else { return }
    AddressSpace.active?.refreshPages(of: self, 0..<chunks.count << Self.chunkShift)
    for place in chunks.indices {
      guard let chunk = chunks[place] else { continue }
      for offset in 0..<512 where chunk[offset] != 0 && chunk[offset] & Self.dirtyBit == 0 {
        drop(place << Self.chunkShift | offset)
      }
    }
    if pageCount == 0 { chunks = [] }
  }

  override func page(at index: Int, forWriting: Bool) throws(SystemError) -> SourcePage {
    guard index < Self.pageLimit else { throw .inputOutput }
    var rounds = 0
    while frame(index) == nil {
      if system.hasTooManyPages { system.givePagesBack() }
      // Under pressure a page may go before it is used; not for ever.
      rounds += 1
      guard rounds <= 8 else { throw .outOfMemory }
      try fetch(index)
    }
    guard let frame = frame(index) else { throw .inputOutput }
    // Pages that were written to cannot just be dropped.
    if forWriting, dirty.count >= Self.dirtyLimit, !AddressSpace.isResolvingForKernel {
      try flush()
      return try page(at: index, forWriting: true)
    }
    if forWriting && entry(index) & Self.dirtyBit == 0 {
      setEntry(frame.rawValue | Self.dirtyBit, index)
      if dirty.isEmpty { system.noteDirty(self) }
      dirty.append(index)
    }
    return SourcePage(frame: frame, isPermanent: false)
  }

  override func readyPage(at index: Int) -> SourcePage? {
    frame(index).map { SourcePage(frame: $0, isPermanent: false) }
  }

  override var mayWait: Bool { true }

  /// Reads a page, and those around it that are not here.
  private func fetch(_ index: Int) throws(SystemError) {
    guard let reader else { throw .inputOutput }
    let patience: NinePPatience = AddressSpace.isResolvingForKernel ? .polls : .blocks
    let client = system.client
    let exchange = try client.take(hasData: true, patience)
    defer { client.release(exchange) }
    guard let data = exchange.data else { throw .inputOutput }
    let isInOrder = index == fetchedEnd
    window = isInOrder ? min(window * 2, Self.mostWindow) : Self.leastWindow
    let first = isInOrder ? index : index / window * window
    let limit = min(window * pageSize, min(data.byteCount, client.dataByteLimit))
    // A small buffer may not reach the page from there.
    let start = (index - first + 1) * pageSize <= limit ? first : index
    let before = generation
    let count = try client.read(
      reader, at: Int64(start) * Int64(pageSize), count: limit, with: exchange, patience)
    fetchedEnd = start + roundedUp(count, to: pageSize) / pageSize
    // What was written meanwhile may be newer than what came.
    guard before == generation else { return }
    var place = start
    while place <= index || (place - start) * pageSize < count {
      if frame(place) == nil {
        let offset = (place - start) * pageSize
        let present = max(0, min(pageSize, count - offset))
        guard let new = allocate(isNeeded: place == index) else {
          if place == index { throw .outOfMemory }
          return
        }
        FrameMemory.withMutableBytes(of: new) {
          var part = $0._mutatingExtracting(0..<present)
          if present > 0 { data.read(into: &part, at: offset) }
        }
        if present < pageSize {
          FrameMemory.withMutableBytes(of: new) {
            var rest = $0._mutatingExtracting(present..<pageSize)
            rest.zero()
          }
        }
        setEntry(new.rawValue, place)
      }
      place += 1
    }
  }

  private func allocate(isNeeded: Bool) -> FrameNumber? {
    if isNeeded {
      if let frame = system.frames.allocate() { return frame }
      dropCleanPages()
      return system.frames.allocate()
    }
    // Neighbours only as long as there is plenty.
    guard system.frames.freeCount > system.frames.totalCount / 16 else { return nil }
    return system.frames.allocate()
  }

  override var byteCount: Int { Int(size) }
  override var deviceNumber: UInt64 { system.deviceNumber }
  override var inodeNumber: UInt64 { number }
  override var path: [UInt8] { mappedPath }

  // MARK: Writing back

  /// Sends the server the pages that mappings have written to.
  func flush() throws(SystemError) {
    while !dirty.isEmpty { try flushRun() }
    system.noteClean(self)
  }

  /// Sends pages that follow one another.
  private func flushRun() throws(SystemError) {
    guard let writer else { throw .inputOutput }
    let client = system.client
    let exchange = try client.take(hasData: true)
    defer { client.release(exchange) }
    guard let data = exchange.data else { throw .inputOutput }
    // Others ran while this waited.
    guard
      let (first, count) = takeRun(
        limit: min(data.byteCount, client.dataByteLimit) / pageSize)
    else { return }
    // From now on a write to these pages is seen again.
    AddressSpace.active?.refreshPages(of: self, first..<first + count)
    let start = Int64(first) * Int64(pageSize)
    let byteCount = Int(min(Int64(count * pageSize), size - start))
    guard byteCount > 0 else { return }
    for index in 0..<count {
      guard let frame = frame(first + index) else { return }
      FrameMemory.withBytes(of: frame) { data.write($0, at: index * pageSize) }
    }
    do throws(SystemError) {
      var done = 0
      while done < byteCount {
        let taken = try client.write(
          writer, at: start + Int64(done), count: byteCount - done, with: exchange)
        guard taken > 0 else { throw .noSpace }
        done += taken
        guard done < byteCount else { break }
        // A short write: the rest moves to the front.
        var rest = [UInt8](repeating: 0, count: byteCount - done)
        var elements = rest.mutableSpan
        var span = MutableRawSpan(_elements: &elements)
        data.read(into: &span, at: taken)
        data.write(span.bytes, at: 0)
      }
    } catch {
      for index in first..<first + count { markDirtyAgain(index) }
      throw error
    }
  }

  /// Takes a run of pages from the dirty ones.
  private func takeRun(limit: Int) -> (Int, Int)? {
    dirty.sort(by: >)
    guard let first = dirty.popLast() else { return nil }
    clean(first)
    var count = 1
    while count < limit, let next = dirty.last, next == first + count {
      dirty.removeLast()
      clean(next)
      count += 1
    }
    return (first, count)
  }

  private func clean(_ index: Int) {
    let entry = entry(index)
    if entry != 0 { setEntry(entry & ~Self.dirtyBit, index) }
  }

  private func markDirtyAgain(_ index: Int) {
    let entry = entry(index)
    guard entry != 0, entry & Self.dirtyBit == 0 else { return }
    setEntry(entry | Self.dirtyBit, index)
    dirty.append(index)
  }

  /// `msync(2)`
  override func synchronize() throws(SystemError) {
    guard let writer else { return }
    try flush()
    try system.client.synchronize(writer, contentsOnly: false)
  }

  override func didUnmap() {
    try? flush()
    releaseIfIdle()
  }

  /// Gives the pages and the handles back when nothing maps the file any more.
  func releaseIfIdle() {
    guard reader != nil, dirty.isEmpty, AddressSpace.active?.maps(self) != true else { return }
    dropAll()
    reader = nil
    writer = nil
  }

  // MARK: Changes of the file

  /// A descriptor has written `bytes` at `offset`.
  func didWrite(_ bytes: RawSpan, at offset: Int64) {
    generation &+= 1
    size = max(size, offset + Int64(bytes.byteCount))
    guard pageCount > 0 else { return }
    var done = 0
    while done < bytes.byteCount {
      let place = Int(offset) + done
      let inPage = place & (pageSize - 1)
      let count = min(bytes.byteCount - done, pageSize - inPage)
      if let frame = frame(place / pageSize) {
        let piece = bytes.extracting(done..<done + count)
        FrameMemory.withMutableBytes(of: frame) { $0.copy(piece, at: inPage) }
      }
      done += count
    }
  }

  /// The file has another size, by `truncate` or by somebody on the host.
  func setSize(_ newSize: Int64) {
    guard newSize != size else { return }
    generation &+= 1
    let old = size
    size = newSize
    guard newSize < old else { return }
    let end = Int((newSize + Int64(pageSize) - 1) / Int64(pageSize))
    if pageCount > 0 {
      dirty.removeAll { $0 >= end }
      for place in chunks.indices where chunks[place] != nil && (place + 1) << Self.chunkShift > end
      {
        for offset in 0..<512 {
          let index = place << Self.chunkShift | offset
          if index >= end { drop(index) }
        }
      }
      // The rest of the last page must read as zero.
      let inPage = Int(newSize) & (pageSize - 1)
      if inPage != 0, let frame = frame(Int(newSize) / pageSize) {
        FrameMemory.withMutableBytes(of: frame) {
          var rest = $0._mutatingExtracting(inPage..<pageSize)
          rest.zero()
        }
      }
    }
    AddressSpace.active?.forgetPages(of: self, from: end)
  }
}
