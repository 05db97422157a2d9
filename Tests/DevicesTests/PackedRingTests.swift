// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine
import Testing
import Virtio

/// What is different about packed queues (virtio 1.2 section 2.8); the rest is in `VirtqueueTests`.
@Suite("Packed virtqueue")
struct PackedRingTests {
  private func make(
    size: Int, usesEventIndex: Bool = false
  ) -> (Virtqueue, DeviceSideQueue, VirtioBuffer) {
    let memory = DMAMemory(pageCount: 2)!
    let queue = Virtqueue(
      index: 0, size: size, memory: memory, offset: 0, usesEventIndex: usesEventIndex,
      isPacked: true)
    let device = DeviceSideQueue(
      size: size, addresses: queue.addresses, usesEventIndex: usesEventIndex, isPacked: true)
    return (queue, device, .written(to: memory, offset: 4096, byteCount: 8))
  }

  @Test("the parts lie as section 2.8.10 says")
  func layout() {
    let (queue, _, _) = make(size: 16)
    let at = queue.addresses
    #expect(at.descriptors.rawValue % 16 == 0)
    #expect(at.available.rawValue == at.descriptors.rawValue + 256)
    #expect(at.available.rawValue % 4 == 0 && at.used.rawValue == at.available.rawValue + 4)
  }

  @Test("descriptors say whose they are, lap after lap")
  func flags() throws {
    var (queue, device, part) = make(size: 4)
    for lap in 0..<6 {
      for place in 0..<4 {
        _ = try #require(queue.add(part))
        let address = device.packedPlace(place) + 14
        let before = device.load(address, 2)
        #expect(before >> 7 & 1 == before >> 15 & 1, "not the device's before it is published")
        #expect(queue.publish())
        // AVAIL is bit 7, USED bit 15, WRITE bit 1.
        #expect(device.load(address, 2) == (lap % 2 == 0 ? 0x82 : 0x8002))
        let popped = device.pop()
        let chain = try #require(popped)
        device.push(chain.head, writtenByteCount: 8)
        #expect(queue.takeUsed() != nil && !queue.hasUsed)
      }
    }
  }

  @Test("several chains become visible at once, the first one last")
  func batch() throws {
    var (queue, device, part) = make(size: 8)
    for round in 0..<20 {
      let names = try (1...3).map { count in
        try #require(queue.add(part, count > 1 ? part : nil, count > 2 ? part : nil))
      }
      #expect(device.isEmpty, "round \(round)")
      #expect(queue.publish() && !queue.publish())
      for (index, name) in names.enumerated() {
        let popped = device.pop()
        let chain = try #require(popped)
        #expect(Int(chain.head) == name && chain.parts.count == index + 1)
      }
      #expect(device.isEmpty && queue.freeCount == 2)
      // Back in another order: the places are those of the first, the names their own.
      for name in names.reversed() { device.push(UInt32(name), writtenByteCount: 0) }
      for name in names.reversed() { #expect(queue.takeUsed()?.name == name) }
      #expect(queue.takeUsed() == nil && queue.freeCount == 8)
    }
  }

  @Test("what was not published cannot come back")
  func unpublished() throws {
    let (queue, _, part) = make(size: 2)
    _ = try #require(queue.add(part))
    var (_, other, _) = make(size: 2)
    other = DeviceSideQueue(
      size: 2, addresses: queue.addresses, usesEventIndex: false, isPacked: true)
    other.push(0, writtenByteCount: 0)
    #expect(!queue.hasUsed && queue.takeUsed() == nil && queue.inFlightCount == 1)
  }

  @Test("the device is notified when it reaches the place that it waits at", arguments: 0..<16)
  func notificationEvent(start: Int) throws {
    var (queue, device, part) = make(size: 8, usesEventIndex: true)
    device.askForNotification(at: 0, lap: 1)
    // From every place of two laps on.
    for _ in 0..<start {
      _ = try #require(queue.add(part))
      _ = queue.publish()
      let popped = device.pop()
      device.push(try #require(popped).head, writtenByteCount: 0)
      _ = try #require(queue.takeUsed())
    }
    _ = queue.add(part)
    #expect(queue.publish(), "it waits at the next place")
    _ = queue.add(part)
    #expect(!queue.publish(), "it has not looked yet")
    _ = device.pop()
    _ = queue.add(part)
    #expect(!queue.publish(), "it asked for a place that has passed")
    _ = device.pop()
    _ = device.pop()
    _ = queue.add(part, part, part)
    #expect(queue.publish(), "one of three")
    // Three places further on.
    let place = (start + 6 + 1) % 8
    device.askForNotification(at: place, lap: (start + 7) / 8 % 2 == 0 ? 1 : 0)
    _ = queue.add(part)
    #expect(!queue.publish())
    _ = queue.add(part)
    #expect(queue.publish())
  }

  @Test("a device that wants nothing, or nonsense, is not notified")
  func otherWishes() {
    for (flags, expected): (UInt64, Bool) in [(0, true), (1, false), (2, false), (3, false)] {
      let (queue, device, part) = make(size: 4)
      device.store(flags, device.used + 2, 2)
      _ = queue.add(part)
      #expect(queue.publish() == expected, "flags \(flags)")
    }
  }

  @Test("interrupts are asked for at the next place to be used", arguments: 0..<8)
  func interruptEvent(start: Int) throws {
    var (queue, device, part) = make(size: 4, usesEventIndex: true)
    func complete(_ count: Int) throws -> Bool {
      var names: [UInt32] = []
      for _ in 0..<count { _ = try #require(queue.add(part)) }
      _ = queue.publish()
      for _ in 0..<count {
        let popped = device.pop()
        names.append(try #require(popped).head)
      }
      return names.map { device.push($0, writtenByteCount: 0) }.last!
    }
    for _ in 0..<start {
      _ = try complete(1)
      #expect(queue.takeUsed() != nil)
    }
    queue.suppressInterrupts()
    #expect(try complete(2) == false)
    #expect(queue.requestInterrupts(), "two wait already")
    #expect(queue.takeUsed() != nil && queue.takeUsed() != nil)
    #expect(!queue.requestInterrupts())
    #expect(try complete(1))
    // The place asked for is that of the chain which waits: another one behind it stays quiet.
    #expect(try complete(1) == false)
  }
}
