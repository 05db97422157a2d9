// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// Memory that a driver shares with a device, page-aligned and zeroed; here an array with a
/// physical address of the simulated bus.
public final class DMAMemory: @unchecked Sendable {
  // SAFETY: `@unchecked Sendable` because a test drives its own memory from one thread at a time.
  private var storage: [UInt8]
  /// The size in bytes.
  public let byteCount: Int
  /// Where devices find it.
  public let physicalAddress: PhysicalAddress

  /// Allocates whole pages, or returns nil when there are none.
  public init?(pageCount: Int) {
    guard pageCount > 0 else { return nil }
    byteCount = pageCount * pageSize
    storage = [UInt8](repeating: 0, count: byteCount)
    physicalAddress = SimulatedBus.reserveAddresses(byteCount: byteCount)
    let entry = SimulatedBus.WeakMemory(
      memory: self, start: physicalAddress.rawValue, byteCount: byteCount)
    let pages = pageNumbers
    SimulatedBus.state.withLock {
      for page in pages { $0.memory[page] = entry }
    }
  }

  deinit {
    let pages = pageNumbers
    SimulatedBus.state.withLock {
      for page in pages { _ = $0.memory.removeValue(forKey: page) }
    }
  }

  private var pageNumbers: Range<UInt> {
    let first = physicalAddress.rawValue / UInt(pageSize)
    return first..<first + UInt(byteCount / pageSize)
  }

  public func load16(at offset: Int) -> UInt16 { UInt16(load(at: offset, byteCount: 2)) }
  public func load32(at offset: Int) -> UInt32 { UInt32(load(at: offset, byteCount: 4)) }
  public func load64(at offset: Int) -> UInt64 { load(at: offset, byteCount: 8) }
  public func store16(_ value: UInt16, at offset: Int) {
    store(UInt64(value), at: offset, byteCount: 2)
  }
  public func store32(_ value: UInt32, at offset: Int) {
    store(UInt64(value), at: offset, byteCount: 4)
  }
  public func store64(_ value: UInt64, at offset: Int) { store(value, at: offset, byteCount: 8) }

  /// Copies bytes in at `offset`. Traps when they do not fit.
  public func write(_ bytes: RawSpan, at offset: Int) {
    check(offset, bytes.byteCount)
    for index in 0..<bytes.byteCount { storage[offset + index] = bytes.byte(at: index) }
  }

  /// Fills the target with the bytes from `offset` on. Traps when there are fewer.
  public func read(into target: inout MutableRawSpan, at offset: Int) {
    check(offset, target.byteCount)
    let source = storage
    target.copy(RawSpan(_elements: source.span).extracting(offset..<offset + target.byteCount))
  }

  /// Lends a copy of the bytes, which the device can no longer change.
  public func copyOut<R>(at offset: Int, count: Int, _ body: (RawSpan) -> R) -> R {
    check(offset, count)
    let copy = Array(storage[offset..<offset + count])
    return body(RawSpan(_elements: copy.span))
  }

  func load(at offset: Int, byteCount size: Int) -> UInt64 {
    check(offset, size)
    var value: UInt64 = 0
    for index in 0..<size { value |= UInt64(storage[offset + index]) << UInt64(index * 8) }
    return value
  }

  func store(_ value: UInt64, at offset: Int, byteCount size: Int) {
    check(offset, size)
    for index in 0..<size {
      storage[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(index * 8))
    }
  }

  private func check(_ offset: Int, _ size: Int) {
    precondition(
      offset >= 0 && size >= 0 && offset <= byteCount - size, "offset outside the DMA memory")
  }
}
