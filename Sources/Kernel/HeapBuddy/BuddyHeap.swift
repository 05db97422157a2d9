// SPDX-License-Identifier: BSD-3-Clause

import Base
import Heap
import Machine

/// The binary buddy system (Knowlton 1965; Knuth, TAOCP 1, section 2.5): blocks are powers of two,
/// and a block merges with its buddy as soon as both are free.
///
/// A pool is cut into the largest aligned blocks that fit. One byte for each 32 bytes of a pool, at
/// the pool's start, says what begins there: nothing, a free block or a used one, and its order.
/// So the metadata lies apart from the allocations, and a false release is always found.
public struct BuddyHeap: KernelHeapProtocol, ~Copyable {
  /// The smallest block is 32 bytes.
  private static let minimumOrder = 5
  private static let maximumOrder = 40
  private static let used: UInt8 = 0x80
  private static let free: UInt8 = 0x40

  private struct Pool {
    /// Where the bytes of metadata are.
    var map: UInt
    /// Where blocks begin; a multiple of 32.
    var start: UInt
    var end: UInt
  }

  private static let poolLimit = 64
  private static let poolByteCount: UInt = 24

  private var memory: HeapMemory
  /// Where the pools are written down, in the first pool: three words each. They are not a field,
  /// because Swift 6.3 copies a large field each time it looks one element up in a loop.
  private let table: UInt
  private var poolCount = 0
  private var heads = InlineArray<41, UInt64>(repeating: 0)
  /// A bit for each order that has a free block.
  private var available: UInt64 = 0
  private var grower: (any HeapGrower)?
  public private(set) var statistics = HeapStatistics()

  public init(first memory: HeapMemory) {
    self.memory = memory
    table = memory.start
    add(memory, reserving: Self.poolByteCount * UInt(Self.poolLimit))
  }

  public mutating func setGrower(_ grower: any HeapGrower) {
    self.grower = grower
  }

  // MARK: Allocation

  public mutating func allocate(_ byteCount: Int, alignment: Int) -> UInt {
    guard byteCount <= 1 << 38 else { return 0 }
    let order = Self.order(of: max(byteCount, alignment))
    while true {
      if let block = take(order) { return block }
      // A block of this order is aligned to its size: ask for enough that one surely fits.
      guard grow(atLeast: (2 << order) + (2 << order) / 32 + 64) else { return 0 }
    }
  }

  /// Each pool is as large as half of all before, if there is so much: so there are few to look
  /// through.
  private mutating func grow(atLeast needed: Int) -> Bool {
    guard poolCount < Self.poolLimit else { return false }
    var more = grower?.grow(atLeast: max(needed, statistics.total / 2))
    if more == nil { more = grower?.grow(atLeast: needed) }
    guard let more else { return false }
    add(more, reserving: 0)
    return true
  }

  private static func order(of byteCount: Int) -> Int {
    byteCount <= 32 ? minimumOrder : Int.bitWidth &- (byteCount &- 1).leadingZeroBitCount
  }

  private mutating func take(_ order: Int) -> UInt? {
    let orders = available & (UInt64.max << UInt64(order))
    guard orders != 0 else { return nil }
    var found = orders.trailingZeroBitCount
    let block = UInt(heads[found])
    guard let pool = pool(of: block) else { return nil }
    unlink(block, found)
    while found > order {
      found &-= 1
      link(block &+ (1 << UInt(found)), found, pool)
    }
    setMark(Self.used | UInt8(order), of: block, pool)
    statistics.used &+= 1 << order
    return block
  }

  // MARK: Release

  public mutating func free(_ address: UInt) {
    if let error = checked(address) { error.stop() }
    guard let pool = pool(of: address) else { return }
    var order = Int(mark(of: address, pool) & 0x3f)
    statistics.used &-= 1 << order
    var block = address
    setMark(0, of: block, pool)
    while order < Self.maximumOrder {
      let buddy = block ^ (1 << UInt(order))
      guard buddy >= pool.start, buddy &+ (1 << UInt(order)) <= pool.end,
        mark(of: buddy, pool) == Self.free | UInt8(order)
      else { break }
      unlink(buddy, order)
      setMark(0, of: buddy, pool)
      block = min(block, buddy)
      order &+= 1
    }
    link(block, order, pool)
  }

  /// What is wrong with freeing `address`, or nil.
  @inline(__always)
  public func checked(_ address: UInt) -> HeapError? {
    guard address & 31 == 0, let pool = pool(of: address) else { return .invalidAddress }
    let mark = mark(of: address, pool)
    if mark & Self.used != 0 { return nil }
    // What begins nowhere may be the upper half of a merged block: freed before, or never there.
    return mark & Self.free != 0 ? .doubleFree : .invalidAddress
  }

  public func usableSize(_ address: UInt) -> Int {
    guard let pool = pool(of: address) else { return 0 }
    return 1 << Int(mark(of: address, pool) & 0x3f)
  }

  // MARK: Pools

  /// Makes a pool of `more`, but for its first bytes.
  private mutating func add(_ more: HeapMemory, reserving reserved: UInt) {
    memory = memory.joined(with: more)
    let first = more.start + reserved
    let mapSize = (UInt(more.byteCount) - reserved) / 33 + 1
    let pool = Pool(
      map: first, start: roundedUp(first + mapSize, to: 32),
      end: (more.start + UInt(more.byteCount)) & ~31)
    let map = roundedUp((pool.end - pool.start) / 32, to: 8)
    for offset in stride(from: 0, to: map, by: 8) where offset + 8 <= pool.start - pool.map {
      memory.store64(0, at: pool.map + offset)
    }
    let entry = table + UInt(poolCount) * Self.poolByteCount
    memory.store64(UInt64(pool.map), at: entry)
    memory.store64(UInt64(pool.start), at: entry + 8)
    memory.store64(UInt64(pool.end), at: entry + 16)
    poolCount += 1
    statistics.total += more.byteCount
    var block = pool.start
    while block + 32 <= pool.end {
      var order = min(block.trailingZeroBitCount, Self.maximumOrder)
      while block + (1 << UInt(order)) > pool.end { order -= 1 }
      link(block, order, pool)
      block += 1 << UInt(order)
    }
  }

  // These are always inlined: to lend `self` to a call, Swift 6.3 copies it with all its tables.
  @inline(__always)
  private func pool(of address: UInt) -> Pool? {
    var entry = table
    for _ in 0..<poolCount {
      let start = UInt(memory.load64(at: entry &+ 8))
      let end = UInt(memory.load64(at: entry &+ 16))
      if address >= start && address < end {
        return Pool(map: UInt(memory.load64(at: entry)), start: start, end: end)
      }
      entry &+= Self.poolByteCount
    }
    return nil
  }

  // MARK: Marks and lists

  @inline(__always)
  private func mark(of block: UInt, _ pool: Pool) -> UInt8 {
    let index = (block &- pool.start) / 32
    let word = memory.load64(at: pool.map &+ (index & ~7))
    return UInt8(truncatingIfNeeded: word >> UInt64((index & 7) * 8))
  }

  @inline(__always)
  private func setMark(_ mark: UInt8, of block: UInt, _ pool: Pool) {
    let index = (block &- pool.start) / 32
    let address = pool.map &+ (index & ~7)
    let shift = UInt64((index & 7) * 8)
    let word = memory.load64(at: address) & ~(0xff << shift)
    memory.store64(word | UInt64(mark) << shift, at: address)
  }

  private mutating func link(_ block: UInt, _ order: Int, _ pool: Pool) {
    setMark(Self.free | UInt8(order), of: block, pool)
    let first = heads[order]
    memory.store64(first, at: block)
    memory.store64(0, at: block &+ 8)
    if first != 0 { memory.store64(UInt64(block), at: UInt(first) &+ 8) }
    heads[order] = UInt64(block)
    available |= 1 << UInt64(order)
  }

  private mutating func unlink(_ block: UInt, _ order: Int) {
    let next = memory.load64(at: block)
    let previous = memory.load64(at: block &+ 8)
    if next != 0 { memory.store64(previous, at: UInt(next) &+ 8) }
    if previous != 0 {
      memory.store64(next, at: UInt(previous))
      return
    }
    heads[order] = next
    if next == 0 { available &= ~(1 << UInt64(order)) }
  }
}
