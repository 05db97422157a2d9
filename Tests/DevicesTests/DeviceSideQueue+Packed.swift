// SPDX-License-Identifier: BSD-3-Clause

import Machine

/// Packed queues (virtio 1.2 section 2.8).
extension DeviceSideQueue {
  /// Where the descriptor of a place is.
  func packedPlace(_ place: Int) -> UInt { addresses.descriptors.rawValue + UInt(place) * 16 }

  mutating func popPacked() -> Chain? {
    var chain = Chain(head: 0, parts: [])
    var count = 0
    while true {
      let place = packedPlace(Int(nextAvailable))
      let flags = load(place + 14, 2)
      chain.head = UInt32(load(place + 12, 2))
      if flags & 4 != 0 {
        chain.isIndirect = true
        let table = UInt(load(place, 8))
        for entry in 0..<min(UInt(load(place + 8, 4)) / 16, 1024) {
          chain.parts.append(part(at: table + entry * 16, load(table + entry * 16 + 14, 2)))
        }
      } else {
        chain.parts.append(part(at: place, flags))
      }
      count += 1
      nextAvailable += 1
      if Int(nextAvailable) == size {
        nextAvailable = 0
        availableLap ^= 1
      }
      // NEXT is not looked at beside INDIRECT.
      if flags & 5 != 1 || count == size { break }
    }
    placeCounts[chain.head] = count
    if usesEventIndex { askForNotification(at: Int(nextAvailable), lap: availableLap) }
    return chain
  }

  private func part(at address: UInt, _ flags: UInt64) -> Part {
    Part(
      address: UInt(load(address, 8)), byteCount: Int(load(address + 8, 4)),
      isWritable: flags & 2 != 0)
  }

  /// Wants to be notified when that place is made available, and of none before.
  func askForNotification(at place: Int, lap: UInt64) {
    store(UInt64(place) | lap << 15, used, 2)
    store(2, used + 2, 2)
  }

  mutating func pushPacked(_ name: UInt32, writtenByteCount: UInt32) -> Bool {
    let place = packedPlace(Int(usedIndex))
    store(UInt64(writtenByteCount), place + 8, 4)
    store(UInt64(name & 0xffff), place + 12, 2)
    store(usedLap << 7 | usedLap << 15 | (writtenByteCount > 0 ? 2 : 0), place + 14, 2)
    let old = Int(usedIndex)
    let oldLap = usedLap
    let count = placeCounts.removeValue(forKey: name) ?? 1
    usedIndex += UInt16(count)
    if Int(usedIndex) >= size {
      usedIndex -= UInt16(size)
      usedLap ^= 1
    }
    switch load(available + 2, 2) & 3 {
    case 0: return true
    case 2 where usesEventIndex:
      // Whether the place that is asked for is one of those just passed.
      let event = load(available, 2)
      return (0..<count).contains { step in
        let place = old + step
        let lap = place >= size ? oldLap ^ 1 : oldLap
        return UInt64(place % size) | lap << 15 == event
      }
    default: return false
    }
  }
}
