// SPDX-License-Identifier: BSD-3-Clause

import Base

/// Words of memory that a heap manages. Each access is checked against the bounds.
public struct HeapMemory: Sendable {
  public let start: UInt
  public let byteCount: Int

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
    self.init(start: SimulatedMemory.address(of: frame), byteCount: count * pageSize)
  }

  /// The frame at the start, for giving the memory back.
  public var firstFrame: FrameNumber { SimulatedMemory.frame(at: start) }

  /// Both memories and what lies between them, where the heap must not go.
  public func joined(with other: HeapMemory) -> HeapMemory {
    if byteCount == 0 { return other }
    let low = min(start, other.start)
    let high = max(start + UInt(byteCount), other.start + UInt(other.byteCount))
    return HeapMemory(start: low, byteCount: Int(high - low))
  }

  private func check(_ address: UInt, _ size: UInt) {
    precondition(
      address >= start && address &+ size <= start &+ UInt(byteCount), "heap metadata is broken")
  }

  // SAFETY (all below): inside the bounds of the simulated memory, which is never freed.
  public func load64(at address: UInt) -> UInt64 {
    check(address, 8)
    return unsafe UnsafePointer<UInt64>(bitPattern: address)!.pointee
  }

  public func store64(_ value: UInt64, at address: UInt) {
    check(address, 8)
    unsafe UnsafeMutablePointer<UInt64>(bitPattern: address)!.pointee = value
  }

  public func load32(at address: UInt) -> UInt32 {
    check(address, 4)
    return unsafe UnsafePointer<UInt32>(bitPattern: address)!.pointee
  }

  public func store32(_ value: UInt32, at address: UInt) {
    check(address, 4)
    unsafe UnsafeMutablePointer<UInt32>(bitPattern: address)!.pointee = value
  }
}
