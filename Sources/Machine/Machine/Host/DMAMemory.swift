// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// Memory that a driver shares with a device, page-aligned and zeroed; here ordinary memory with a
/// physical address of the simulated bus.
// SAFETY: the pointer is private, and every use checks its bounds.
@safe
public final class DMAMemory: @unchecked Sendable {
  // SAFETY: `@unchecked Sendable` because a test drives its own memory from one thread at a time.
  // The memory is freed with the object, unless a window of it was given out.
  private let storage: UnsafeMutableRawBufferPointer
  private var isPermanent = false
  /// The size in bytes.
  public let byteCount: Int
  /// Where devices find it.
  public let physicalAddress: PhysicalAddress

  /// Allocates whole pages, or returns nil when there are none.
  public init?(pageCount: Int) {
    guard pageCount > 0 else { return nil }
    byteCount = pageCount * pageSize
    // SAFETY: freshly allocated, of that size.
    unsafe storage = .allocate(byteCount: byteCount, alignment: pageSize)
    // SAFETY: as above.
    unsafe storage.initializeMemory(as: UInt8.self, repeating: 0)
    physicalAddress = SimulatedBus.reserveAddresses(byteCount: byteCount)
    let entry = SimulatedBus.WeakMemory(
      memory: self, start: physicalAddress.rawValue, byteCount: byteCount)
    let pages = pageNumbers
    SimulatedBus.state.withLock {
      for page in pages { $0.memory[page] = entry }
    }
  }

  /// Sees to it that the memory is never freed, and returns its address.
  func keepForever() -> UInt {
    if !isPermanent {
      isPermanent = true
      // A device must find the memory as long as a window can.
      SimulatedBus.state.withLock { $0.permanent.append(self) }
    }
    // SAFETY: the address is only compared and counted from.
    return unsafe UInt(bitPattern: storage.baseAddress)
  }

  deinit {
    let pages = pageNumbers
    SimulatedBus.state.withLock {
      for page in pages { _ = $0.memory.removeValue(forKey: page) }
    }
    // SAFETY: nothing else points here: an object with windows lives for ever.
    unsafe storage.deallocate()
  }

  private var pageNumbers: Range<UInt> {
    let first = physicalAddress.rawValue / UInt(pageSize)
    return first..<first + UInt(byteCount / pageSize)
  }

  public func load8(at offset: Int) -> UInt8 { UInt8(load(at: offset, byteCount: 1)) }
  public func load16(at offset: Int) -> UInt16 { UInt16(load(at: offset, byteCount: 2)) }
  public func load32(at offset: Int) -> UInt32 { UInt32(load(at: offset, byteCount: 4)) }
  public func load64(at offset: Int) -> UInt64 { load(at: offset, byteCount: 8) }
  public func store8(_ value: UInt8, at offset: Int) {
    store(UInt64(value), at: offset, byteCount: 1)
  }
  public func store16(_ value: UInt16, at offset: Int) {
    store(UInt64(value), at: offset, byteCount: 2)
  }
  public func store32(_ value: UInt32, at offset: Int) {
    store(UInt64(value), at: offset, byteCount: 4)
  }
  public func store64(_ value: UInt64, at offset: Int) { store(value, at: offset, byteCount: 8) }

  // SAFETY (all below): `check` keeps the offsets inside; spans do not outlive the calls.

  /// Copies bytes in at `offset`. Traps when they do not fit.
  public func write(_ bytes: RawSpan, at offset: Int) {
    withMutableBytes(at: offset, count: bytes.byteCount) { $0.copy(bytes) }
  }

  /// Fills the target with the bytes from `offset` on. Traps when there are fewer.
  public func read(into target: inout MutableRawSpan, at offset: Int) {
    check(offset, target.byteCount)
    unsafe target.copy(
      RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: storage[offset...])).extracting(
        first: target.byteCount))
  }

  /// Lends a copy of the bytes, which the device can no longer change.
  public func copyOut<R, E: Error>(
    at offset: Int, count: Int, _ body: (RawSpan) throws(E) -> R
  ) throws(E) -> R {
    check(offset, count)
    let copy = unsafe Array(storage[offset..<offset + count])
    return try body(RawSpan(_elements: copy.span))
  }

  /// Lends `count` bytes at `offset`, for change.
  public func withMutableBytes<R, E: Error>(
    at offset: Int, count: Int, _ body: (inout MutableRawSpan) throws(E) -> R
  ) throws(E) -> R {
    check(offset, count)
    var span = unsafe MutableRawSpan(
      _unsafeBytes: UnsafeMutableRawBufferPointer(rebasing: storage[offset..<offset + count]))
    return try body(&span)
  }

  func load(at offset: Int, byteCount size: Int) -> UInt64 {
    check(offset, size)
    var value: UInt64 = 0
    for index in 0..<size { value |= unsafe UInt64(storage[offset + index]) << UInt64(index * 8) }
    return value
  }

  func store(_ value: UInt64, at offset: Int, byteCount size: Int) {
    check(offset, size)
    for index in 0..<size {
      unsafe storage[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(index * 8))
    }
  }

  private func check(_ offset: Int, _ size: Int) {
    precondition(
      offset >= 0 && size >= 0 && offset <= byteCount - size, "offset outside the DMA memory")
  }
}
