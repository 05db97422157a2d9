// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes
import Machine
import Packets
import Testing
import Virtio

@testable import VirtioNet

@Suite("Virtio network device for raw frames")
struct VirtioNetPortTests {
  private func makePort(_ model: SimulatedNet) throws -> VirtioNetPort {
    try VirtioNetPort(#require(try model.makeTransport()), pool: netPool.value)
  }

  /// A frame of `count` bytes that differ.
  private func bytes(_ count: Int, _ seed: Int = 0) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ seed) }
  }

  @Test("no offload is agreed on, so that frames are complete")
  func negotiation() throws {
    let model = SimulatedNet()
    let port = try makePort(model)
    let bits: [UInt64] = [3, 5, 16, 29, 32]
    #expect(model.driverFeatures == bits.reduce(0) { $0 | 1 << $1 })
    #expect(port.hardwareAddress == MACAddress(0x5254_0012_3456))
    #expect(port.mtu == 1500 && port.isLinkUp)
  }

  @Test(
    "frames go from one card to another in the same buffers",
    arguments: SimulatedNet.queueFeatures)
  func forwards(_ features: UInt64) throws {
    let (left, right) = (SimulatedNet(features: features), SimulatedNet(features: features))
    let (source, target) = (try makePort(left), try makePort(right))
    let before = netPool.value.bufferCount
    var wanted: [[UInt8]] = []
    for round in 0..<150 {
      var frames = PacketQueue()
      let sizes = [14, 60, 1514, 1518, 61 + round]
      for size in sizes {
        let frame = bytes(size, round)
        #expect(left.deliver(frame))
        wanted.append(frame)
      }
      #expect(source.receive(into: &frames, limit: 64) == sizes.count)
      #expect(target.send(&frames) == sizes.count && frames.isEmpty)
    }
    #expect(right.sent.map(\.bytes) == wanted)
    #expect(right.sent.allSatisfy { $0.header == NetHeader() && $0.pieceCount == 1 })
    #expect(source.counters == .init(received: 750, sent: 0, dropped: 0))
    #expect(target.counters == .init(received: 0, sent: 750, dropped: 0))
    // Buffers came back: many more frames went through than there are.
    #expect(netPool.value.bufferCount - before < 600)
  }

  @Test("a batch takes no more than its limit, in order")
  func limits() throws {
    let model = SimulatedNet()
    let port = try makePort(model)
    for number in 0..<10 { model.deliver(bytes(60, number)) }
    var frames = PacketQueue()
    #expect(port.receive(into: &frames, limit: 4) == 4)
    #expect(port.receive(into: &frames, limit: 60) == 6)
    #expect(port.receive(into: &frames, limit: 60) == 0)
    for number in 0..<10 { #expect(frames.removeFirst()?.testBytes == bytes(60, number)) }
  }

  @Test("frames that the device has no room for stay in the batch")
  func keepsWhatHasNoRoom() throws {
    let model = SimulatedNet()
    let port = try makePort(model)
    model.isAsynchronous = true
    var frames = PacketQueue()
    for number in 0..<300 { frames.append(netPacket(bytes(60, number))) }
    #expect(port.send(&frames) == 256 && frames.count == 44)
    #expect(port.send(&frames) == 0)
    // Asked to, the device tells of room.
    #expect(port.requestInterrupts())
    model.interruptStatus = 0
    model.run(limit: 50)
    #expect(model.interruptStatus & 1 != 0)
    port.endInterrupts(isCalling: true)
    #expect(port.send(&frames) == 44 && frames.isEmpty)
    model.run()
    #expect(model.sent.map(\.bytes) == (0..<300).map { bytes(60, $0) })
  }

  @Test("what is no frame is dropped and counted")
  func drops() throws {
    let model = SimulatedNet()
    let port = try makePort(model)
    var frames = PacketQueue()
    for count in [0, 1, 13] { model.deliver(bytes(count)) }
    model.deliverRaw([1, 2, 3])
    model.deliver(bytes(14))
    #expect(port.receive(into: &frames, limit: 64) == 1)
    #expect(port.counters.dropped == 4)
    frames.removeAll()
    for count in [13, 1519, 60] { frames.append(netPacket(bytes(count))) }
    frames.append(netPacketWithoutRoom(bytes(60)))
    #expect(port.send(&frames) == 4)
    #expect(model.sent.map(\.bytes) == [bytes(60)])
    #expect(port.counters.dropped == 7)
  }

  private func netPacketWithoutRoom(_ bytes: [UInt8]) -> Packet {
    var packet = netPool.value.allocate(headroom: 11)!
    _ = packet.append(bytes.count)
    packet.withMutableBytes { $0.copy(RawSpan(_elements: bytes.span)) }
    return packet
  }

  @Test("interrupts come when they are asked for, and not else")
  func interrupts() throws {
    let model = SimulatedNet()
    let port = try makePort(model)
    model.interruptStatus = 0
    model.deliver(bytes(60))
    #expect(model.interruptStatus == 0)
    #expect(!port.requestInterrupts(), "a frame waits")
    port.endInterrupts(isCalling: true)
    var frames = PacketQueue()
    #expect(port.receive(into: &frames, limit: 64) == 1)
    #expect(port.requestInterrupts())
    model.deliver(bytes(60))
    #expect(model.interruptStatus & 1 != 0)
    model.configuration[6] = 0
    model.interruptStatus |= 2
    port.endInterrupts(isCalling: true)
    #expect(model.interruptStatus == 0 && !port.isLinkUp)
  }

  @Test("a device that breaks the protocol is given up")
  func broken() throws {
    let model = SimulatedNet()
    let port = try makePort(model)
    model.deliverRaw(bytes(60), writtenByteCount: 100_000)
    var frames = PacketQueue()
    #expect(port.receive(into: &frames, limit: 64) == 0)
    // The length is more than the buffer has: the frame is none.
    #expect(port.counters.dropped == 1)
    model.push(0, 9999, writtenByteCount: 60)
    #expect(port.receive(into: &frames, limit: 64) == 0)
    #expect(port.device.state == .failed)
    frames.append(netPacket(bytes(60)))
    _ = port.send(&frames)
    #expect(model.sent.isEmpty)
    #expect(port.requestInterrupts(), "a wait ends by other ports only")
  }
}
