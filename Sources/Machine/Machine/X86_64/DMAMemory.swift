// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import CMachine

/// Page-aligned, zeroed, physically contiguous memory that a device shares.
///
/// It is never given back: a device might still write to it. Every access is checked against
/// `byteCount`; words are little-endian and each is one access.
public final class DMAMemory {
  private let frame: FrameNumber
  private let address: UInt64
  private let pageCount: Int
  public let byteCount: Int

  /// Fails when there is no memory.
  public init?(pageCount: Int) {
    guard let frame = FrameSupply.current.value?.allocateContiguous(pageCount) else { return nil }
    self.frame = frame
    self.pageCount = pageCount
    byteCount = pageCount * pageSize
    address = UInt64(DirectMap.address(of: frame))
    for index in 0..<pageCount { FrameMemory.zero(frame + index) }
  }

  public var physicalAddress: PhysicalAddress { frame.start }

  @inline(__always)
  private func checked(_ offset: Int, _ size: Int) -> UInt64 {
    // One comparison: a negative offset is a large one, and there is a page at least.
    precondition(
      UInt(bitPattern: offset) <= UInt(bitPattern: byteCount &- size), "out of the shared memory")
    return address &+ UInt64(offset)
  }

  // SAFETY (all below): the offset is inside memory that is ours as long as the kernel runs; the
  // device may change any byte at any time, so each word is loaded exactly once.
  @inline(__always)
  public func load8(at offset: Int) -> UInt8 { unsafe martlet_mmio_load8(checked(offset, 1)) }
  @inline(__always)
  public func load16(at offset: Int) -> UInt16 { unsafe martlet_mmio_load16(checked(offset, 2)) }
  @inline(__always)
  public func load32(at offset: Int) -> UInt32 { unsafe martlet_mmio_load32(checked(offset, 4)) }
  @inline(__always)
  public func load64(at offset: Int) -> UInt64 { unsafe martlet_mmio_load64(checked(offset, 8)) }
  @inline(__always)
  public func store8(_ value: UInt8, at offset: Int) {
    unsafe martlet_mmio_store8(checked(offset, 1), value)
  }
  @inline(__always)
  public func store16(_ value: UInt16, at offset: Int) {
    unsafe martlet_mmio_store16(checked(offset, 2), value)
  }
  @inline(__always)
  public func store32(_ value: UInt32, at offset: Int) {
    unsafe martlet_mmio_store32(checked(offset, 4), value)
  }
  @inline(__always)
  public func store64(_ value: UInt64, at offset: Int) {
    unsafe martlet_mmio_store64(checked(offset, 8), value)
  }

  /// Copies `bytes` to `offset`.
  public func write(_ bytes: RawSpan, at offset: Int) {
    FrameMemory.withMutableBytes(of: frame, count: pageCount) { $0.copy(bytes, at: offset) }
  }

  /// Fills `bytes` from `offset`.
  public func read(into bytes: inout MutableRawSpan, at offset: Int) {
    let count = bytes.byteCount
    FrameMemory.withBytes(of: frame, count: pageCount) {
      bytes.copy($0.extracting(offset..<offset + count))
    }
  }

  /// Lends `count` bytes at `offset`.
  public func copyOut<R, E: Error>(
    at offset: Int, count: Int, _ body: (RawSpan) throws(E) -> R
  ) throws(E) -> R {
    try FrameMemory.withBytes(of: frame, count: pageCount) { (all: RawSpan) throws(E) -> R in
      try body(all.extracting(offset..<offset + count))
    }
  }

  /// Lends `count` bytes at `offset`, for change.
  public func withMutableBytes<R, E: Error>(
    at offset: Int, count: Int, _ body: (inout MutableRawSpan) throws(E) -> R
  ) throws(E) -> R {
    try FrameMemory.withMutableBytes(of: frame, count: pageCount) {
      (all: inout MutableRawSpan) throws(E) -> R in
      var part = all._mutatingExtracting(offset..<offset + count)
      return try body(&part)
    }
  }
}

/// Orders memory accesses against devices and other processors. On x86 only a store before a load
/// needs an instruction; the others stop the compiler.
public enum Barrier {
  // SAFETY (all below): they order accesses and change nothing.
  public static func full() { unsafe martlet_full_barrier() }
  public static func acquire() { unsafe martlet_compiler_barrier() }
  public static func release() { unsafe martlet_compiler_barrier() }
}
