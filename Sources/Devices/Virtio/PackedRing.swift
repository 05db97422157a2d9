// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine

/// The driver's side of a packed virtqueue (virtio 1.2 section 2.8), behind the face of
/// `Virtqueue` and with the same distrust of the device.
///
/// There is one ring, in which the device writes what it has used over what was available. Two
/// bits of a descriptor's flags say whose it is; what they mean changes with each lap. A chain's
/// first flags are written last, and those of the first chain since the last `publish` with it.
final class PackedRing {
  let size: Int
  private(set) var isBroken = false
  /// Places of the ring that are free.
  private(set) var freeCount: Int
  private(set) var inFlightCount = 0

  private let memory: DMAMemory
  private let layout: PackedLayout
  private let usesEventIndex: Bool
  private let indirectTables: IndirectTables?

  /// The driver's own record of each chain, by its name, which is the buffer id of the ring.
  private let records: PermanentTable<Record>
  private var firstFree = 0

  /// The next place to fill and the lap's bit; the next place to be used and its lap's bit.
  private var nextPlace = 0
  private var lap: UInt16 = 1
  private var nextUsed = 0
  private var usedLap: UInt16 = 1
  private var wantsInterrupts = true

  /// Chains and places added since the last `publish`, and where the first of them starts with
  /// which flags.
  private var unpublishedChains = 0
  private var unpublishedPlaces = 0
  private var heldPlace = -1
  private var heldFlags: UInt16 = 0
  /// Where the chain that is being put together starts, and its first flags.
  private var chainPlace = 0
  private var chainFlags: UInt16 = 0

  /// What the driver remembers of one chain.
  private struct Record: BitwiseCopyable {
    /// The next one of the free list.
    var next: Int32
    /// How many places the chain takes; 0 when it is not in flight.
    var placeCount: UInt16 = 0
    /// The indirect table, or -1.
    var table: Int16 = -1
    var writableByteCount: UInt32 = 0
  }

  init(
    size: Int, memory: DMAMemory, offset: Int, usesEventIndex: Bool,
    indirectTables: IndirectTables?
  ) {
    self.size = size
    self.memory = memory
    self.usesEventIndex = usesEventIndex
    self.indirectTables = indirectTables
    layout = PackedLayout(size: size, offset: offset)
    freeCount = size
    records = PermanentTable(count: size) { Record(next: Int32($0 + 1)) }
  }

  var addresses: VirtqueueAddresses {
    VirtqueueAddresses(
      descriptors: memory.physicalAddress + layout.descriptors,
      available: memory.physicalAddress + layout.driverEvent,
      used: memory.physicalAddress + layout.deviceEvent)
  }

  // MARK: Giving buffers to the device

  func begin(count: Int) -> Virtqueue.ChainInProgress? {
    guard count > 0, freeCount > 0, !isBroken else { return nil }
    var table = -1
    if count > 2, let indirectTables, count <= indirectTables.length {
      table = indirectTables.take() ?? -1
    }
    guard table >= 0 || count <= freeCount else { return nil }
    chainPlace = nextPlace
    return Virtqueue.ChainInProgress(head: firstFree, table: table, count: count, rest: count)
  }

  func append(_ buffer: VirtioBuffer, to chain: inout Virtqueue.ChainInProgress) {
    precondition(chain.rest > 0, "a chain gets more buffers than it was begun for")
    let number = chain.count &- chain.rest
    chain.rest &-= 1
    let kind: UInt16 = buffer.isDeviceWritable ? 2 : 0
    if chain.table >= 0, let indirectTables {
      // Only the kind counts in a table (section 2.8.7).
      store(
        buffer.address, buffer.byteCount, name: 0, flags: kind, in: indirectTables.memory,
        at: indirectTables.offset(of: chain.table) &+ number &* 16)
    } else {
      fill(
        buffer.address, buffer.byteCount, name: chain.head,
        flags: kind | (chain.rest == 0 ? 0 : 1))
    }
    if buffer.isDeviceWritable {
      chain.writable &+= UInt32(truncatingIfNeeded: buffer.byteCount)
    }
  }

  func finish(_ chain: Virtqueue.ChainInProgress) -> Int {
    precondition(chain.rest == 0, "a chain lacks buffers")
    if chain.table >= 0, let indirectTables {
      fill(
        indirectTables.memory.physicalAddress + indirectTables.offset(of: chain.table),
        chain.count &* 16, name: chain.head, flags: 4)
    }
    let placeCount = chain.table >= 0 ? 1 : chain.count
    firstFree = Int(records[chain.head].next)
    records[chain.head].placeCount = UInt16(truncatingIfNeeded: placeCount)
    records[chain.head].table = Int16(truncatingIfNeeded: chain.table)
    records[chain.head].writableByteCount = chain.writable
    if heldPlace < 0 {
      heldPlace = chainPlace
      heldFlags = chainFlags
    } else {
      // The device cannot get here before the held chain is published.
      memory.store16(chainFlags, at: layout.flags(of: chainPlace))
    }
    inFlightCount &+= 1
    unpublishedChains &+= 1
    unpublishedPlaces &+= placeCount
    return chain.head
  }

  /// Fills the next place. The flags of a chain's first place are kept back.
  private func fill(_ address: PhysicalAddress, _ byteCount: Int, name: Int, flags: UInt16) {
    // AVAIL is bit 7, USED bit 15: available means that they differ (section 2.8.1).
    let flags = flags | lap << 7 | (lap ^ 1) << 15
    let place = nextPlace
    let isFirst = place == chainPlace
    if isFirst { chainFlags = flags }
    // What stays meanwhile in a first place says that it is used, and of the lap before.
    let shown = isFirst ? (lap ^ 1) << 7 | (lap ^ 1) << 15 : flags
    store(
      address, byteCount, name: name, flags: shown, in: memory,
      at: layout.descriptors &+ place &* 16)
    freeCount &-= 1
    nextPlace = place &+ 1
    if nextPlace == size {
      nextPlace = 0
      lap ^= 1
    }
  }

  /// `struct pvirtq_desc` (section 2.8.13).
  @inline(__always)
  private func store(
    _ address: PhysicalAddress, _ byteCount: Int, name: Int, flags: UInt16, in memory: DMAMemory,
    at offset: Int
  ) {
    memory.store64(UInt64(address.rawValue), at: offset)
    memory.store64(
      UInt64(UInt32(truncatingIfNeeded: byteCount))
        | UInt64(UInt16(truncatingIfNeeded: name)) << 32 | UInt64(flags) << 48, at: offset &+ 8)
  }

  func publish() -> Bool {
    guard heldPlace >= 0, !isBroken else { return false }
    Barrier.release()
    memory.store16(heldFlags, at: layout.flags(of: heldPlace))
    heldPlace = -1
    let added = UInt16(truncatingIfNeeded: unpublishedPlaces)
    unpublishedChains = 0
    unpublishedPlaces = 0
    // The chains must be visible before the device's wish is read (section 2.8.21.3.1).
    Barrier.full()
    let event = memory.load32(at: layout.deviceEvent)
    switch event >> 16 & 3 {
    case 0: return true
    case 2 where usesEventIndex:
      // Counted from the lap that we are in.
      var place = UInt16(truncatingIfNeeded: event & 0x7fff)
      if UInt16(truncatingIfNeeded: event >> 15 & 1) != lap {
        place &-= UInt16(truncatingIfNeeded: size)
      }
      return UInt16(truncatingIfNeeded: nextPlace) &- place &- 1 < added
    default: return false
    }
  }

  // MARK: Taking buffers back

  var hasUsed: Bool {
    guard !isBroken, inFlightCount > unpublishedChains else { return false }
    let flags = memory.load16(at: layout.flags(of: nextUsed))
    return flags >> 7 & 1 == usedLap && flags >> 15 == usedLap
  }

  func takeUsed() -> UsedChain? {
    guard hasUsed else { return nil }
    // The rest of the descriptor is read after the flags, and only once.
    Barrier.acquire()
    let word = memory.load64(at: layout.descriptors &+ nextUsed &* 16 &+ 8)
    let name = Int(word >> 32 & 0xffff)
    let written = UInt32(truncatingIfNeeded: word)
    guard name < size else { return markBroken() }
    let record = records[name]
    let writable = record.writableByteCount
    guard record.placeCount > 0, written <= writable || writable == 0 else { return markBroken() }
    if record.table >= 0 { indirectTables?.give(Int(record.table)) }
    records[name] = Record(next: Int32(truncatingIfNeeded: firstFree))
    firstFree = name
    freeCount &+= Int(record.placeCount)
    inFlightCount &-= 1
    nextUsed &+= Int(record.placeCount)
    if nextUsed >= size {
      nextUsed &-= size
      usedLap ^= 1
    }
    if wantsInterrupts, usesEventIndex { askForNext() }
    return UsedChain(name: name, writtenByteCount: Int(min(written, writable)))
  }

  private func markBroken() -> UsedChain? {
    isBroken = true
    return nil
  }

  // MARK: Interrupts

  func suppressInterrupts() {
    guard wantsInterrupts else { return }
    wantsInterrupts = false
    // RING_EVENT_FLAGS_DISABLE (section 2.8.14)
    memory.store16(1, at: layout.driverEvent &+ 2)
  }

  func requestInterrupts() -> Bool {
    wantsInterrupts = true
    if usesEventIndex {
      askForNext()
    } else {
      memory.store16(0, at: layout.driverEvent &+ 2)
      Barrier.full()
    }
    return hasUsed
  }

  /// Asks for an interrupt when the next place is used: RING_EVENT_FLAGS_DESC.
  private func askForNext() {
    memory.store16(
      UInt16(truncatingIfNeeded: nextUsed) | usedLap << 15, at: layout.driverEvent)
    Barrier.release()
    memory.store16(2, at: layout.driverEvent &+ 2)
    Barrier.full()
  }
}

/// Where the parts of a packed queue lie (virtio 1.2 section 2.8.10). It takes less room than a
/// split queue of the same size.
struct PackedLayout: BitwiseCopyable {
  let descriptors: Int
  /// What the driver wants to be told of: `struct pvirtq_event_suppress`, written by us.
  let driverEvent: Int
  /// What the device wants to be told of.
  let deviceEvent: Int

  init(size: Int, offset: Int) {
    descriptors = offset
    driverEvent = offset &+ size &* 16
    deviceEvent = driverEvent &+ 4
  }

  @inline(__always)
  func flags(of place: Int) -> Int { descriptors &+ place &* 16 &+ 14 }
}
