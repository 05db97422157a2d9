// SPDX-License-Identifier: BSD-3-Clause

import Base
import Heap
import Machine

/// A heap that only grows: an allocation moves a pointer, a release does nothing.
///
/// For programs that end soon. Each allocation has one word in front that holds its size, with a
/// mark, so that a false release is still found.
public struct RegionHeap: KernelHeapProtocol, ~Copyable {
  private static let mark: UInt64 = 0x5245_4749_0000_0000
  private static let markMask: UInt64 = 0xffff_ffff_0000_0000

  private var memory: HeapMemory
  private var next: UInt
  private var end: UInt
  private var grower: (any HeapGrower)?
  public private(set) var statistics = HeapStatistics()

  public init(first memory: HeapMemory) {
    self.memory = memory
    next = memory.start
    end = memory.start + UInt(memory.byteCount)
    statistics.total = memory.byteCount
  }

  public mutating func setGrower(_ grower: any HeapGrower) {
    self.grower = grower
  }

  public mutating func allocate(_ byteCount: Int, alignment: Int) -> UInt {
    guard byteCount <= Int(UInt32.max) - 65536 else { return 0 }
    while true {
      let address = roundedUp(next &+ 8, to: UInt(max(alignment, 16)))
      let (after, overflow) = address.addingReportingOverflow(UInt(roundedUp(byteCount, to: 8)))
      if !overflow && after <= end {
        memory.store64(Self.mark | UInt64(byteCount), at: address &- 8)
        statistics.used &+= Int(after &- next)
        next = after
        return address
      }
      guard let more = grower?.grow(atLeast: byteCount &+ 2 &* max(alignment, 16)) else { return 0 }
      memory = memory.joined(with: more)
      next = more.start
      end = more.start + UInt(more.byteCount)
      statistics.total += more.byteCount
    }
  }

  public mutating func free(_ address: UInt) {
    if let error = checked(address) { error.stop() }
    // The bytes stay used; the size stays for a second look, with another mark.
    let size = memory.load64(at: address &- 8) & ~Self.markMask
    memory.store64(~Self.mark & Self.markMask | size, at: address &- 8)
  }

  /// What is wrong with freeing `address`, or nil.
  public func checked(_ address: UInt) -> HeapError? {
    guard address & 15 == 0, address >= memory.start &+ 8,
      address <= memory.start &+ UInt(memory.byteCount)
    else { return .invalidAddress }
    let word = memory.load64(at: address &- 8) & Self.markMask
    if word == Self.mark { return nil }
    return word == ~Self.mark & Self.markMask ? .doubleFree : .invalidAddress
  }

  public func usableSize(_ address: UInt) -> Int {
    Int(memory.load64(at: address &- 8) & ~Self.markMask)
  }
}
