// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// A program's allocations and releases in their order. All numbers are little-endian:
///
/// ```
///  0  magic "MTRACE01"
///  8  number of slots, 32 bits
/// 12  number of operations, 32 bits
/// 16  for each operation: slot, 32 bits; size in bytes, or 0xffffffff for a release, 32 bits
/// ```
///
/// A slot holds at most one allocation at a time. That is checked once, here.
public struct AllocationTrace: ~Escapable {
  /// One step of the program.
  public enum Operation: Equatable, Sendable {
    case allocate(slot: Int, byteCount: Int)
    case release(slot: Int)
  }

  /// Why bytes are not a trace.
  public enum Failure: Error, Sendable {
    /// The magic number is missing.
    case notATrace
    /// There are fewer bytes than the numbers say.
    case truncated
    /// An operation names no slot, fills one that is full, or empties one that is empty.
    case brokenOperation
  }

  private static let magic: UInt64 = 0x3130_4543_4152_544d
  private static let release: UInt32 = 0xffff_ffff
  private static let headerByteCount = 16

  private let bytes: RawSpan
  public let slotCount: Int
  public let count: Int
  /// The most bytes that the program had at one time.
  public let peakByteCount: Int

  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) throws(Failure) {
    guard bytes.byteCount >= Self.headerByteCount,
      bytes.littleEndian(at: 0, as: UInt64.self) == Self.magic
    else { throw .notATrace }
    let slotCount = Int(bytes.littleEndian(at: 8, as: UInt32.self))
    let count = Int(bytes.littleEndian(at: 12, as: UInt32.self))
    guard (bytes.byteCount - Self.headerByteCount) / 8 >= count, slotCount <= count else {
      throw .truncated
    }
    self.bytes = bytes
    self.slotCount = slotCount
    self.count = count
    peakByteCount = try Self.peak(bytes, slotCount: slotCount, count: count)
  }

  public subscript(index: Int) -> Operation {
    @inline(__always) get { Self.operation(bytes, index) }
  }

  @inline(__always)
  private static func operation(_ bytes: RawSpan, _ index: Int) -> Operation {
    let word = bytes.littleEndian(at: headerByteCount + index * 8, as: UInt64.self)
    let slot = Int(word & 0xffff_ffff)
    let size = UInt32(truncatingIfNeeded: word >> 32)
    return size == release ? .release(slot: slot) : .allocate(slot: slot, byteCount: Int(size))
  }

  private static func peak(
    _ bytes: RawSpan, slotCount: Int, count: Int
  ) throws(Failure) -> Int {
    var sizes = [Int](repeating: -1, count: slotCount)
    var current = 0
    var peak = 0
    for index in 0..<count {
      switch operation(bytes, index) {
      case .allocate(let slot, let byteCount):
        guard slot < slotCount, sizes[slot] < 0 else { throw .brokenOperation }
        sizes[slot] = byteCount
        current += byteCount
        peak = max(peak, current)
      case .release(let slot):
        guard slot < slotCount, sizes[slot] >= 0 else { throw .brokenOperation }
        current -= sizes[slot]
        sizes[slot] = -1
      }
    }
    return peak
  }
}
