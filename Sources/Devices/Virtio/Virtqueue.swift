// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine

/// The driver's side of a split virtqueue (virtio 1.2 section 2.7).
///
/// The device is not trusted. What the driver relies on (which descriptors are free, how chains
/// hang together, how long buffers are) is kept in memory of the driver's own; the rings are only
/// written, except for the used ring, where each value is checked. A device that breaks the
/// protocol is marked broken, and from then on nothing is taken from it.
///
/// Memory of a buffer belongs to the device from `add` until `takeUsed` returns its chain; the
/// queue keeps it alive for so long.
///
/// Does no access outside the rings: notifying the device is up to the caller.
public final class Virtqueue {
  /// Which queue of the device this is.
  public let index: Int
  /// How many descriptors there are, a power of two.
  public let size: Int
  /// Whether the device broke the protocol.
  public private(set) var isBroken = false
  /// How many descriptors are free.
  public private(set) var freeCount: Int

  private let memory: DMAMemory
  private let layout: VirtqueueLayout
  private let usesEventIndex: Bool

  /// The driver's own record of each descriptor.
  private var descriptors: [Descriptor]
  private var firstFree: UInt16 = 0

  /// The index that the device will see after `publish`, and the one that it sees now.
  private var nextAvailable: UInt16 = 0
  private var publishedAvailable: UInt16 = 0
  /// How far the used ring was consumed.
  private var nextUsed: UInt16 = 0
  /// Chains given to the device, published or not.
  public private(set) var inFlightCount = 0
  private var wantsInterrupts = true

  /// What the driver remembers of one descriptor.
  private struct Descriptor {
    /// The next one of the chain or of the free list.
    var next: UInt16
    /// How many descriptors the chain has that starts here; 0 when no chain in flight does.
    var chainLength: UInt16 = 0
    /// How many bytes the device may write into the chain that starts here.
    var writableByteCount: UInt32 = 0
    /// Keeps the buffer alive while the device has it.
    var owner: DMAMemory? = nil
  }

  /// Creates a queue with its rings in `memory` from `offset` on.
  ///
  /// - Parameters:
  ///   - size: a power of two, at most 32768.
  ///   - offset: a multiple of 16; `VirtqueueLayout(size:).byteCount` bytes must follow. They must
  ///     be zero.
  public init(index: Int, size: Int, memory: DMAMemory, offset: Int, usesEventIndex: Bool) {
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
    freeCount = size
    descriptors = []
    descriptors.reserveCapacity(size)
    for number in 0..<size {
      descriptors.append(Descriptor(next: UInt16(truncatingIfNeeded: number &+ 1)))
    }
  }

  /// Where the device finds the rings.
  public var addresses: VirtqueueAddresses {
    VirtqueueAddresses(
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
    guard count <= freeCount, !isBroken else { return nil }
    let head = firstFree
    var writable = fill(first, isLast: count == 1)
    if let second { writable &+= fill(second, isLast: third == nil) }
    if let third { writable &+= fill(third, isLast: true) }
    descriptors[Int(head)].chainLength = UInt16(truncatingIfNeeded: count)
    descriptors[Int(head)].writableByteCount = writable
    memory.store16(head, at: layout.availableEntry(nextAvailable))
    nextAvailable &+= 1
    inFlightCount &+= 1
    return Int(head)
  }

  /// Takes the first free descriptor for `buffer`. Returns how many bytes the device may write.
  private func fill(_ buffer: VirtioBuffer, isLast: Bool) -> UInt32 {
    let number = firstFree
    let next = descriptors[Int(number)].next
    firstFree = next
    freeCount &-= 1
    descriptors[Int(number)].owner = buffer.memory
    let address = buffer.memory.physicalAddress.rawValue &+ UInt(bitPattern: buffer.offset)
    let length = UInt32(truncatingIfNeeded: buffer.byteCount)
    let flags: UInt16 = (isLast ? 0 : 1) | (buffer.isDeviceWritable ? 2 : 0)
    let offset = layout.descriptors &+ Int(number) &* 16
    memory.store64(UInt64(address), at: offset)
    memory.store64(
      UInt64(length) | UInt64(flags) << 32 | UInt64(isLast ? 0 : next) << 48, at: offset &+ 8)
    return buffer.isDeviceWritable ? length : 0
  }

  /// Shows the device all chains added so far.
  ///
  /// - Returns: whether the device wants to be notified of them.
  public func publish() -> Bool {
    guard nextAvailable != publishedAvailable, !isBroken else { return false }
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
    !isBroken && memory.load16(at: layout.usedIndex) != nextUsed
  }

  /// Takes back the next chain that the device has used, or returns nil when there is none.
  ///
  /// Marks the device broken when it returns what it does not have, more than it has, or claims
  /// to have written more than the chain can hold.
  public func takeUsed() -> UsedChain? {
    guard !isBroken else { return nil }
    let used = memory.load16(at: layout.usedIndex)
    guard used != nextUsed else { return nil }
    let published = inFlightCount &- Int(nextAvailable &- publishedAvailable)
    guard Int(used &- nextUsed) <= published else { return markBroken() }
    // The entry is read after the index that announced it.
    Barrier.acquire()
    let entry = layout.usedEntry(nextUsed)
    let head = memory.load32(at: entry)
    let written = memory.load32(at: entry &+ 4)
    guard head < UInt32(size) else { return markBroken() }
    let chainLength = descriptors[Int(head)].chainLength
    let writable = descriptors[Int(head)].writableByteCount
    // Some devices give a length for chains that they only read; it means nothing.
    guard chainLength > 0, written <= writable || writable == 0 else { return markBroken() }
    nextUsed &+= 1
    inFlightCount &-= 1
    release(UInt16(head), count: Int(chainLength))
    if wantsInterrupts, usesEventIndex {
      memory.store16(nextUsed, at: layout.usedEvent)
      Barrier.full()
    }
    return UsedChain(name: Int(head), writtenByteCount: Int(min(written, writable)))
  }

  /// Puts a chain's descriptors on the free list.
  private func release(_ head: UInt16, count: Int) {
    descriptors[Int(head)].chainLength = 0
    descriptors[Int(head)].writableByteCount = 0
    var last = Int(head)
    descriptors[last].owner = nil
    for _ in 1..<count {
      last = Int(descriptors[last].next)
      descriptors[last].owner = nil
    }
    descriptors[last].next = firstFree
    firstFree = head
    freeCount &+= count
  }

  private func markBroken() -> UsedChain? {
    isBroken = true
    return nil
  }

  // MARK: Interrupts

  /// Asks the device not to interrupt when it uses buffers. Only a hint.
  public func suppressInterrupts() {
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
