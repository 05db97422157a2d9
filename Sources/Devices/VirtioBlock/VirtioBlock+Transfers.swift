// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine
import Virtio

/// What can be asked of the device. Each call returns when the device has answered.
extension VirtioBlock {
  /// Reads from a sector on.
  ///
  /// - Throws: `unaligned` unless both the sector and the length are whole blocks, `outOfRange`
  ///   before anything is asked; `inputOutput`, `broken`, `outOfMemory`: then `bytes` may hold
  ///   anything.
  public func read(sector: Int, into bytes: inout MutableRawSpan) throws(BlockError) {
    try check(sector, byteCount: bytes.byteCount)
    var waiting: [BlockRequest] = []
    var failure: BlockError?
    var asked = 0
    repeat {
      do throws(BlockError) {
        if failure == nil { try askMore(.read, sector, bytes.byteCount, &asked, &waiting) }
      } catch { failure = error }
      guard !waiting.isEmpty else { break }
      let request = waiting.removeFirst()
      do throws(BlockError) {
        try wait(for: request)
        var part = bytes._mutatingExtracting(request.place..<request.place + request.byteCount)
        if failure == nil { request.data.read(into: &part, at: 0) }
      } catch { failure = failure ?? error }
      release(request)
    } while true
    if let failure { throw failure }
  }

  /// Writes from a sector on. What was written is safe after `flush`.
  ///
  /// - Throws: `readOnly`; `unaligned`, `outOfRange` before anything is asked; `inputOutput`,
  ///   `broken`, `outOfMemory`: then any part may be written.
  public func write(sector: Int, _ bytes: RawSpan) throws(BlockError) {
    guard !isReadOnly else { throw .readOnly }
    try check(sector, byteCount: bytes.byteCount)
    var waiting: [BlockRequest] = []
    var failure: BlockError?
    var asked = 0
    repeat {
      do throws(BlockError) {
        if failure == nil {
          try askMore(.write, sector, bytes.byteCount, &asked, &waiting, from: bytes)
        }
      } catch { failure = error }
      guard !waiting.isEmpty else { break }
      let request = waiting.removeFirst()
      do throws(BlockError) { try wait(for: request) } catch { failure = failure ?? error }
      release(request)
    } while true
    if let failure { throw failure }
  }

  /// Asks for as many of the next pieces as there are requests free, and waits for one only when
  /// none of this transfer is on its way.
  private func askMore(
    _ operation: BlockOperation, _ sector: Int, _ byteCount: Int, _ asked: inout Int,
    _ waiting: inout [BlockRequest], from bytes: RawSpan? = nil
  ) throws(BlockError) {
    defer { publish() }
    while asked < byteCount {
      guard let request = try waiting.isEmpty ? take() : takeAtOnce() else { return }
      let count = min(byteCount - asked, contentsLimit)
      request.place = asked
      if let bytes { request.data.write(bytes.extracting(asked..<asked + count), at: 0) }
      do throws(BlockError) {
        try submit(
          request, operation, sector: sector + asked / BlockConfiguration.sectorByteCount,
          byteCount: count)
      } catch {
        release(request)
        throw error
      }
      waiting.append(request)
      asked += count
    }
  }

  private func check(_ sector: Int, byteCount: Int) throws(BlockError) {
    let unit = BlockConfiguration.sectorByteCount
    let mask = configuration.blockByteCount - 1
    guard byteCount & mask == 0, sector & (mask / unit) == 0 else { throw .unaligned }
    guard sector >= 0, byteCount / unit <= configuration.sectorCount,
      sector <= configuration.sectorCount - byteCount / unit
    else { throw .outOfRange }
  }

  /// Waits until everything that was written is where it stays. A device that does not keep writes
  /// back has nothing to do.
  public func flush() throws(BlockError) {
    guard hasFlush else {
      guard device.state == .running else { throw .broken }
      return
    }
    try perform(.flush, byteCount: 0) { _ in }
  }

  /// The device's name, as the host gave it: at most 20 bytes.
  public func identifier() throws(BlockError) -> [UInt8] {
    var name: [UInt8] = []
    try perform(.identify, byteCount: 20) { request in
      for offset in 0..<20 {
        let byte = request.data.load8(at: offset)
        guard byte != 0 else { break }
        name.append(byte)
      }
    }
    return name
  }

  /// Says that what sectors hold is of no use any more; they may read as anything then.
  ///
  /// - Throws: `notSupported` where the device does not offer it, and as `write`.
  public func discard(sector: Int, byteCount: Int) throws(BlockError) {
    try clear(.discard, sector, byteCount, limit: configuration.discardLimit)
  }

  /// Makes sectors read as zero, without sending zeros.
  ///
  /// - Throws: `notSupported` where the device does not offer it, and as `write`.
  public func writeZeroes(sector: Int, byteCount: Int) throws(BlockError) {
    try clear(.writeZeroes, sector, byteCount, limit: configuration.zeroesLimit)
  }

  private func clear(
    _ operation: BlockOperation, _ sector: Int, _ byteCount: Int, limit: Int
  ) throws(BlockError) {
    guard !isReadOnly else { throw .readOnly }
    guard limit > 0 else { throw .notSupported }
    try check(sector, byteCount: byteCount)
    let perBlock = configuration.blockByteCount / BlockConfiguration.sectorByteCount
    let most = limit / perBlock * perBlock
    guard most > 0 else { throw .notSupported }
    var place = sector
    let end = sector + byteCount / BlockConfiguration.sectorByteCount
    while place < end {
      let count = min(end - place, most)
      // `struct virtio_blk_discard_write_zeroes`
      try perform(
        operation, byteCount: 16,
        prepare: { request in
          request.data.store64(UInt64(place), at: 0)
          request.data.store64(UInt64(count), at: 8)
        }
      ) { _ in }
      place += count
    }
  }

  /// One request from its start to its end; `take` reads what came.
  private func perform(
    _ operation: BlockOperation, byteCount: Int, prepare: (BlockRequest) -> Void = { _ in },
    _ read: (BlockRequest) -> Void
  ) throws(BlockError) {
    let request = try take()
    defer { release(request) }
    prepare(request)
    try submit(request, operation, sector: 0, byteCount: byteCount)
    publish()
    try wait(for: request)
    read(request)
  }
}
