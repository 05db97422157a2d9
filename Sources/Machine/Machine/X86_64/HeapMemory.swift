// SPDX-License-Identifier: BSD-3-Clause

import Base
import CMachine

/// Words of kernel memory that a heap manages. Each access is checked against the bounds.
public struct HeapMemory: Sendable {
  public let start: UInt
  public let byteCount: Int

  // SAFETY: only Machine makes these, over memory that nothing else uses.
  init(start: UInt, byteCount: Int) {
    self.start = start
    self.byteCount = byteCount
  }

  /// No memory.
  public init() {
    self.init(start: 0, byteCount: 0)
  }

  /// Memory of contiguous frames that the caller owns and gives up for ever.
  public init(frame: FrameNumber, count: Int) {
    self.init(start: DirectMap.address(of: frame), byteCount: count * pageSize)
  }

  /// The frame at the start, for giving the memory back.
  public var firstFrame: FrameNumber {
    FrameNumber(containing: DirectMap.physicalAddress(of: start))
  }

  /// Both memories and what lies between them, where the heap must not go.
  public func joined(with other: HeapMemory) -> HeapMemory {
    // SAFETY: the direct map covers both and all between them, so a stray access inside does not
    // fault; the heap's own checks of its headers keep it inside what it was given.
    if byteCount == 0 { return other }
    let low = min(start, other.start)
    let high = max(start &+ UInt(byteCount), other.start &+ UInt(other.byteCount))
    return HeapMemory(start: low, byteCount: Int(high &- low))
  }

  @inline(__always)
  private func check(_ address: UInt, _ size: UInt) {
    precondition(
      address >= start && address &+ size <= start &+ UInt(byteCount), "heap metadata is broken")
  }

  @inline(__always)
  public func load64(at address: UInt) -> UInt64 {
    check(address, 8)
    // SAFETY: inside the bounds, which are the heap's.
    return unsafe martlet_load_word(UInt64(address))
  }

  @inline(__always)
  public func store64(_ value: UInt64, at address: UInt) {
    check(address, 8)
    // SAFETY: inside the bounds, which are the heap's.
    unsafe martlet_store_word(UInt64(address), value)
  }

  @inline(__always)
  public func load32(at address: UInt) -> UInt32 {
    check(address, 4)
    // SAFETY: inside the bounds, which are the heap's.
    return unsafe martlet_mmio_load32(UInt64(address))
  }

  @inline(__always)
  public func store32(_ value: UInt32, at address: UInt) {
    check(address, 4)
    // SAFETY: inside the bounds, which are the heap's.
    unsafe martlet_mmio_store32(UInt64(address), value)
  }
}
