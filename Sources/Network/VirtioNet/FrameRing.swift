// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine
import Packets
import Virtio

/// A split queue (virtio 1.2 section 2.7) in which each chain is one buffer, and each buffer one
/// frame: half the work of a `Virtqueue`, which knows chains of any length.
///
/// Descriptors are used in turn, so that a place of the available ring always names the descriptor
/// of its own number, and is written once. A device that keeps a buffer while it gives back later
/// ones stops the ring for so long, and does no harm.
///
/// It distrusts the device as `Virtqueue` does: what is in flight is in memory of the driver's own,
/// and each value of the used ring is checked. A device that breaks the protocol is marked broken,
/// and nothing is taken from it any more.
final class FrameRing {
  /// Which queue of the device this is.
  let index: Int
  let size: Int
  private(set) var isBroken = false

  private let memory: DMAMemory
  // Where the parts are (sections 2.7.5, 2.7.6 and 2.7.8).
  private let descriptors: Int
  private let available: Int
  private let used: Int
  private let usedEvent: Int
  private let availableEvent: Int
  private let mask: UInt16
  private let usesEventIndex: Bool
  /// The frame behind each descriptor in flight.
  private let owners: PermanentTable<Packet?>

  /// The index that the device will see after `publish`, and the one that it sees now.
  private var nextAvailable: UInt16 = 0
  private var publishedAvailable: UInt16 = 0
  /// How far the used ring was consumed, and how far the device was seen to have filled it.
  private var nextUsed: UInt16 = 0
  private var seenUsed: UInt16 = 0
  private var wantsInterrupts = true

  /// Makes and enables a queue whose rings lie in `memory` from `offset` on.
  ///
  /// - Parameter bufferByteCount: how many bytes the device may write into each buffer; nil for a
  ///   queue of frames that it reads.
  /// - Throws: `queueUnavailable`.
  init(
    _ index: Int, of device: VirtioDevice, maximumSize: Int, memory: DMAMemory, offset: Int,
    bufferByteCount: Int? = nil
  ) throws(VirtioError) {
    var size = maximumSize
    while size > device.transport.maximumQueueSize(of: index) { size /= 2 }
    guard size > 0 else { throw device.fail(.queueUnavailable) }
    let layout = VirtqueueLayout(size: size, offset: offset)
    precondition(layout.end <= memory.byteCount, "rings do not fit in their memory")
    self.index = index
    self.size = size
    self.memory = memory
    descriptors = layout.descriptors
    available = layout.available
    used = layout.used
    usedEvent = layout.available + 4 + 2 * size
    availableEvent = layout.used + 4 + 8 * size
    mask = UInt16(size - 1)
    usesEventIndex = device.features.contains(.eventIndex)
    owners = PermanentTable(count: size) { _ in nil }
    for name in 0..<size {
      memory.store16(UInt16(name), at: available + 4 + 2 * name)
      // `VIRTQ_DESC_F_WRITE`, or nothing.
      memory.store64(
        UInt64(bufferByteCount ?? 0) | (bufferByteCount == nil ? 0 : 2) << 32,
        at: descriptors + 16 * name + 8)
    }
    let addresses = VirtqueueAddresses(
      descriptors: memory.physicalAddress + layout.descriptors,
      available: memory.physicalAddress + layout.available,
      used: memory.physicalAddress + layout.used)
    guard device.transport.enableQueue(index, size: size, addresses: addresses) else {
      throw device.fail(.queueUnavailable)
    }
  }

  /// Whether the next descriptor is free.
  var hasRoom: Bool {
    @inline(__always) get {
      switch owners[Int(nextAvailable & mask)] {
      case nil: true
      case .some: false
      }
    }
  }

  /// Gives the device a buffer to write to, from the packet's start on; there must be room. It learns
  /// of it with the next `publish`.
  @inline(__always)
  func lend(_ packet: consuming Packet) {
    let name = Int(nextAvailable & mask)
    memory.store64(UInt64(packet.physicalAddress.rawValue), at: descriptors &+ name &* 16)
    owners[name] = consume packet
    nextAvailable &+= 1
  }

  /// Gives the device a frame to send; there must be room. It learns of it with the next `publish`.
  @inline(__always)
  func send(_ packet: consuming Packet) {
    let place = descriptors &+ Int(nextAvailable & mask) &* 16
    memory.store64(UInt64(UInt32(truncatingIfNeeded: packet.byteCount)), at: place &+ 8)
    lend(packet)
  }

  /// Takes back the next frame that the device has used; nil when there is none.
  ///
  /// - Parameter writtenByteCount: how many bytes the device says to have written.
  @inline(__always)
  func take(_ writtenByteCount: inout Int) -> Packet? {
    if seenUsed == nextUsed, !lookForUsed() { return nil }
    // The entry is read only once.
    let entry = memory.load64(at: used &+ 4 &+ Int(nextUsed & mask) &* 8)
    let name = Int(entry & 0xffff_ffff)
    guard name < size, let packet = owners[name].take() else {
      markBroken()
      return nil
    }
    writtenByteCount = Int(entry >> 32)
    nextUsed &+= 1
    return packet
  }

  /// How many buffers the device does not know of yet.
  var unpublishedCount: Int {
    @inline(__always) get { Int(nextAvailable &- publishedAvailable) }
  }

  /// Reads how far the device has come.
  @inline(never)
  private func lookForUsed() -> Bool {
    let index = memory.load16(at: used &+ 2)
    guard index != nextUsed, !isBroken else { return false }
    guard index &- nextUsed <= publishedAvailable &- nextUsed else {
      markBroken()
      return false
    }
    seenUsed = index
    // Entries are read after the index that announced them.
    Barrier.acquire()
    return true
  }

  private func markBroken() {
    isBroken = true
    seenUsed = nextUsed
  }

  /// Shows the device all buffers given so far. Returns whether it wants to be notified.
  func publish() -> Bool {
    guard nextAvailable != publishedAvailable, !isBroken else { return false }
    let before = publishedAvailable
    // The descriptors must be there before the index says so (section 2.7.13.2).
    Barrier.release()
    memory.store16(nextAvailable, at: available &+ 2)
    publishedAvailable = nextAvailable
    // The index must be visible before the device's wish is read (section 2.7.13.3.1).
    Barrier.full()
    if usesEventIndex {
      let event = memory.load16(at: availableEvent)
      return nextAvailable &- event &- 1 < nextAvailable &- before
    }
    return memory.load16(at: used) & 1 == 0
  }

  /// Asks the device not to interrupt. Only a hint.
  func suppressInterrupts() {
    guard wantsInterrupts else { return }
    wantsInterrupts = false
    if usesEventIndex {
      // An index that the device has just passed comes round only after 65535 more buffers.
      memory.store16(nextUsed &- 1, at: usedEvent)
    } else {
      memory.store16(1, at: available)
    }
  }

  /// Asks the device to interrupt when it uses the next buffer. Returns whether used ones wait
  /// already; the device need not interrupt for those.
  func requestInterrupts() -> Bool {
    wantsInterrupts = true
    if usesEventIndex {
      memory.store16(nextUsed, at: usedEvent)
    } else {
      memory.store16(0, at: available)
    }
    Barrier.full()
    return !isBroken && (seenUsed != nextUsed || memory.load16(at: used &+ 2) != nextUsed)
  }
}
