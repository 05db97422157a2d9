// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine
import Testing
import Virtio

@Suite("Virtqueue")
struct VirtqueueTests {
  private func make(
    size: Int, usesEventIndex: Bool, isPacked: Bool = false
  ) -> (Virtqueue, DeviceSideQueue, DMAMemory) {
    let memory = DMAMemory(pageCount: 2)!
    let queue = Virtqueue(
      index: 3, size: size, memory: memory, offset: 64, usesEventIndex: usesEventIndex,
      isPacked: isPacked)
    let device = DeviceSideQueue(
      size: size, addresses: queue.addresses, usesEventIndex: usesEventIndex, isPacked: isPacked)
    return (queue, device, memory)
  }

  @Test("the parts lie as virtio 1.2 section 2.7 says", arguments: [1, 2, 4, 16, 256])
  func layout(size: Int) {
    let memory = DMAMemory(pageCount: 4)!
    let queue = Virtqueue(index: 0, size: size, memory: memory, offset: 32, usesEventIndex: false)
    let base = memory.physicalAddress.rawValue
    let at = queue.addresses
    #expect(at.descriptors.rawValue == base + 32)
    #expect(at.descriptors.rawValue % 16 == 0)
    #expect(at.available.rawValue >= at.descriptors.rawValue + UInt(16 * size))
    #expect(at.available.rawValue % 2 == 0)
    #expect(at.used.rawValue >= at.available.rawValue + UInt(6 + 2 * size))
    #expect(at.used.rawValue % 4 == 0)
    let layout = VirtqueueLayout(size: size, offset: 32)
    #expect(UInt(layout.end) + base >= at.used.rawValue + UInt(6 + 8 * size))
    #expect(layout.byteCount % 16 == 0)
  }

  @Test("a chain reaches the device as it was given", arguments: [false, true])
  func chain(isPacked: Bool) throws {
    var (queue, device, memory) = make(size: 4, usesEventIndex: false, isPacked: isPacked)
    let base = memory.physicalAddress.rawValue
    let name = try #require(
      queue.add(
        .read(from: memory, offset: 4096, byteCount: 16),
        .written(to: memory, offset: 5000, byteCount: 512),
        .written(to: memory, offset: 8191, byteCount: 1)))
    #expect(device.isEmpty, "not before it is published")
    #expect(queue.publish())
    #expect(!queue.publish(), "nothing new")
    let popped = device.pop()
    let chain = try #require(popped)
    #expect(
      chain.parts == [
        .init(address: base + 4096, byteCount: 16, isWritable: false),
        .init(address: base + 5000, byteCount: 512, isWritable: true),
        .init(address: base + 8191, byteCount: 1, isWritable: true),
      ])
    #expect(queue.freeCount == 1 && queue.inFlightCount == 1)
    #expect(queue.takeUsed() == nil)
    device.push(chain.head, writtenByteCount: 513)
    #expect(queue.hasUsed)
    let used = queue.takeUsed()
    #expect(used?.name == name && used?.writtenByteCount == 513)
    #expect(queue.freeCount == 4 && queue.inFlightCount == 0 && !queue.hasUsed)
  }

  /// Whether it uses the event index, and whether it is packed.
  private static let kinds = [(false, false), (true, false), (false, true), (true, true)]

  @Test("chains come back in any order, for ever", arguments: [1, 2, 4, 8], kinds)
  func anyOrder(size: Int, kind: (Bool, Bool)) {
    var random = SeededGenerator(seed: UInt64(size))
    var (queue, device, memory) = make(size: size, usesEventIndex: kind.0, isPacked: kind.1)
    var atDevice: [DeviceSideQueue.Chain] = []
    var expected: [Int: Int] = [:]
    var order: [(name: Int, written: Int)] = []
    // More than 65536 rounds, so that the indices wrap.
    for round in 0..<70_000 {
      switch Int.random(in: 0...2, using: &random) {
      case 0:
        let count = Int.random(in: 1...3, using: &random)
        let length = Int.random(in: 1...64, using: &random)
        let part = VirtioBuffer.written(to: memory, offset: 4096, byteCount: length)
        let free = queue.freeCount
        let name = queue.add(part, count > 1 ? part : nil, count > 2 ? part : nil)
        if count > free {
          if name != nil { Issue.record("more descriptors than there are, round \(round)") }
        } else if let name {
          if expected[name] != nil { Issue.record("a name in use was given again") }
          expected[name] = count * length
          _ = queue.publish()
        } else {
          Issue.record("refused although descriptors are free")
        }
      case 1:
        while let chain = device.pop() { atDevice.append(chain) }
        if let index = atDevice.indices.randomElement(using: &random) {
          let chain = atDevice.remove(at: index)
          let total = chain.parts.reduce(0) { $0 + $1.byteCount }
          let written = Int.random(in: 0...total, using: &random)
          device.push(chain.head, writtenByteCount: UInt32(written))
          order.append((Int(chain.head), written))
        }
      default:
        if let used = queue.takeUsed() {
          let next = order.removeFirst()
          if used.name != next.name || used.writtenByteCount != next.written
            || expected.removeValue(forKey: used.name) == nil
          {
            Issue.record("wrong chain came back in round \(round)")
          }
        } else if !order.isEmpty {
          Issue.record("a used chain was not seen")
        }
      }
      if queue.isBroken || queue.inFlightCount != expected.count {
        Issue.record("lost count in round \(round)")
        return
      }
    }
  }

  @Test("the device is notified only when it asks", arguments: [false, true])
  func notificationFlag(isPacked: Bool) {
    let (queue, device, memory) = make(size: 4, usesEventIndex: false, isPacked: isPacked)
    let part = VirtioBuffer.read(from: memory, offset: 4096, byteCount: 1)
    device.setWantsNotifications(false)
    _ = queue.add(part)
    #expect(!queue.publish())
    device.setWantsNotifications(true)
    _ = queue.add(part)
    #expect(queue.publish())
  }

  @Test("with the event index the device is notified when it runs dry")
  func notificationEvent() {
    var (queue, device, memory) = make(size: 4, usesEventIndex: true)
    let part = VirtioBuffer.read(from: memory, offset: 4096, byteCount: 1)
    _ = queue.add(part)
    #expect(queue.publish(), "the device waits for index 0")
    _ = queue.add(part)
    #expect(!queue.publish(), "it has not looked yet")
    _ = device.pop()
    _ = queue.add(part)
    #expect(!queue.publish(), "it asked for index 1, which has passed")
    _ = device.pop()
    _ = device.pop()
    _ = queue.add(part)
    #expect(queue.publish())
  }

  @Test("interrupts come only when they are asked for", arguments: kinds)
  func interrupts(usesEventIndex: Bool, isPacked: Bool) throws {
    var (queue, device, memory) = make(
      size: 4, usesEventIndex: usesEventIndex, isPacked: isPacked)
    let part = VirtioBuffer.read(from: memory, offset: 4096, byteCount: 1)
    func complete() throws -> Bool {
      _ = queue.add(part)
      _ = queue.publish()
      let popped = device.pop()
      let chain = try #require(popped)
      return device.push(chain.head, writtenByteCount: 0)
    }
    #expect(try complete())
    #expect(queue.takeUsed() != nil)
    queue.suppressInterrupts()
    for _ in 0..<10 {
      #expect(try complete() == false)
      #expect(queue.takeUsed() != nil)
    }
    #expect(try complete() == false)
    #expect(queue.requestInterrupts(), "one waits already")
    #expect(queue.takeUsed() != nil)
    #expect(try complete())
    #expect(queue.takeUsed() != nil)
    #expect(!queue.requestInterrupts())
    #expect(try complete())
  }

  @Test(
    "long chains go to tables while there are any, and come back whole", arguments: 1...7,
    [false, true])
  func indirect(count: Int, isPacked: Bool) throws {
    let memory = DMAMemory(pageCount: 2)!
    let tables = try #require(IndirectTables(count: 2, length: 5))
    let queue = Virtqueue(
      index: 0, size: 8, memory: memory, offset: 0, usesEventIndex: false, isPacked: isPacked,
      indirectTables: tables)
    var device = DeviceSideQueue(
      size: 8, addresses: queue.addresses, usesEventIndex: false, isPacked: isPacked)
    #expect(queue.chainLimit == 8)
    func add() throws -> Int {
      var chain = try #require(queue.begin(count: count))
      for number in 0..<count {
        let at = 4096 + number * 10
        queue.append(
          number == count - 1
            ? .written(to: memory, offset: at, byteCount: 9)
            : .read(from: memory, offset: at, byteCount: number + 1), to: &chain)
      }
      return queue.finish(chain)
    }
    for _ in 0..<100 {
      // Three at once: the third finds no table.
      var names: [Int] = []
      for _ in 0..<3 where queue.hasRoom(for: count) { names.append(try add()) }
      #expect(names.count == (count <= 5 ? 3 : 1))
      let isIndirect = count > 2 && count <= 5
      if names.count == 1 { #expect(queue.begin(count: count) == nil) }
      #expect(queue.freeCount == 8 - (isIndirect ? 2 + count : names.count * count))
      _ = queue.publish()
      for (index, name) in names.enumerated() {
        let popped = device.pop()
        let chain = try #require(popped)
        #expect(Int(chain.head) == name && chain.parts.count == count)
        #expect(chain.isIndirect == (isIndirect && index < 2))
        for (number, part) in chain.parts.enumerated() {
          #expect(part.address == memory.physicalAddress.rawValue + 4096 + UInt(number * 10))
          #expect(part.isWritable == (number == count - 1))
          #expect(part.byteCount == (part.isWritable ? 9 : number + 1))
        }
        device.push(chain.head, writtenByteCount: 9)
        let used = queue.takeUsed()
        #expect(used?.name == name && used?.writtenByteCount == 9)
      }
      #expect(queue.freeCount == 8 && queue.inFlightCount == 0)
    }
  }

  /// What a device may do wrong, as one step after it got one chain of 8 writable bytes.
  enum Misdeed: CaseIterable {
    case wroteTooMuch, wroteEnormously, unknownHead, enormousHead, headNotInFlight, twice
    case indexAhead, indexBehind, notPublished

    /// Those that are possible without an index.
    static let ofPackedQueues: [Misdeed] = [
      .wroteTooMuch, .wroteEnormously, .unknownHead, .enormousHead, .headNotInFlight, .twice,
    ]
  }

  @Test(
    "a device that breaks the protocol is marked broken",
    arguments: Misdeed.allCases.map { ($0, false) } + Misdeed.ofPackedQueues.map { ($0, true) })
  func hostile(_ misdeed: Misdeed, isPacked: Bool) throws {
    var (queue, device, memory) = make(size: 4, usesEventIndex: false, isPacked: isPacked)
    let head = try #require(queue.add(.written(to: memory, offset: 4096, byteCount: 8)))
    if misdeed != .notPublished { _ = queue.publish() }
    switch misdeed {
    case .wroteTooMuch: device.push(UInt32(head), writtenByteCount: 9)
    case .wroteEnormously: device.push(UInt32(head), writtenByteCount: .max)
    case .unknownHead: device.push(4, writtenByteCount: 0)
    case .enormousHead: device.push(.max, writtenByteCount: 0)
    case .headNotInFlight: device.push(UInt32(head ^ 1), writtenByteCount: 0)
    case .twice:
      _ = queue.add(.written(to: memory, offset: 4096, byteCount: 8))
      _ = queue.publish()
      device.push(UInt32(head), writtenByteCount: 0)
      device.push(UInt32(head), writtenByteCount: 0)
      #expect(queue.takeUsed() != nil, "the first time is right")
    case .indexAhead: device.store(2, device.used + 2, 2)
    case .indexBehind: device.store(0xffff, device.used + 2, 2)
    case .notPublished: device.push(UInt32(head), writtenByteCount: 0)
    }
    #expect(queue.takeUsed() == nil)
    #expect(queue.isBroken)
    #expect(!queue.hasUsed)
    #expect(queue.add(.written(to: memory, offset: 4096, byteCount: 8)) == nil)
    #expect(!queue.publish())
  }

  @Test("a wild device never gets the driver out of its buffers", arguments: 0..<60)
  func fuzz(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let size = 1 << Int.random(in: 0...4, using: &random)
    var (queue, device, memory) = make(
      size: size, usesEventIndex: seed % 2 == 0, isPacked: seed % 3 == 0)
    let ringEnd = VirtqueueLayout(size: size, offset: 64).end
    for offset in stride(from: 0, to: 64, by: 8) { memory.store64(0x5a5a, at: offset) }
    for offset in stride(from: 4096, to: 8192, by: 8) { memory.store64(0x5a5a, at: offset) }
    var inFlight: [Int: Int] = [:]
    for _ in 0..<3000 {
      switch Int.random(in: 0...9, using: &random) {
      case 0...3:
        let length = Int.random(in: 1...100, using: &random)
        if let name = queue.add(.written(to: memory, offset: 4096, byteCount: length)) {
          #expect(inFlight.updateValue(length, forKey: name) == nil)
          _ = queue.publish()
        }
      case 4...6:
        if let chain = device.pop() {
          device.push(chain.head % UInt32(size), writtenByteCount: seed < 40 ? 0 : 101)
        }
      case 7 where Int.random(in: 0...99, using: &random) == 0:
        // Anything anywhere in the rings.
        let offset = Int.random(in: 64..<ringEnd, using: &random)
        device.store(
          UInt64.random(in: 0...255, using: &random),
          memory.physicalAddress.rawValue + UInt(offset), 1)
      case 8:
        if Bool.random(using: &random) {
          queue.suppressInterrupts()
        } else {
          _ = queue.requestInterrupts()
        }
      default:
        if let used = queue.takeUsed() {
          let length = inFlight.removeValue(forKey: used.name)
          #expect(length != nil && used.writtenByteCount <= length!)
        }
      }
      #expect(queue.inFlightCount == inFlight.count)
    }
    for offset in stride(from: 0, to: 64, by: 8) { #expect(memory.load64(at: offset) == 0x5a5a) }
    for offset in stride(from: 4096, to: 8192, by: 8) {
      #expect(memory.load64(at: offset) == 0x5a5a)
    }
  }
}
