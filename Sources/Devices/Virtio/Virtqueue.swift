// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine

/// The driver's side of a virtqueue: a split one (virtio 1.2 section 2.7), which is what is here,
/// or a packed one (section 2.8), which `PackedRing` does.
///
/// The device is not trusted. What the driver relies on (which descriptors are free, how chains
/// hang together, how long buffers are) is kept in memory of the driver's own; the rings are only
/// written, except for the used ring, where each value is checked. A device that breaks the
/// protocol is marked broken, and from then on nothing is taken from it.
///
/// Memory of a buffer belongs to the device from `add` until `takeUsed` returns its chain.
///
/// Does no access outside the rings: notifying the device is up to the caller. Allocates nothing
/// but when it is made.
public final class Virtqueue {
  /// Which queue of the device this is.
  public let index: Int
  /// How many descriptors there are, a power of two.
  public let size: Int
  /// Whether the device broke the protocol.
  public var isBroken: Bool {
    @inline(__always) get { packed?.isBroken ?? isSplitBroken }
  }
  /// How many descriptors are free.
  public var freeCount: Int {
    @inline(__always) get { packed?.freeCount ?? splitFreeCount }
  }
  /// Chains given to the device, published or not.
  public var inFlightCount: Int {
    @inline(__always) get { packed?.inFlightCount ?? splitInFlightCount }
  }

  /// Set when the queue is a packed one: then nothing of the following is used.
  private let packed: PackedRing?
  private var isSplitBroken = false
  private var splitFreeCount: Int
  private var splitInFlightCount = 0

  private let memory: DMAMemory
  private let layout: VirtqueueLayout
  private let usesEventIndex: Bool
  private let indirectTables: IndirectTables?

  /// The driver's own record of each descriptor.
  private let records: PermanentTable<Record>
  private var firstFree = 0

  /// The index that the device will see after `publish`, and the one that it sees now.
  private var nextAvailable: UInt16 = 0
  private var publishedAvailable: UInt16 = 0
  /// How far the used ring was consumed, and how far the device was seen to have filled it.
  private var nextUsed: UInt16 = 0
  private var seenUsed: UInt16 = 0
  private var wantsInterrupts = true

  /// What the driver remembers of one descriptor.
  private struct Record: BitwiseCopyable {
    /// The next one of the chain or of the free list.
    var next: UInt16
    /// How many descriptors of the ring the chain has that starts here; 0 when no chain in flight
    /// does.
    var chainLength: UInt16 = 0
    /// The table with the descriptors of the chain that starts here; -1 when they are in the ring.
    var table: Int16 = -1
    /// How many bytes the device may write into the chain that starts here.
    var writableByteCount: UInt32 = 0
  }

  /// Creates a queue with its rings in `memory` from `offset` on.
  ///
  /// - Parameters:
  ///   - size: a power of two, at most 32768.
  ///   - offset: a multiple of 16; `VirtqueueLayout(size:).byteCount` bytes must follow. They must
  ///     be zero.
  ///   - isPacked: whether it is a packed queue.
  ///   - indirectTables: where long chains go, at most 32768 tables; only with
  ///     `indirectDescriptors` negotiated.
  public init(
    index: Int, size: Int, memory: DMAMemory, offset: Int, usesEventIndex: Bool,
    isPacked: Bool = false, indirectTables: IndirectTables? = nil
  ) {
    precondition(
      size > 0 && size <= 32768 && size & (size &- 1) == 0, "queue size is not a power of two")
    let layout = VirtqueueLayout(size: size, offset: offset)
    precondition(
      offset >= 0 && offset & 15 == 0 && layout.end <= memory.byteCount,
      "rings do not fit in their memory")
    self.index = index
    self.size = size
    self.memory = memory
    self.layout = layout
    self.usesEventIndex = usesEventIndex
    self.indirectTables = indirectTables
    splitFreeCount = size
    packed =
      isPacked
      ? PackedRing(
        size: size, memory: memory, offset: offset, usesEventIndex: usesEventIndex,
        indirectTables: indirectTables) : nil
    records = PermanentTable(count: isPacked ? 0 : size) {
      Record(next: UInt16(truncatingIfNeeded: $0 &+ 1))
    }
  }

  /// Where the device finds the rings.
  public var addresses: VirtqueueAddresses {
    packed?.addresses
      ?? VirtqueueAddresses(
        descriptors: memory.physicalAddress + layout.descriptors,
        available: memory.physicalAddress + layout.available,
        used: memory.physicalAddress + layout.used)
  }

  // MARK: Giving buffers to the device

  /// Gives the device a chain of one to three buffers. It learns of it with the next `publish`.
  ///
  /// Buffers that the device reads come before those that it writes (virtio 1.2 section 2.7.4.2).
  ///
  /// - Returns: the chain's name, which `takeUsed` returns with it; nil when there are too few
  ///   free descriptors or the device is broken.
  @inline(__always)
  public func add(
    _ first: VirtioBuffer, _ second: VirtioBuffer? = nil, _ third: VirtioBuffer? = nil
  ) -> Int? {
    let count = 1 &+ (second != nil ? 1 : 0) &+ (third != nil ? 1 : 0)
    if let packed { return add(to: packed, count: count, first, second, third) }
    guard count <= splitFreeCount, !isSplitBroken else { return nil }
    let head = firstFree
    var writable = fill(first, isLast: count == 1)
    if let second { writable &+= fill(second, isLast: third == nil) }
    if let third { writable &+= fill(third, isLast: true) }
    return finish(head, count: count, writable: writable)
  }

  private func add(
    to packed: PackedRing, count: Int, _ first: VirtioBuffer, _ second: VirtioBuffer?,
    _ third: VirtioBuffer?
  ) -> Int? {
    guard var chain = packed.begin(count: count) else { return nil }
    packed.append(first, to: &chain)
    if let second { packed.append(second, to: &chain) }
    if let third { packed.append(third, to: &chain) }
    return packed.finish(chain)
  }

  /// A chain that is being put together: between `begin` and `finish`.
  public struct ChainInProgress: BitwiseCopyable {
    let head: Int
    /// The indirect table, or -1.
    let table: Int
    let count: Int
    /// How many buffers are still to come.
    var rest: Int
    var writable: UInt32 = 0
  }

  /// Starts a chain of exactly `count` buffers; three or more go to an indirect table if there is
  /// one. Call `append` for each buffer and then `finish`, and nothing else meanwhile.
  ///
  /// - Returns: nil when there is no room or the device is broken.
  @inline(__always)
  public func begin(count: Int) -> ChainInProgress? {
    if let packed { return packed.begin(count: count) }
    guard count > 0, splitFreeCount > 0, !isSplitBroken else { return nil }
    if count > 2, let indirectTables, count <= indirectTables.length,
      let table = indirectTables.take()
    {
      return ChainInProgress(head: firstFree, table: table, count: count, rest: count)
    }
    guard count <= splitFreeCount else { return nil }
    return ChainInProgress(head: firstFree, table: -1, count: count, rest: count)
  }

  /// Whether `begin` would start a chain of `count` buffers now.
  @inline(__always)
  public func hasRoom(for count: Int) -> Bool {
    if count <= freeCount { return true }
    guard let indirectTables, count > 2, count <= indirectTables.length else { return false }
    return freeCount > 0 && indirectTables.hasFree
  }

  /// The most buffers that a chain can ever have.
  public var chainLimit: Int { max(size, indirectTables?.length ?? 0) }

  /// Adds the next buffer. Traps when the chain has all it was begun for.
  @inline(__always)
  public func append(_ buffer: VirtioBuffer, to chain: inout ChainInProgress) {
    if let packed { return packed.append(buffer, to: &chain) }
    precondition(chain.rest > 0, "a chain gets more buffers than it was begun for")
    let number = chain.count &- chain.rest
    chain.rest &-= 1
    if chain.table >= 0, let indirectTables {
      chain.writable &+= store(
        buffer, in: indirectTables.memory,
        at: indirectTables.offset(of: chain.table) &+ number &* 16,
        next: chain.rest == 0 ? nil : UInt16(truncatingIfNeeded: number &+ 1))
    } else {
      chain.writable &+= fill(buffer, isLast: chain.rest == 0)
    }
  }

  /// Gives the chain to the device; it learns of it with the next `publish`. Returns the chain's
  /// name. Traps when buffers are missing.
  @inline(__always)
  public func finish(_ chain: ChainInProgress) -> Int {
    if let packed { return packed.finish(chain) }
    precondition(chain.rest == 0, "a chain lacks buffers")
    if chain.table >= 0, let indirectTables {
      takeFree()
      store(
        address: indirectTables.memory.physicalAddress + indirectTables.offset(of: chain.table),
        byteCount: chain.count &* 16, flags: 4, next: 0, in: memory,
        at: layout.descriptors &+ chain.head &* 16)
      records[chain.head].table = Int16(truncatingIfNeeded: chain.table)
    }
    return finish(
      chain.head, count: chain.table >= 0 ? 1 : chain.count, writable: chain.writable)
  }

  /// Takes the first free descriptor and returns the one behind it.
  @inline(__always) @discardableResult
  private func takeFree() -> UInt16 {
    let next = records[firstFree].next
    firstFree = Int(next)
    splitFreeCount &-= 1
    return next
  }

  /// Takes the first free descriptor for `buffer`. Returns how many bytes the device may write.
  @inline(__always)
  private func fill(_ buffer: VirtioBuffer, isLast: Bool) -> UInt32 {
    let number = firstFree
    let next = takeFree()
    return store(
      buffer, in: memory, at: layout.descriptors &+ number &* 16, next: isLast ? nil : next)
  }

  /// Writes a descriptor for `buffer`. Returns how many bytes the device may write.
  @inline(__always)
  private func store(
    _ buffer: VirtioBuffer, in memory: DMAMemory, at offset: Int, next: UInt16?
  ) -> UInt32 {
    store(
      address: buffer.address, byteCount: buffer.byteCount,
      flags: (next == nil ? 0 : 1) | (buffer.isDeviceWritable ? 2 : 0), next: next ?? 0,
      in: memory, at: offset)
    return buffer.isDeviceWritable ? UInt32(truncatingIfNeeded: buffer.byteCount) : 0
  }

  /// `struct virtq_desc` (section 2.7.5).
  @inline(__always)
  private func store(
    address: PhysicalAddress, byteCount: Int, flags: UInt64, next: UInt16, in memory: DMAMemory,
    at offset: Int
  ) {
    memory.store64(UInt64(address.rawValue), at: offset)
    memory.store64(
      UInt64(UInt32(truncatingIfNeeded: byteCount)) | flags << 32 | UInt64(next) << 48,
      at: offset &+ 8)
  }

  /// Puts a chain on the available ring.
  @inline(__always)
  private func finish(_ head: Int, count: Int, writable: UInt32) -> Int {
    records[head].chainLength = UInt16(truncatingIfNeeded: count)
    records[head].writableByteCount = writable
    memory.store16(UInt16(truncatingIfNeeded: head), at: layout.availableEntry(nextAvailable))
    nextAvailable &+= 1
    splitInFlightCount &+= 1
    return head
  }

  /// Shows the device all chains added so far.
  ///
  /// - Returns: whether the device wants to be notified of them.
  public func publish() -> Bool {
    if let packed { return packed.publish() }
    guard nextAvailable != publishedAvailable, !isSplitBroken else { return false }
    let before = publishedAvailable
    // The descriptors must be there before the index says so (virtio 1.2 section 2.7.13.2).
    Barrier.release()
    memory.store16(nextAvailable, at: layout.availableIndex)
    publishedAvailable = nextAvailable
    // The index must be visible before the device's wish is read (section 2.7.13.3.1).
    Barrier.full()
    if usesEventIndex {
      let event = memory.load16(at: layout.availableEvent)
      return nextAvailable &- event &- 1 < nextAvailable &- before
    }
    return memory.load16(at: layout.usedFlags) & 1 == 0
  }

  // MARK: Taking buffers back

  /// Whether the device has used a chain that was not taken yet.
  @inline(__always)
  public var hasUsed: Bool {
    if let packed { return packed.hasUsed }
    return !isSplitBroken
      && (seenUsed != nextUsed || memory.load16(at: layout.usedIndex) != nextUsed)
  }

  /// Takes back the next chain that the device has used, or returns nil when there is none.
  ///
  /// Marks the device broken when it returns what it does not have, more than it has, or claims
  /// to have written more than the chain can hold.
  @inline(__always)
  public func takeUsed() -> UsedChain? {
    if let packed { return packed.takeUsed() }
    if seenUsed == nextUsed, !lookForUsed() { return nil }
    return takeNextUsed()
  }

  /// Takes back the next used chain as `takeUsed` does, for queues on which each chain is one buffer
  /// that the device writes. `giveAgain` or `giveUp` of its name must follow before anything else.
  @inline(__always)
  package func takeUsedBuffer() -> UsedChain? {
    if let packed { return packed.takeUsed() }
    if seenUsed == nextUsed, !lookForUsed() { return nil }
    // The entry is read only once.
    let entry = memory.load64(at: layout.usedEntry(nextUsed))
    let head = Int(entry & 0xffff_ffff)
    let written = UInt32(truncatingIfNeeded: entry >> 32)
    guard head < size, records[head].chainLength == 1, written <= records[head].writableByteCount
    else { return markBroken() }
    nextUsed &+= 1
    if wantsInterrupts, usesEventIndex { askForNext() }
    return UsedChain(name: head, writtenByteCount: Int(written))
  }

  /// Gives the device a buffer of the same size in place of one that came by `takeUsedBuffer`.
  /// Returns its name; nil when the device is broken.
  @inline(__always)
  package func giveAgain(_ name: Int, _ address: PhysicalAddress, byteCount: Int) -> Int? {
    if let packed {
      let buffer = VirtioBuffer(address: address, byteCount: byteCount, isDeviceWritable: true)
      return add(to: packed, count: 1, buffer, nil, nil)
    }
    // Its descriptor says the rest still.
    memory.store64(UInt64(address.rawValue), at: layout.descriptors &+ name &* 16)
    memory.store16(UInt16(truncatingIfNeeded: name), at: layout.availableEntry(nextAvailable))
    nextAvailable &+= 1
    return name
  }

  /// Frees the place of a buffer that came by `takeUsedBuffer`.
  package func giveUp(_ name: Int) {
    if packed != nil { return }
    splitInFlightCount &-= 1
    release(name, records[name])
  }

  private func askForNext() {
    memory.store16(nextUsed, at: layout.usedEvent)
    Barrier.full()
  }

  /// Reads how far the device has come.
  @inline(__always)
  private func lookForUsed() -> Bool {
    let used = memory.load16(at: layout.usedIndex)
    guard used != nextUsed, !isSplitBroken else { return false }
    let published = splitInFlightCount &- Int(nextAvailable &- publishedAvailable)
    guard Int(used &- nextUsed) <= published else {
      _ = markBroken()
      return false
    }
    seenUsed = used
    // Entries are read after the index that announced them.
    Barrier.acquire()
    return true
  }

  @inline(__always)
  private func takeNextUsed() -> UsedChain? {
    // The entry is read only once.
    let entry = memory.load64(at: layout.usedEntry(nextUsed))
    let head = Int(entry & 0xffff_ffff)
    let written = UInt32(truncatingIfNeeded: entry >> 32)
    guard head < size else { return markBroken() }
    let record = records[head]
    // Some devices give a length for chains that they only read; it means nothing.
    let writable = record.writableByteCount
    guard record.chainLength > 0, written <= writable || writable == 0 else { return markBroken() }
    nextUsed &+= 1
    splitInFlightCount &-= 1
    release(head, record)
    if wantsInterrupts, usesEventIndex { askForNext() }
    return UsedChain(name: head, writtenByteCount: Int(min(written, writable)))
  }

  /// Puts a chain's descriptors on the free list.
  @inline(__always)
  private func release(_ head: Int, _ record: Record) {
    records[head].chainLength = 0
    if record.chainLength == 1, record.table < 0 {
      records[head].next = UInt16(truncatingIfNeeded: firstFree)
      firstFree = head
      splitFreeCount &+= 1
      return
    }
    if record.table >= 0 {
      indirectTables?.give(Int(record.table))
      records[head].table = -1
    }
    var last = head
    for _ in 1..<record.chainLength { last = Int(records[last].next) }
    records[last].next = UInt16(truncatingIfNeeded: firstFree)
    firstFree = head
    splitFreeCount &+= Int(record.chainLength)
  }

  private func markBroken() -> UsedChain? {
    isSplitBroken = true
    seenUsed = nextUsed
    return nil
  }

  // MARK: Interrupts

  /// Asks the device not to interrupt when it uses buffers. Only a hint.
  public func suppressInterrupts() {
    if let packed { return packed.suppressInterrupts() }
    guard wantsInterrupts else { return }
    wantsInterrupts = false
    if usesEventIndex {
      // An index that the device has just passed comes round only after 65535 more buffers.
      memory.store16(nextUsed &- 1, at: layout.usedEvent)
    } else {
      memory.store16(1, at: layout.availableFlags)
    }
  }

  /// Asks the device to interrupt when it uses the next buffer.
  ///
  /// - Returns: whether used buffers wait already; the device need not interrupt for those.
  public func requestInterrupts() -> Bool {
    if let packed { return packed.requestInterrupts() }
    wantsInterrupts = true
    if usesEventIndex {
      memory.store16(nextUsed, at: layout.usedEvent)
    } else {
      memory.store16(0, at: layout.availableFlags)
    }
    Barrier.full()
    return hasUsed
  }
}
