// SPDX-License-Identifier: BSD-3-Clause

import Machine
import Virtio

/// The device's side of a queue, written from virtio 1.2 section 2.7, and section 2.8 for packed
/// ones, alone, and reaching memory by physical address only, as a device does.
struct DeviceSideQueue {
  struct Part: Equatable {
    var address: UInt
    var byteCount: Int
    var isWritable: Bool
  }

  struct Chain: Equatable {
    var head: UInt32
    var parts: [Part]
    var isIndirect = false
  }

  let size: Int
  let addresses: VirtqueueAddresses
  let usesEventIndex: Bool
  var isPacked = false
  var nextAvailable: UInt16 = 0
  var usedIndex: UInt16 = 0
  /// Of a packed queue: the laps of both, and how many places each chain takes.
  var availableLap: UInt64 = 1
  var usedLap: UInt64 = 1
  var placeCounts: [UInt32: Int] = [:]

  func load(_ address: UInt, _ byteCount: Int) -> UInt64 {
    SimulatedBus.loadMemory(at: address, byteCount: byteCount) ?? 0
  }

  func store(_ value: UInt64, _ address: UInt, _ byteCount: Int) {
    SimulatedBus.storeMemory(value, at: address, byteCount: byteCount)
  }

  var available: UInt { addresses.available.rawValue }
  var used: UInt { addresses.used.rawValue }

  var availableIndex: UInt16 { UInt16(load(available + 2, 2)) }
  var isEmpty: Bool {
    if isPacked {
      let flags = load(packedPlace(Int(nextAvailable)) + 14, 2)
      return flags >> 7 & 1 != availableLap || flags >> 15 & 1 == availableLap
    }
    return availableIndex == nextAvailable
  }

  /// Takes the next chain that the driver made available.
  mutating func pop() -> Chain? {
    guard !isEmpty else { return nil }
    if isPacked { return popPacked() }
    let head = UInt32(load(available + 4 + UInt(Int(nextAvailable) % size) * 2, 2))
    nextAvailable &+= 1
    var isIndirect = false
    if usesEventIndex { store(UInt64(nextAvailable), used + 4 + UInt(size) * 8, 2) }
    var parts: [Part] = []
    var number = UInt(head)
    var table = addresses.descriptors.rawValue
    var limit = size
    while parts.count <= limit {
      let descriptor = table + number * 16
      let flags = load(descriptor + 12, 2)
      // Only at the start of a chain, and without a next (section 2.7.5.3.1).
      if flags == 4, parts.isEmpty, !isIndirect {
        table = UInt(load(descriptor, 8))
        limit = min(Int(load(descriptor + 8, 4)) / 16, 1024)
        number = 0
        isIndirect = true
        continue
      }
      parts.append(
        Part(
          address: UInt(load(descriptor, 8)), byteCount: Int(load(descriptor + 8, 4)),
          isWritable: flags & 2 != 0))
      if flags & 1 == 0 { break }
      number = UInt(load(descriptor + 14, 2))
    }
    return Chain(head: head, parts: parts, isIndirect: isIndirect)
  }

  /// Gives a chain back. Returns whether the driver wants an interrupt.
  @discardableResult
  mutating func push(_ head: UInt32, writtenByteCount: UInt32) -> Bool {
    if isPacked { return pushPacked(head, writtenByteCount: writtenByteCount) }
    let entry = used + 4 + UInt(Int(usedIndex) % size) * 8
    store(UInt64(head), entry, 4)
    store(UInt64(writtenByteCount), entry + 4, 4)
    let old = usedIndex
    usedIndex &+= 1
    store(UInt64(usedIndex), used + 2, 2)
    if usesEventIndex {
      let event = UInt16(load(available + 4 + UInt(size) * 2, 2))
      return usedIndex &- event &- 1 < usedIndex &- old
    }
    return load(available, 2) & 1 == 0
  }

  /// Without the event index: whether the driver shall notify.
  func setWantsNotifications(_ wants: Bool) {
    store(wants ? 0 : 1, isPacked ? used + 2 : used, 2)
  }

  /// The bytes of the parts that the device may read.
  func readableBytes(of chain: Chain) -> [UInt8] {
    var bytes: [UInt8] = []
    for part in chain.parts where !part.isWritable {
      var offset = 0
      while offset < part.byteCount {
        let size = part.byteCount - offset >= 8 ? 8 : 1
        let word = load(part.address + UInt(offset), size)
        for index in 0..<size { bytes.append(UInt8(truncatingIfNeeded: word >> (8 * index))) }
        offset += size
      }
    }
    return bytes
  }

  /// Writes bytes to the parts that the device may write; returns how many fitted.
  func write(_ bytes: [UInt8], to chain: Chain) -> Int {
    var done = 0
    for part in chain.parts where part.isWritable {
      for offset in 0..<min(part.byteCount, bytes.count - done) {
        store(UInt64(bytes[done + offset]), part.address + UInt(offset), 1)
      }
      done += min(part.byteCount, bytes.count - done)
    }
    return done
  }
}
