// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine
import Memory
import VFS
import Virtio9P

/// An open regular file of a volume.
final class NinePFile: PositionedFile {
  private let file: NinePNode
  private var handle: NinePFid
  /// Whether the server appends whatever the offset.
  private var handleAppends: Bool

  /// What was read ahead: bytes of the file from `aheadStart` on, as they were at `aheadGeneration`.
  private var ahead: [UInt8] = []
  private var aheadStart: Int64 = 0
  private var aheadGeneration: UInt32 = 0
  /// Where the next read begins if the program reads in order.
  private var expected: Int64 = 0

  /// Reads of this size and more go to the server as they are.
  private static let smallReadLimit = 16384
  /// How much is read ahead.
  private static let aheadByteCount = 32768

  init(_ file: NinePNode, _ handle: NinePFid, flags: OpenFlags) {
    self.file = file
    self.handle = handle
    handleAppends = flags.contains(.append)
    super.init(node: file, flags: flags)
    file.didOpen(handle, isWritable: flags.allowsWriting)
  }

  deinit {
    file.didClose(handle)
  }

  override func descriptorDidClose() {
    super.descriptorDidClose()
    if descriptorCount == 0 { try? file.pages.flush() }
  }

  // MARK: Reading

  override func readBytes(
    into whole: UserBuffer, at offset: Int64
  ) throws(SystemError) -> Int {
    guard offset >= 0 else { throw .invalidArgument }
    var buffer = whole
    if !file.hasPath {
      // The server may have more (`NinePNode.truncate`).
      let left = max(0, file.pages.size - offset)
      buffer = whole.slice(from: 0, count: Int(min(Int64(whole.count), left)))
    }
    guard buffer.count > 0 else { return 0 }
    if file.pages.hasDirtyPages { try file.pages.flush() }
    let isInOrder = offset == expected
    defer { if !isInOrder { ahead = [] } }
    var done = 0
    if isInOrder, buffer.count < Self.smallReadLimit {
      done = try readAhead(into: buffer, at: offset)
    } else {
      done = try readDirectly(into: buffer, at: offset)
    }
    done += try readZeros(into: buffer, at: offset, after: done)
    expected = offset + Int64(done)
    return done
  }

  /// Serves a small read from what was read ahead, and reads ahead.
  private func readAhead(
    into buffer: UserBuffer, at offset: Int64
  ) throws(SystemError) -> Int {
    let isFresh = aheadGeneration == file.pages.generation
    if !isFresh || offset < aheadStart || offset >= aheadStart + Int64(ahead.count) {
      try fillAhead(at: offset)
    }
    let start = Int(offset - aheadStart)
    let count = min(buffer.count, ahead.count - start)
    guard count > 0 else { return 0 }
    // A copy of the reference: what is lent must not be replaced meanwhile.
    let bytes = ahead
    try buffer.copyOut(RawSpan(_elements: bytes.span).extracting(start..<start + count))
    // What is used up is given back, the end of the file first of all.
    if start + count == ahead.count { ahead = [] }
    return count
  }

  private func fillAhead(at offset: Int64) throws(SystemError) {
    let client = file.system.client
    let exchange = try client.take(hasData: true)
    defer { client.release(exchange) }
    guard let data = exchange.data else { throw .inputOutput }
    let generation = file.pages.generation
    let limit = min(Self.aheadByteCount, min(data.byteCount, client.dataByteLimit))
    let count = try client.read(handle, at: offset, count: limit, with: exchange)
    var bytes = [UInt8](repeating: 0, count: count)
    var elements = bytes.mutableSpan
    var span = MutableRawSpan(_elements: &elements)
    data.read(into: &span, at: 0)
    ahead = bytes
    aheadStart = offset
    aheadGeneration = generation
  }

  private func readDirectly(
    into buffer: UserBuffer, at offset: Int64
  ) throws(SystemError) -> Int {
    let client = file.system.client
    let exchange = try client.take(hasData: true)
    defer { client.release(exchange) }
    guard let data = exchange.data else { throw .inputOutput }
    let limit = min(data.byteCount, client.dataByteLimit)
    var done = 0
    while done < buffer.count {
      let wanted = min(limit, buffer.count - done)
      do {
        let count = try client.read(
          handle, at: offset + Int64(done), count: wanted, with: exchange)
        let place = done
        try data.copyOut(at: 0, count: count) { (bytes: RawSpan) throws(SystemError) -> Void in
          try buffer.copyOut(bytes, at: place)
        }
        done += count
        if count < wanted { break }
      } catch {
        guard done > 0 else { throw error }
        break
      }
    }
    return done
  }

  /// A file without a path may be longer here than at the server (`NinePNode.truncate`): the rest is
  /// zero.
  private func readZeros(
    into buffer: UserBuffer, at offset: Int64, after done: Int
  ) throws(SystemError) -> Int {
    guard !file.hasPath else { return 0 }
    let left = file.pages.size - offset - Int64(done)
    let count = Int(min(Int64(buffer.count - done), max(0, left)))
    if count > 0 { try buffer.zero(at: done, count: count) }
    return count
  }

  // MARK: Writing

  override func writeBytes(
    from buffer: UserBuffer, at offset: Int64
  ) throws(SystemError) -> Int {
    guard offset >= 0 else { throw .invalidArgument }
    guard buffer.count > 0 else { return 0 }
    guard offset <= Int64.max - Int64(buffer.count) else { throw .fileTooLarge }
    file.didChange()
    if handleAppends && !flags.contains(.append) { try stopAppending() }
    let client = file.system.client
    let exchange = try client.take(hasData: true)
    defer { client.release(exchange) }
    guard let data = exchange.data else { throw .inputOutput }
    let limit = min(data.byteCount, client.dataByteLimit)
    var done = 0
    while done < buffer.count {
      let count = min(limit, buffer.count - done)
      do {
        let place = done
        try data.withMutableBytes(at: 0, count: count) {
          (bytes: inout MutableRawSpan) throws(SystemError) -> Void in
          try buffer.copyIn(at: place, into: &bytes)
        }
        let taken = try client.write(
          handle, at: offset + Int64(done), count: count, with: exchange)
        let contents = file.pages
        data.copyOut(at: 0, count: taken) { contents.didWrite($0, at: offset + Int64(place)) }
        done += taken
        if taken < count { break }
      } catch {
        guard done > 0 else { throw error }
        break
      }
    }
    return done
  }

  /// `fcntl(F_SETFL)` has taken O_APPEND away, which the server knows of an open only.
  private func stopAppending() throws(SystemError) {
    let new = try file.openHandle(flags)
    file.didClose(handle)
    handle = new
    handleAppends = false
    file.didOpen(new, isWritable: flags.allowsWriting)
  }

  // MARK: The rest

  override func pageSource() throws(SystemError) -> PageSource {
    file.pages.adopt(handle, isWritable: flags.allowsWriting)
    return file.mappable
  }

  override func synchronize() throws(SystemError) {
    try synchronize(contentsOnly: false)
  }

  override func synchronizeContents() throws(SystemError) {
    try synchronize(contentsOnly: true)
  }

  private func synchronize(contentsOnly: Bool) throws(SystemError) {
    try file.pages.flush()
    try file.system.client.synchronize(handle, contentsOnly: contentsOnly)
  }

  /// The protocol has no `fallocate`; programs that only want room write zeros then.
  override func allocate(
    _ mode: AllocationMode, at offset: Int64, count: Int64
  ) throws(SystemError) {
    throw .notSupported
  }
}
