// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes
import Machine
import Packets
import Testing
import Virtio

@testable import VirtioNet

@Suite("Virtio network device")
struct VirtioNetTests {
  /// `count` bytes that differ.
  private func bytes(_ count: Int, _ seed: Int = 0) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ seed) }
  }

  private func receiveAll(_ net: VirtioNet) -> [[[UInt8]]] {
    var result: [[[UInt8]]] = []
    var rest = PacketQueue()
    while let packet = net.receive(rest: &rest) {
      var pieces = [packet.testBytes]
      while let piece = rest.removeFirst() { pieces.append(piece.testBytes) }
      result.append(pieces)
    }
    return result
  }

  // MARK: Negotiation and configuration

  @Test("what the device offers and the driver knows is agreed on")
  func negotiation() throws {
    let model = SimulatedNet()
    let net = try model.makeDriver()
    // Not bit 22, multiple queues.
    let bits: [UInt64] = [0, 1, 3, 5, 7, 8, 11, 12, 15, 16, 17, 18, 28, 29, 32]
    #expect(model.driverFeatures == bits.reduce(0) { $0 | 1 << $1 })
    #expect(net.hardwareAddress == MACAddress(0x5254_0012_3456))
    #expect(net.mtu == 1500 && net.isLinkUp)
    #expect(
      net.offloads == [
        .transmitChecksum, .segmentation4, .segmentation6, .receiveChecksum, .joining4, .joining6,
      ])
    #expect(model.status == 15)
  }

  @Test("features that need others are left out with them")
  func dependencies() throws {
    func offloads(without bits: UInt64..., unwanted: VirtioNet.Offloads = []) throws
      -> VirtioNet.Offloads
    {
      var features = SimulatedNet.allFeatures
      for bit in bits { features &= ~(1 << bit) }
      return try SimulatedNet(features: features).makeDriver(unwanted: unwanted).offloads
    }
    #expect(try offloads(without: 0) == [.receiveChecksum, .joining4, .joining6])
    #expect(
      try offloads(without: 1) == [.transmitChecksum, .segmentation4, .segmentation6])
    #expect(
      try offloads(without: 15)
        == [.transmitChecksum, .segmentation4, .segmentation6, .receiveChecksum])
    #expect(
      try offloads(without: 12, unwanted: [.joining4, .joining6])
        == [.transmitChecksum, .segmentation4, .receiveChecksum])
    let bare = try SimulatedNet(features: 0).makeDriver()
    #expect(bare.offloads == [] && bare.hardwareAddress == nil && bare.mtu == nil && bare.isLinkUp)
  }

  @Test("addresses and sizes that cannot be are not taken")
  func configuration() throws {
    let model = SimulatedNet(mtu: 67, isLinkUp: false)
    model.configuration[0] = 1
    let net = try model.makeDriver()
    #expect(net.hardwareAddress == nil && net.mtu == nil && !net.isLinkUp)
    model.configuration[6] = 1
    model.interruptStatus = 2
    net.beginPolling()
    #expect(net.isLinkUp && model.interruptStatus == 0)
  }

  @Test("receive modes go to the control queue, one at a time")
  func control() throws {
    let model = SimulatedNet()
    let net = try model.makeDriver()
    #expect(net.setPromiscuous(true))
    #expect(net.setAllMulticast(false))
    #expect(model.commands == [[0, 0, 1], [0, 1, 0]])
    model.isAsynchronous = true
    #expect(net.setPromiscuous(false))
    #expect(!net.setPromiscuous(true), "the last one is not answered")
    let without = try SimulatedNet(features: SimulatedNet.allFeatures & ~(1 << 17)).makeDriver()
    #expect(!without.setPromiscuous(true))
  }

  // MARK: Sending

  @Test("frames arrive whole, with one notification for all", arguments: SimulatedNet.queueFeatures)
  func send(features: UInt64) throws {
    let model = SimulatedNet(features: features)
    let net = try model.makeDriver()
    model.isAsynchronous = true
    model.notifications = []
    for count in 1...5 {
      net.transmit(frame((0..<count).map { bytes(60 + $0, count) }))
    }
    net.transmit(frame([bytes(60), [], bytes(3)]))
    net.flush()
    #expect(model.notifications.filter { $0 == 1 }.count == 1)
    model.run()
    #expect(model.sent.map(\.pieceCount) == [1, 2, 3, 4, 5, 2], "no empty buffers")
    for count in 1...5 {
      let expected = (0..<count).flatMap { bytes(60 + $0, count) }
      #expect(model.sent[count - 1].bytes == expected)
      #expect(model.sent[count - 1].header == NetHeader())
    }
    #expect(net.counters.sentFrames == 6 && net.counters.droppedFrames == 0)
  }

  @Test("checksums and segmentation are asked of the device")
  func offloads() throws {
    let model = SimulatedNet()
    let net = try model.makeDriver()
    var offload = PacketOffload()
    offload.checksum = .needed(start: UInt16(Packet.headroom + 34), offset: 16)
    net.transmit(frame([bytes(54)], offload: offload))
    offload.segmentation = .tcp6
    offload.segmentSize = 1440
    offload.headerEnd = UInt16(Packet.headroom + 54)
    net.transmit(frame([bytes(54)] + (0..<44).map { bytes(1440, $0) }, offload: offload))
    net.flush()
    let first = model.sent[0].header
    #expect(first.flags == 1 && first.checksumStart == 34 && first.checksumOffset == 16)
    #expect(first.segmentation == 0 && first.segmentSize == 0)
    let second = model.sent[1].header
    #expect(second.flags == 1 && second.segmentation == 4 && second.segmentSize == 1440)
    #expect(second.headerByteCount == 54 && model.sent[1].bytes.count == 54 + 44 * 1440)
  }

  @Test("offloads that make no sense, or that nobody does, are not sent")
  func badOffloads() throws {
    let net = try SimulatedNet().makeDriver()
    func offload(_ start: Int, _ offset: Int, _ headerEnd: Int, _ size: Int) -> PacketOffload {
      var offload = PacketOffload()
      offload.checksum = .needed(start: UInt16(start), offset: UInt16(offset))
      offload.segmentation = .tcp4
      offload.segmentSize = UInt16(size)
      offload.headerEnd = UInt16(headerEnd)
      return offload
    }
    let room = Packet.headroom
    net.transmit(frame([bytes(54)], offload: offload(room - 1, 16, room + 54, 1)))
    net.transmit(frame([bytes(54)], offload: offload(room + 40, 13, room + 54, 1)))
    net.transmit(frame([bytes(54)], offload: offload(room + 34, 16, room + 55, 1)))
    net.transmit(frame([bytes(54)], offload: offload(room + 34, 16, room + 54, 0)))
    #expect(net.counters.droppedFrames == 4)
    let plain = try SimulatedNet(features: 0).makeDriver()
    plain.transmit(frame([bytes(54)], offload: offload(room + 34, 16, room + 54, 1)))
    #expect(plain.counters.droppedFrames == 1)
  }

  @Test("without the device's help the driver makes the checksum")
  func softwareChecksum() throws {
    let model = SimulatedNet(features: 1 << 29)
    let net = try model.makeDriver()
    var offload = PacketOffload()
    offload.checksum = .needed(start: UInt16(Packet.headroom + 34), offset: 6)
    net.transmit(frame([bytes(43), bytes(7, 9)], offload: offload))
    net.flush()
    #expect(model.sent.count == 1)
    let covered = Array(model.sent[0].bytes.dropFirst(34))
    // The field held a partial sum that is part of the whole.
    var sum = covered.indices.reduce(0) { $0 + Int(covered[$1]) << ($1 % 2 == 0 ? 8 : 0) }
    let old = bytes(43)
    sum += Int(old[40]) << 8 + Int(old[41]) - Int(covered[6]) << 8 - Int(covered[7])
    while sum >> 16 != 0 { sum = sum & 0xffff + sum >> 16 }
    #expect(Int(covered[6]) << 8 | Int(covered[7]) == ~sum & 0xffff)
    #expect(model.sent[0].header == NetHeader())
  }

  @Test(
    "a device that falls behind gets every frame in order", arguments: SimulatedNet.queueFeatures)
  func backlog(features: UInt64) throws {
    let model = SimulatedNet(features: features)
    model.maximumQueueSize = 16
    let net = try model.makeDriver()
    model.isAsynchronous = true
    for number in 0..<3000 {
      net.transmit(frame((0...number % 4).map { _ in bytes(20, number) }))
      if number % 5 == 0 { net.flush() }
    }
    #expect(net.backlogCount > 2900)
    var rounds = 0
    while model.sent.count < 3000, rounds < 10_000 {
      rounds += 1
      model.interruptCount = 0
      model.run(limit: 7)
      if model.interruptCount > 0 { net.beginPolling() }
    }
    #expect(model.sent.count == 3000)
    let expected = (0..<3000).map { number in (0...number % 4).flatMap { _ in bytes(20, number) } }
    #expect(zip(model.sent, expected).allSatisfy { $0.bytes == $1 })
    #expect(net.backlogCount == 0 && net.counters.droppedFrames == 0)
    for _ in 0..<6000 { net.transmit(frame([bytes(20)])) }
    #expect(net.counters.droppedFrames > 1800, "the backlog has a limit")
  }

  // MARK: Receiving

  @Test("packets come in order with what the device says of them")
  func receive() throws {
    let model = SimulatedNet()
    let net = try model.makeDriver()
    var header = NetHeader()
    header.flags = 2
    model.deliver(bytes(60))
    model.deliver(bytes(1514, 3), header: header)
    header.flags = 1
    header.checksumStart = 34
    header.checksumOffset = 16
    header.segmentation = 1
    header.segmentSize = 1460
    model.deliver(bytes(54, 5), header: header)
    var rest = PacketQueue()
    guard let first = net.receive(rest: &rest), let second = net.receive(rest: &rest),
      let third = net.receive(rest: &rest)
    else {
      Issue.record("three packets were delivered")
      return
    }
    #expect(first.testBytes == bytes(60) && second.testBytes == bytes(1514, 3))
    let plain = first.offload, verified = second.offload, joined = third.offload
    guard case .none = plain.checksum, case .verified = verified.checksum,
      case .needed(let start, let offset) = joined.checksum
    else {
      Issue.record("wrong checksum states")
      return
    }
    #expect(Int(start) == third.start + 34 && offset == 16)
    #expect(joined.segmentation == .tcp4 && joined.segmentSize == 1460)
    #expect(plain.segmentation == .none)
    #expect(first.start + 14 == 64, "the network header is on a cache line")
    let isEmpty = net.receive(rest: &rest) == nil
    #expect(isEmpty)
    #expect(net.counters.receivedPackets == 3 && net.counters.receivedBytes == 60 + 1514 + 54)
  }

  @Test(
    "a merged packet has pieces, its neighbours are apart", arguments: [3000, 20_000, 65_000],
    [0, 1 << 34])
  func merged(count: Int, with: UInt64) throws {
    let model = SimulatedNet(features: SimulatedNet.allFeatures | with)
    let net = try model.makeDriver()
    model.deliver(bytes(60))
    #expect(model.deliver(bytes(count, 9)))
    model.deliver(bytes(61))
    let packets = receiveAll(net)
    #expect(packets.map(\.count) == [1, (count + 12 + 2009) / 2010, 1])
    #expect(packets.map { $0.flatMap { $0 } } == [bytes(60), bytes(count, 9), bytes(61)])
  }

  @Test(
    "buffers go round for ever",
    arguments: SimulatedNet.queueFeatures + [SimulatedNet.allFeatures & ~(1 << 15)])
  func recycling(features: UInt64) throws {
    let pool = try #require(PacketPool(bufferCount: 300, byteCount: 2048))
    let model = SimulatedNet(features: features)
    let net = try model.makeDriver(pool: pool)
    #expect(pool.availableCount == 300 - 64)
    for round in 0..<100 {
      net.beginPolling()
      for number in 0..<50 { #expect(model.deliver(bytes(100, round + number))) }
      var rest = PacketQueue()
      var count = 0
      repeat {
        while let packet = net.receive(rest: &rest) {
          // Each packet goes back as it came.
          #expect(packet.testBytes == bytes(100, round + count))
          net.transmit(Frame(packet))
          count += 1
        }
        net.flush()
      } while net.endPolling()
      #expect(count == 50 && model.sent.count == 50)
      model.sent = []
    }
    // Once more than half of the 64 came in one round, twice as many were given.
    #expect(pool.availableCount == 300 - 128 && net.counters.droppedFrames == 0)
    #expect(net.device.state == .running)
  }

  @Test("an empty pool stops the device, and a flush starts it again")
  func starvation() throws {
    let pool = try #require(PacketPool(bufferCount: 8, byteCount: 2048))
    let model = SimulatedNet()
    let net = try model.makeDriver(pool: pool)
    var held = PacketQueue()
    var rest = PacketQueue()
    for _ in 0..<8 { #expect(model.deliver(bytes(60))) }
    #expect(!model.deliver(bytes(60)))
    while let packet = net.receive(rest: &rest) { held.append(packet) }
    net.flush()
    #expect(held.count == 8 && !model.deliver(bytes(60)))
    held.removeAll()
    net.flush()
    #expect(model.deliver(bytes(62)))
    #expect(receiveAll(net) == [[bytes(62)]])
  }

  @Test("the device interrupts between rounds only", arguments: SimulatedNet.queueFeatures)
  func interrupts(features: UInt64) throws {
    let model = SimulatedNet(features: features)
    let net = try model.makeDriver()
    model.deliver(bytes(60))
    #expect(model.interruptCount == 1)
    net.beginPolling()
    #expect(model.interruptStatus == 0)
    for _ in 0..<10 { model.deliver(bytes(60)) }
    #expect(receiveAll(net).count == 11)
    for _ in 0..<10 { net.transmit(frame([bytes(60)])) }
    net.flush()
    model.deliver(bytes(60))
    #expect(net.endPolling(), "one has come meanwhile")
    model.deliver(bytes(60))
    #expect(model.interruptCount == 1)
    #expect(receiveAll(net).count == 2)
    #expect(!net.endPolling())
    model.deliver(bytes(60))
    #expect(model.interruptCount == 2)
  }

  // MARK: Hostile devices

  @Test("packets that make no sense are dropped, and the next one comes")
  func nonsense() throws {
    let model = SimulatedNet()
    let net = try model.makeDriver()
    func header(
      flags: UInt8 = 0, start: UInt16 = 0, offset: UInt16 = 0, kind: UInt8 = 0, size: UInt16 = 0
    ) -> [UInt8] {
      var header = NetHeader()
      header.flags = flags
      header.checksumStart = start
      header.checksumOffset = offset
      header.segmentation = kind
      header.segmentSize = size
      header.bufferCount = 1
      return SimulatedNet.bytes(of: header)
    }
    let bad: [[UInt8]] = [
      header(), header() + bytes(13), header(flags: 1, start: 59) + bytes(60),
      header(flags: 1, start: .max, offset: .max) + bytes(60), header(kind: 1) + bytes(60),
      header(kind: 3, size: 1) + bytes(60), header(kind: 0x81, size: 1) + bytes(60),
    ]
    for packet in bad { model.deliverRaw(packet) }
    model.deliver(bytes(60))
    #expect(receiveAll(net) == [[bytes(60)]])
    #expect(net.counters.droppedPackets == UInt64(bad.count))
    #expect(net.device.state == .running)
  }

  @Test("what was not agreed on is not believed")
  func notAgreed() throws {
    let model = SimulatedNet(features: 1 << 29)
    let net = try model.makeDriver()
    var header = NetHeader()
    header.flags = 2
    model.deliver(bytes(60), header: header)
    header.segmentation = 1
    header.segmentSize = 100
    model.deliver(bytes(60), header: header)
    var rest = PacketQueue()
    guard let packet = net.receive(rest: &rest) else {
      Issue.record("the first one is good")
      return
    }
    guard case .none = packet.offload.checksum else {
      Issue.record("a checksum was believed")
      return
    }
    let isEmpty = net.receive(rest: &rest) == nil
    #expect(isEmpty && net.counters.droppedPackets == 1)
  }

  /// What a device may do wrong with the receive queue.
  enum Misdeed: CaseIterable {
    case shortHeader, nothing, noBuffers, tooManyBuffers, manyBuffers, tooLong, enormous
    case unknownName, twice
  }

  @Test(
    "a device that breaks the protocol is given up", arguments: Misdeed.allCases, [0, 1 << 34])
  func broken(_ misdeed: Misdeed, with: UInt64) throws {
    let model = SimulatedNet(features: SimulatedNet.allFeatures | with)
    let net = try model.makeDriver()
    func raw(_ bufferCount: UInt16) -> [UInt8] {
      var header = NetHeader()
      header.bufferCount = bufferCount
      return SimulatedNet.bytes(of: header) + bytes(60)
    }
    switch misdeed {
    case .shortHeader: model.deliverRaw(Array(raw(1).prefix(11)))
    case .nothing: model.deliverRaw([])
    case .noBuffers: model.deliverRaw(raw(0))
    case .tooManyBuffers: model.deliverRaw(raw(2))
    case .manyBuffers:
      for _ in 0..<20 { model.deliverRaw(raw(.max)) }
    case .tooLong: model.deliverRaw(raw(1), writtenByteCount: 2048)
    case .enormous: model.deliverRaw(raw(1), writtenByteCount: .max)
    case .unknownName: model.push(0, 256, writtenByteCount: 72)
    case .twice:
      model.push(0, 3, writtenByteCount: 72)
      model.push(0, 3, writtenByteCount: 72)
    }
    _ = receiveAll(net)
    _ = receiveAll(net)
    #expect(net.device.state == .failed)
    #expect(model.status == 128)
    // Nothing works any more, and nothing traps.
    for _ in 0..<600 { net.transmit(frame([bytes(60)])) }
    net.flush()
    net.beginPolling()
    #expect(!net.endPolling())
    #expect(receiveAll(net).isEmpty && model.sent.isEmpty)
  }

  @Test(
    "a device that returns frames it does not have is given up",
    arguments: [(7, false), (256, false), (1 << 31, false), (7, true), (256, true), (65_535, true)])
  func brokenTransmit(head: UInt32, isPacked: Bool) throws {
    let model = SimulatedNet(features: SimulatedNet.allFeatures | (isPacked ? 1 << 34 : 0))
    let net = try model.makeDriver()
    model.isAsynchronous = true
    net.transmit(frame([bytes(60)]))
    net.flush()
    model.push(1, head, writtenByteCount: 0)
    net.flush()
    #expect(net.device.state == .failed)
  }

  @Test("a wild device never traps the driver nor keeps buffers", arguments: 0..<40)
  func fuzz(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let pool = try #require(PacketPool(bufferCount: 300, byteCount: 2048))
    let isPacked = seed % 2 == 0
    let model = SimulatedNet(
      features: (isPacked ? 1 << 34 : 0)
        | (seed % 3 == 0
          ? 1 << 29 : SimulatedNet.allFeatures & ~(seed % 5 == 0 ? 1 << 15 : 0)))
    let net = try model.makeDriver(pool: pool)
    var byteCount = 0
    for step in 0..<1000 where net.device.state == .running {
      switch Int.random(in: 0...9, using: &random) {
      case 0...4:
        var header = (0..<12).map { _ in UInt8.random(in: 0...255, using: &random) }
        if Int.random(in: 0...20, using: &random) > 0 {
          header[10] = 1
          header[11] = 0
        }
        if Bool.random(using: &random) { header[1] = 0 }
        model.deliverRaw(header + bytes(Int.random(in: 0...1600, using: &random), step))
      case 5: net.transmit(frame([bytes(20), bytes(9)]))
      case 6: net.flush()
      case 7 where Int.random(in: 0...30, using: &random) == 0:
        let ring = model.rings[Int.random(in: 0...1, using: &random)]!
        ring.store(
          UInt64.random(in: 0...255, using: &random),
          (isPacked ? ring.packedPlace(0) : ring.used) + UInt.random(in: 0..<2000, using: &random),
          1)
      default:
        net.beginPolling()
        for packet in receiveAll(net) {
          #expect(packet[0].count >= 14)
          byteCount += packet[0].count
        }
        _ = net.endPolling()
      }
      #expect(pool.availableCount >= 300 - 256 - 1)
    }
    #expect(net.device.state == .failed || byteCount > 0)
  }
}
