// SPDX-License-Identifier: BSD-3-Clause

import Base
import Heap
import Machine

/// Two-level segregated fit: allocation and release in constant time (Masmano, Ripoll, Crespo and
/// Real, "TLSF: a new dynamic memory allocator for real-time systems", ECRTS 2004).
///
/// A block is a header of two words and its payload:
///
/// ```
/// +0   address of the block before it in memory; 0 for the first of a pool
/// +8   size of the whole block, a multiple of 16; bit 0: the block is free
/// +16  payload; in a free block: next and previous of its list
/// ```
///
/// Free blocks are in lists by size: a first level by powers of two, a second that divides each
/// into 16. Two neighbours are never both free. A pool ends with a used block of size 0.
///
/// Small blocks that are released are kept as they are, a few of each size, for the next allocation
/// of that size: bit 1 of the size marks them. They are joined to their neighbours when there would
/// be no memory otherwise.
public struct TLSFHeap: KernelHeapProtocol, ~Copyable {
  private static let headerSize = 16
  private static let minimumBlock = 32
  private static let secondLevelBits = 4
  private static let secondLevelCount = 16
  /// Blocks below 256 bytes are in the first row, one list for each 16 bytes.
  private static let smallLimit = 256
  private static let firstLevelCount = 32
  private static let free: UInt64 = 1
  private static let kept: UInt64 = 2
  /// The largest block that is kept, and how many of a size.
  private static let keptLimit = 512
  private static let keptCount = 32

  /// Spans all pools; every access is checked against it.
  private var memory: HeapMemory
  private var firstLevel: UInt32 = 0
  private var secondLevel = InlineArray<32, UInt16>(repeating: 0)
  private var heads = InlineArray<512, UInt64>(repeating: 0)
  /// Kept blocks by size, in units of 16 bytes: the first, and how many there are.
  private var keptHeads = InlineArray<33, UInt64>(repeating: 0)
  private var keptCounts = InlineArray<33, UInt8>(repeating: 0)
  private var grower: (any HeapGrower)?
  public private(set) var statistics = HeapStatistics()

  public init(first memory: HeapMemory) {
    self.memory = memory
    add(memory)
  }

  public mutating func setGrower(_ grower: any HeapGrower) {
    self.grower = grower
  }

  // MARK: Allocation

  public mutating func allocate(_ byteCount: Int, alignment: Int) -> UInt {
    guard byteCount <= 1 << 38 else { return 0 }
    let size = roundedUp(max(byteCount, 16), to: 16) &+ Self.headerSize
    if size <= Self.keptLimit, alignment <= 16, keptHeads[size >> 4] != 0 {
      return takeKept(size: size)
    }
    // A stricter alignment needs room to cut a block off in front.
    let wanted = alignment <= 16 ? size : size &+ alignment &+ Self.minimumBlock
    while true {
      if let block = takeBlock(atLeast: wanted) {
        return alignment <= 16
          ? finish(block, size: size) : finish(aligned(block, to: alignment), size: size)
      }
      if releaseKept() { continue }
      // The search rounds up to the next list: by less than a sixteenth.
      let needed = wanted &+ wanted / Self.secondLevelCount &+ 2 &* Self.minimumBlock
      guard let more = grower?.grow(atLeast: needed) else { return 0 }
      add(more)
    }
  }

  /// Takes a free block of at least `size` out of its list.
  @inline(__always)
  private mutating func takeBlock(atLeast size: Int) -> UInt64? {
    // Round up to the next list, all of whose blocks are large enough.
    var rounded = size
    if size >= Self.smallLimit {
      let top = Int.bitWidth &- 1 &- size.leadingZeroBitCount
      rounded = size &+ (1 << (top &- Self.secondLevelBits)) &- 1
    }
    var (row, column) = Self.list(of: rounded)
    guard row < Self.firstLevelCount else { return nil }
    var columns = secondLevel[row] & (UInt16.max << UInt16(column))
    if columns == 0 {
      let rows = row == 31 ? 0 : firstLevel & (UInt32.max << UInt32(row &+ 1))
      guard rows != 0 else { return nil }
      row = rows.trailingZeroBitCount
      columns = secondLevel[row]
    }
    column = columns.trailingZeroBitCount
    let block = heads[row &* Self.secondLevelCount &+ column]
    unlink(block, row, column)
    return block
  }

  /// Cuts the front off so that the payload is aligned; the front goes back to the free blocks.
  private mutating func aligned(_ block: UInt64, to alignment: Int) -> UInt64 {
    let payload = UInt(block) + 16
    var target = roundedUp(payload, to: UInt(alignment))
    if target == payload { return block }
    if target - payload < UInt(Self.minimumBlock) { target += UInt(alignment) }
    let second = UInt64(target) - 16
    let size = self.size(of: block)
    let front = second - block
    memory.store64(block, at: UInt(second))
    setSize(size - front, of: second, isFree: true)
    memory.store64(second, at: UInt(second + (size - front)))
    setSize(front, of: block, isFree: true)
    link(block)
    return second
  }

  /// Marks the block used, and gives back what it has too much.
  @inline(__always)
  private mutating func finish(_ block: UInt64, size: Int) -> UInt {
    let whole = self.size(of: block)
    let rest = whole &- UInt64(size)
    if rest >= UInt64(Self.minimumBlock) {
      let second = block &+ UInt64(size)
      memory.store64(block, at: UInt(second))
      setSize(rest, of: second, isFree: true)
      memory.store64(second, at: UInt(second &+ rest))
      setSize(UInt64(size), of: block, isFree: false)
      link(second)
      statistics.used &+= size
    } else {
      setSize(whole, of: block, isFree: false)
      statistics.used &+= Int(whole)
    }
    return UInt(block) &+ 16
  }

  // MARK: Release

  public mutating func free(_ address: UInt) {
    if let error = Self.checked(address, in: memory) { error.stop() }
    let block = UInt64(address &- 16)
    let size = self.size(of: block)
    statistics.used &-= Int(size)
    if size <= UInt64(Self.keptLimit), keptCounts[Int(size >> 4)] < UInt8(Self.keptCount) {
      keep(block, size: size)
    } else {
      release(block)
    }
  }

  // MARK: Kept blocks

  @inline(__always)
  private mutating func keep(_ block: UInt64, size: UInt64) {
    let index = Int(size >> 4)
    memory.store64(size | Self.kept, at: UInt(block) &+ 8)
    memory.store64(keptHeads[index], at: UInt(block) &+ 16)
    keptHeads[index] = block
    keptCounts[index] &+= 1
  }

  @inline(__always)
  private mutating func takeKept(size: Int) -> UInt {
    let index = size >> 4
    let block = keptHeads[index]
    // Whoever wrote to it after its release may have written over the link.
    guard memory.load64(at: UInt(block) &+ 8) == UInt64(size) | Self.kept else {
      HeapError.invalidAddress.stop()
    }
    keptHeads[index] = memory.load64(at: UInt(block) &+ 16)
    keptCounts[index] &-= 1
    setSize(UInt64(size), of: block, isFree: false)
    statistics.used &+= size
    return UInt(block) &+ 16
  }

  /// Joins all kept blocks to their neighbours. False when there are none.
  private mutating func releaseKept() -> Bool {
    var hasReleased = false
    for index in 2..<33 {
      while keptHeads[index] != 0 {
        let block = keptHeads[index]
        keptHeads[index] = memory.load64(at: UInt(block) &+ 16)
        keptCounts[index] &-= 1
        release(block)
        hasReleased = true
      }
    }
    return hasReleased
  }

  /// Makes a block free and joins it to its neighbours.
  private mutating func release(_ released: UInt64) {
    var block = released
    var size = self.size(of: block)
    // The header may end up inside a larger block: it then tells a second release.
    setSize(size, of: block, isFree: true)
    let next = block &+ size
    if isFree(next) {
      let nextSize = self.size(of: next)
      unlink(next)
      size &+= nextSize
    }
    let previous = memory.load64(at: UInt(block))
    if previous != 0 && isFree(previous) {
      unlink(previous)
      size &+= self.size(of: previous)
      block = previous
    }
    setSize(size, of: block, isFree: true)
    memory.store64(block, at: UInt(block &+ size))
    link(block)
  }

  /// What is wrong with freeing `address`, or nil. The block behind an allocation points back at
  /// it, which an address inside an allocation does not survive.
  public func checked(_ address: UInt) -> HeapError? { Self.checked(address, in: memory) }

  /// Static, because Swift 6.3 copies the whole heap, with its lists, to lend it to a method that
  /// does not change it while another does.
  private static func checked(_ address: UInt, in memory: HeapMemory) -> HeapError? {
    guard address & 15 == 0, address >= memory.start &+ 16,
      address < memory.start &+ UInt(memory.byteCount)
    else { return .invalidAddress }
    let block = UInt64(address &- 16)
    let word = memory.load64(at: UInt(block) &+ 8)
    let size = word & ~15
    guard size >= UInt64(minimumBlock), size < UInt64(memory.byteCount),
      UInt(block &+ size) < memory.start &+ UInt(memory.byteCount),
      memory.load64(at: UInt(block &+ size)) == block
    else { return word & (free | kept) != 0 ? .doubleFree : .invalidAddress }
    return word & (free | kept) != 0 ? .doubleFree : nil
  }

  public func usableSize(_ address: UInt) -> Int {
    Int(size(of: UInt64(address &- 16))) &- Self.headerSize
  }

  // MARK: Pools

  private mutating func add(_ pool: HeapMemory) {
    memory = memory.joined(with: pool)
    let size = UInt64(pool.byteCount & ~15) - 16
    let block = UInt64(pool.start)
    memory.store64(0, at: UInt(block))
    setSize(size, of: block, isFree: true)
    memory.store64(block, at: UInt(block + size))
    setSize(0, of: block + size, isFree: false)
    link(block)
    statistics.total += pool.byteCount
  }

  // MARK: Blocks and lists

  @inline(__always)
  private func size(of block: UInt64) -> UInt64 {
    memory.load64(at: UInt(block) &+ 8) & ~15
  }

  @inline(__always)
  private func isFree(_ block: UInt64) -> Bool {
    memory.load64(at: UInt(block) &+ 8) & Self.free != 0
  }

  @inline(__always)
  private func setSize(_ size: UInt64, of block: UInt64, isFree: Bool) {
    memory.store64(size | (isFree ? Self.free : 0), at: UInt(block) &+ 8)
  }

  /// The list that holds free blocks of `size`.
  @inline(__always)
  private static func list(of size: Int) -> (row: Int, column: Int) {
    if size < smallLimit { return (0, size >> 4) }
    let top = Int.bitWidth &- 1 &- size.leadingZeroBitCount
    return (top &- 7, (size >> (top &- secondLevelBits)) & 15)
  }

  private mutating func link(_ block: UInt64) {
    let (row, column) = Self.list(of: Int(size(of: block)))
    let index = row &* Self.secondLevelCount &+ column
    let first = heads[index]
    memory.store64(first, at: UInt(block) &+ 16)
    memory.store64(0, at: UInt(block) &+ 24)
    if first != 0 { memory.store64(block, at: UInt(first) &+ 24) }
    heads[index] = block
    firstLevel |= 1 << UInt32(row)
    secondLevel[row] |= 1 << UInt16(column)
  }

  private mutating func unlink(_ block: UInt64) {
    let (row, column) = Self.list(of: Int(size(of: block)))
    unlink(block, row, column)
  }

  private mutating func unlink(_ block: UInt64, _ row: Int, _ column: Int) {
    let next = memory.load64(at: UInt(block) &+ 16)
    let previous = memory.load64(at: UInt(block) &+ 24)
    if next != 0 { memory.store64(previous, at: UInt(next) &+ 24) }
    if previous != 0 {
      memory.store64(next, at: UInt(previous) &+ 16)
      return
    }
    heads[row &* Self.secondLevelCount &+ column] = next
    guard next == 0 else { return }
    secondLevel[row] &= ~(1 << UInt16(column))
    if secondLevel[row] == 0 { firstLevel &= ~(1 << UInt32(row)) }
  }
}
