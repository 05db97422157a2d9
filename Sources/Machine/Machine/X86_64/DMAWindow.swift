// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// A part of DMA memory that is in use for ever, as a plain value: no references are counted.
///
/// It says nothing about who may touch the bytes when: the owner of the part keeps its holders
/// apart.
// SAFETY: the address is private, and every use checks its bounds.
@safe
public struct DMAWindow: BitwiseCopyable {
  private let address: UInt
  /// The size in bytes.
  public let byteCount: Int
  /// Where devices find the first byte.
  public let physicalAddress: PhysicalAddress

  init(address: UInt, byteCount: Int, physicalAddress: PhysicalAddress) {
    self.address = address
    self.byteCount = byteCount
    self.physicalAddress = physicalAddress
  }

  /// Lends the bytes from offset `start` up to `end`. Traps when they are outside the window.
  @inline(__always)
  public func withBytes<R: ~Copyable, E: Error>(
    from start: Int, to end: Int, _ body: (RawSpan) throws(E) -> R
  ) throws(E) -> R {
    precondition(start >= 0 && start <= end && end <= byteCount, "outside the DMA memory")
    // SAFETY: DMA memory is never given back, and the bounds were checked above; the span does
    // not outlive the call.
    let buffer = unsafe UnsafeRawBufferPointer(
      start: UnsafeRawPointer(bitPattern: address &+ UInt(start)), count: end &- start)
    return try unsafe body(RawSpan(_unsafeBytes: buffer))
  }

  /// Lends the same bytes for change. Traps when they are outside the window.
  @inline(__always)
  public func withMutableBytes<R: ~Copyable, E: Error>(
    from start: Int, to end: Int, _ body: (inout MutableRawSpan) throws(E) -> R
  ) throws(E) -> R {
    precondition(start >= 0 && start <= end && end <= byteCount, "outside the DMA memory")
    // SAFETY: as above; the owner of the window lets nobody else in meanwhile.
    let buffer = unsafe UnsafeMutableRawBufferPointer(
      start: UnsafeMutableRawPointer(bitPattern: address &+ UInt(start)), count: end &- start)
    var span = unsafe MutableRawSpan(_unsafeBytes: buffer)
    return try body(&span)
  }
}

extension DMAMemory {
  /// A part of this memory as a plain value. Traps when it is not inside.
  public func window(at offset: Int, byteCount count: Int) -> DMAWindow {
    precondition(
      offset >= 0 && count >= 0 && offset <= byteCount - count, "outside the DMA memory")
    return DMAWindow(
      address: DirectMap.address(of: physicalAddress) &+ UInt(offset), byteCount: count,
      physicalAddress: PhysicalAddress(physicalAddress.rawValue &+ UInt(offset)))
  }
}
