// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Machine
import Packets
import Testing

@testable import VirtioNet

/// A virtio network card (virtio 1.2 section 5.1), whose network is the test.
final class SimulatedNet: SimulatedVirtioMMIO, @unchecked Sendable {
  struct Sent: Equatable {
    var header: NetHeader
    var bytes: [UInt8]
    var pieceCount: Int
  }

  static let allFeatures: UInt64 = 0x6f_fffb | 1 << 28 | 1 << 29
  /// With both kinds of queues, and without indirect descriptors, the event index or both.
  static let queueFeatures: [UInt64] = {
    var sets: [UInt64] = []
    for without: UInt64 in [0, 1 << 28, 1 << 29, 3 << 28] {
      let features: UInt64 = allFeatures & ~without
      sets += [features, features | 1 << 34]
    }
    return sets
  }()

  /// When set, notifications are only noted, and `run` does the work: a device of its own pace.
  var isAsynchronous = false
  var sent: [Sent] = []
  /// Commands on the control queue, and the answer to give.
  var commands: [[UInt8]] = []
  var answer: UInt8 = 0

  init(features: UInt64 = allFeatures, mtu: UInt16 = 1500, isLinkUp: Bool = true) {
    super.init(
      kind: 1, features: features, queueCount: 3,
      configuration: [
        0x52, 0x54, 0, 0x12, 0x34, 0x56, isLinkUp ? 1 : 0, 0, 1, 0, UInt8(mtu & 255),
        UInt8(mtu >> 8),
      ])
    maximumQueueSize = 256
  }

  func makeDriver(
    pool: PacketPool = netPool.value, unwanted: VirtioNet.Offloads = []
  ) throws -> VirtioNet {
    try VirtioNet(#require(try makeTransport()), pool: pool, unwanted: unwanted)
  }

  override func queueNotified(_ queue: Int) {
    if !isAsynchronous { run() }
  }

  /// Does all the work that there is, or so many frames of it.
  func run(limit: Int = .max) {
    guard status & 4 != 0 else { return }
    var left = limit
    while left > 0, let chain = rings[1]?.pop() {
      left -= 1
      let bytes = rings[1]!.readableBytes(of: chain)
      push(1, chain.head, writtenByteCount: 0)
      let header = NetHeader(parsing: RawSpan(_elements: bytes.span), at: 0)
      sent.append(
        Sent(header: header, bytes: Array(bytes.dropFirst(12)), pieceCount: chain.parts.count))
    }
    while let chain = rings[2]?.pop() {
      commands.append(rings[2]!.readableBytes(of: chain))
      push(2, chain.head, writtenByteCount: UInt32(rings[2]!.write([answer], to: chain)))
    }
  }

  /// Delivers a packet in as many buffers as it needs. Returns false when there are too few.
  @discardableResult
  func deliver(_ bytes: [UInt8], header: NetHeader = NetHeader()) -> Bool {
    var chains: [DeviceSideQueue.Chain] = []
    var room = 0
    while room < bytes.count + 12 {
      guard let chain = rings[0]?.pop() else { return false }
      chains.append(chain)
      room += chain.parts.reduce(0) { $0 + $1.byteCount }
    }
    var header = header
    header.bufferCount = UInt16(chains.count)
    var rest = Self.bytes(of: header) + bytes
    var written: [UInt32] = []
    for chain in chains {
      let count = rings[0]!.write(rest, to: chain)
      rest.removeFirst(count)
      written.append(UInt32(count))
    }
    for (chain, count) in zip(chains, written) { push(0, chain.head, writtenByteCount: count) }
    return true
  }

  /// Gives one buffer back with these bytes, the header among them, and any length.
  func deliverRaw(_ bytes: [UInt8], writtenByteCount: UInt32? = nil) {
    guard let chain = rings[0]?.pop() else { return }
    let count = rings[0]!.write(bytes, to: chain)
    push(0, chain.head, writtenByteCount: writtenByteCount ?? UInt32(count))
  }

  static func bytes(of header: NetHeader) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 12)
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    header.emit(into: &raw)
    return bytes
  }
}

/// One pool for all tests: its memory is never freed.
let netPool = KernelGlobal(PacketPool(bufferCount: 512, byteCount: 2048, limit: 1 << 16)!)

/// A frame with these pieces, the first with head room.
func frame(_ pieces: [[UInt8]], offload: PacketOffload = PacketOffload()) -> Frame {
  var rest = PacketQueue()
  for piece in pieces.dropFirst() { rest.append(netPacket(piece)) }
  let head = netPacket(pieces[0])
  head.offload = offload
  return Frame(head, rest: rest)
}

func netPacket(_ bytes: [UInt8]) -> Packet {
  var packet = netPool.value.allocate()!
  precondition(packet.append(bytes.count), "does not fit a test packet")
  packet.withMutableBytes { $0.copy(RawSpan(_elements: bytes.span)) }
  return packet
}

extension Packet {
  var testBytes: [UInt8] { withBytes { span in (0..<span.byteCount).map { span.byte(at: $0) } } }
}
