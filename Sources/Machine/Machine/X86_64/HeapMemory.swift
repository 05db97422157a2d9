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

  /// Memory of contiguous frames that the caller owns and gives up for ever.
  public init(frame: FrameNumber, count: Int) {
    self.init(start: DirectMap.address(of: frame), byteCount: count * pageSize)
  }

  /// The frame at the start, for giving the memory back.
  public var firstFrame: FrameNumber {
    FrameNumber(containing: DirectMap.physicalAddress(of: start))
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
