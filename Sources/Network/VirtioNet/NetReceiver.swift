// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine
import Packets
import Virtio

/// The receive queue: buffers of a pool that the device fills, each of which the stack gets as a
/// packet while a fresh one takes its place.
final class NetReceiver {
  let queue: Virtqueue
  private let device: VirtioDevice
  private let pool: PacketPool
  /// The buffer behind each chain in flight, by the chain's name.
  private let buffers: PermanentTable<Packet?>
  /// How many bytes of a buffer the device gets.
  private let bufferByteCount: Int
  private let mayMerge: Bool
  private let takesChecksums: Bool
  private let takesSegments: Bool
  /// How many buffers the device shall have, and how many packets' worth it has filled since they
  /// were made up last. It begins with few: a machine that gets little keeps its memory, and does
  /// not spend its start on buffers.
  private var wanted: Int
  private var takenCount = 0
  private static let firstCount = 64
  /// Packets that were not delivered because they made no sense.
  private(set) var droppedCount: UInt64 = 0

  /// Where the device's header begins in a buffer: the network's header of an Ethernet frame then
  /// lies on a cache line, and there is room for the headers of an answer.
  @inline(__always) private static var position: Int { 64 - 14 - NetHeader.byteCount }
  /// A buffer must take a frame of this size without merging: VLAN tag and MTU 1500.
  static let leastBufferByteCount = position + NetHeader.byteCount + 1518

  init(device: VirtioDevice, queue: Virtqueue, pool: PacketPool) {
    self.device = device
    self.queue = queue
    self.pool = pool
    buffers = PermanentTable(count: queue.size) { _ in nil }
    wanted = min(queue.size, Self.firstCount)
    bufferByteCount = pool.byteCount - Self.position
    mayMerge = device.features.contains(.netMergeableBuffers)
    takesChecksums = device.features.contains(.netGuestChecksum)
    takesSegments = !device.features.isDisjoint(with: [.netGuestTSO4, .netGuestTSO6])
  }

  /// Gives the device fresh buffers until it has as many as it shall have or the pool is empty:
  /// twice as many as before when it has filled more than half of them in one round.
  @inline(__always)
  func refill() {
    if takenCount &* 2 > wanted { wanted = min(queue.size, wanted &* 2) }
    takenCount = 0
    if queue.inFlightCount < wanted { fill() }
  }

  @inline(never)
  private func fill() {
    while queue.inFlightCount < wanted, giveBuffer() {}
  }

  @inline(__always) @discardableResult
  private func giveBuffer() -> Bool {
    guard let packet = pool.allocate(headroom: Self.position) else { return false }
    return give(packet)
  }

  /// Gives the device a fresh buffer in place of the used one of that name.
  @inline(__always)
  private func replaceBuffer(_ name: Int) {
    guard let packet = pool.allocate(headroom: Self.position) else {
      return queue.giveUp(name)
    }
    let address = packet.physicalAddress
    guard let name = queue.giveAgain(name, address, byteCount: bufferByteCount) else { return }
    buffers[name] = consume packet
  }

  /// Gives the device a whole buffer.
  @inline(__always)
  private func give(_ packet: consuming Packet) -> Bool {
    guard packet.setBounds(start: Self.position, end: Self.position) else { return false }
    guard
      let name = queue.add(
        VirtioBuffer(
          address: packet.physicalAddress, byteCount: bufferByteCount, isDeviceWritable: true))
    else { return false }
    buffers[name] = consume packet
    return true
  }

  /// The next packet, or nil when none has come. Its first bytes are the Ethernet header; pieces
  /// behind the first are appended to `rest`.
  @inline(__always)
  func receive(rest: inout PacketQueue) -> Packet? {
    while let used = queue.takeUsedBuffer() {
      guard var packet = buffers[used.name].take() else { return fail() }
      takenCount &+= 1
      replaceBuffer(used.name)
      let start = Self.position &+ NetHeader.byteCount
      guard used.writtenByteCount >= NetHeader.byteCount,
        packet.setBounds(start: Self.position, end: Self.position &+ used.writtenByteCount)
      else { return fail() }
      let header = packet.withBytes { NetHeader(parsing: $0, at: 0) }
      packet.removeFirst(NetHeader.byteCount)
      if mayMerge, header.bufferCount != 1 {
        guard takeRest(header.bufferCount, into: &rest) else { return fail() }
      }
      if header.flags | header.segmentation != 0 {
        guard let offload = offload(header, start: start, byteCount: packet.byteCount) else {
          drop(&rest)
          continue
        }
        packet.offload = offload
      }
      if packet.byteCount < 14 {
        drop(&rest)
        continue
      }
      return packet
    }
    if queue.isBroken { return fail() }
    return nil
  }

  /// What the header says, as far as it was agreed on.
  @inline(__always)
  private func offload(_ header: NetHeader, start: Int, byteCount: Int) -> PacketOffload? {
    var header = header
    if !takesChecksums { header.flags = 0 }
    if header.segmentation != 0, !takesSegments { return nil }
    return header.received(start: start, byteCount: byteCount)
  }

  /// Takes the other buffers of a packet that fills `count`; they are used together (virtio 1.2
  /// section 5.1.6.4). Returns false when the device did not keep to that.
  private func takeRest(_ count: UInt16, into rest: inout PacketQueue) -> Bool {
    guard count > 0 else { return false }
    for _ in 1..<count {
      guard let used = queue.takeUsedBuffer(), var packet = buffers[used.name].take() else {
        return false
      }
      takenCount &+= 1
      replaceBuffer(used.name)
      guard
        packet.setBounds(start: Self.position, end: Self.position &+ used.writtenByteCount)
      else { return false }
      rest.append(packet)
    }
    return true
  }

  private func drop(_ rest: inout PacketQueue) {
    droppedCount &+= 1
    rest.removeAll()
  }

  private func fail() -> Packet? {
    device.fail(.broken)
    return nil
  }
}
