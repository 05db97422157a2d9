// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine
import Packets
import Virtio

/// The transmit queue: each frame is one chain, whose buffers are the frame's own pieces.
///
/// What the device has sent is collected when the next frames come. When it falls behind, frames
/// wait in a backlog of bounded length.
final class NetTransmitter {
  let queue: Virtqueue
  private let device: VirtioDevice
  /// The frame behind each chain in flight, by the chain's name: its head and what follows.
  private let heads: PermanentTable<Packet?>
  private let rests: PermanentTable<PacketQueue>
  /// Frames that wait for the device, their pieces one after the other, and how many pieces each
  /// has.
  private var backlog = PacketQueue()
  private let backlogCounts: PermanentTable<UInt16>
  private var backlogStart = 0
  private(set) var backlogCount = 0
  private let completesChecksums: Bool
  private let cutsSegments: Bool
  /// Frames that were not sent: without room for the header, or more than the backlog takes.
  private(set) var droppedCount: UInt64 = 0

  /// The most frames that wait.
  private static let backlogLimit = 4096
  /// Tables for frames of more than two pieces, and how many pieces such a frame may have: 64 KiB
  /// in pieces of a segment each, and headers. 32 KiB in all.
  static let tableCount = 32
  static let tableLength = 64

  init(device: VirtioDevice, queue: Virtqueue) {
    self.device = device
    self.queue = queue
    heads = PermanentTable(count: queue.size) { _ in nil }
    rests = PermanentTable(count: queue.size) { _ in PacketQueue() }
    backlogCounts = PermanentTable(count: Self.backlogLimit) { _ in 0 }
    completesChecksums = device.features.contains(.netChecksum)
    cutsSegments = !device.features.isDisjoint(with: [.netHostTSO4, .netHostTSO6])
    queue.suppressInterrupts()
  }

  /// Sends a frame, now or when the device has room.
  @inline(__always)
  func transmit(_ frame: consuming Frame) {
    var head = frame.head
    var rest = frame.rest
    let offload = head.offload
    if case .needed = offload.checksum, !completesChecksums {
      guard complete(&head, &rest) else { return drop() }
    }
    guard let header = makeHeader(of: head), head.prepend(NetHeader.byteCount) else {
      return drop()
    }
    head.withMutableBytes { header.emit(into: &$0) }
    if backlogCount > 0 || !hasRoom(for: 1 &+ rest.count) {
      return wait(head, rest)
    }
    send(head, rest)
  }

  /// The same for a frame of one piece, in fewer steps where nothing stands in the way.
  @inline(__always)
  func transmit(whole packet: consuming Packet) {
    guard backlogCount == 0, queue.freeCount > 0, completesChecksums,
      case .needed(let from, let offset) = packet.offload.checksum,
      packet.offload.segmentation == .none
    else { return transmit(Frame(packet)) }
    let position = Int(from) &- packet.start
    guard position >= 0, position &+ Int(offset) &+ 2 <= packet.byteCount,
      packet.prepend(NetHeader.byteCount)
    else { return drop() }
    packet.withMutableBytes {
      $0.storeLittleEndian(
        UInt64(NetHeader.needsChecksum) | UInt64(truncatingIfNeeded: position) << 48, at: 0)
      $0.storeLittleEndian(UInt32(offset), at: 8)
    }
    guard let name = queue.add(Self.buffer(packet.physicalAddress, packet.byteCount)) else {
      return drop()
    }
    heads[name] = consume packet
  }

  @inline(__always)
  private func makeHeader(of head: borrowing Packet) -> NetHeader? {
    let offload = head.offload
    if offload.segmentation != .none, !cutsSegments { return nil }
    return NetHeader(sending: offload, start: head.start, byteCount: head.byteCount)
  }

  /// Computes the checksum that the device cannot.
  private func complete(_ head: inout Packet, _ rest: inout PacketQueue) -> Bool {
    guard case .needed(let start, let offset) = head.offload.checksum else { return true }
    let position = Int(start) - head.start
    guard position >= 0, position + Int(offset) + 2 <= head.byteCount,
      head.offload.segmentation == .none
    else { return false }
    var checksum = InternetChecksum()
    head.withBytes { checksum.add($0.extracting(droppingFirst: position)) }
    rest.forEachBytes { checksum.add($0) }
    // A sum of 0 is sent as its other form: for UDP 0 means none (RFC 768).
    let value = checksum.value == 0 ? 0xffff : checksum.value
    head.withMutableBytes { $0.storeBigEndian(value, at: position + Int(offset)) }
    head.offload.checksum = .none
    return true
  }

  /// Whether the device can take a frame of `count` pieces. Collects what it has sent when not.
  @inline(__always)
  private func hasRoom(for count: Int) -> Bool {
    if queue.hasRoom(for: count) { return true }
    collect()
    return queue.hasRoom(for: count)
  }

  /// Puts a frame on the queue, which has room for it, unless the device is broken.
  @inline(__always)
  private func send(_ head: consuming Packet, _ rest: consuming PacketQueue) {
    if rest.isEmpty {
      guard let name = queue.add(Self.buffer(head.physicalAddress, head.byteCount)) else {
        return drop()
      }
      heads[name] = consume head
      return
    }
    var count = 1
    // The device takes no empty buffers.
    rest.forEachPiece { _, _ in count &+= 1 }
    guard var chain = queue.begin(count: count) else { return drop() }
    queue.append(Self.buffer(head.physicalAddress, head.byteCount), to: &chain)
    rest.forEachPiece { queue.append(Self.buffer($0, $1), to: &chain) }
    let name = queue.finish(chain)
    heads[name] = consume head
    rests[name] = consume rest
  }

  @inline(__always)
  private static func buffer(_ address: PhysicalAddress, _ byteCount: Int) -> VirtioBuffer {
    VirtioBuffer(address: address, byteCount: byteCount, isDeviceWritable: false)
  }

  /// Lets go of the frames that the device has sent.
  @inline(__always)
  func collect() {
    while let used = queue.takeUsed() {
      heads[used.name] = nil
      if !rests[used.name].isEmpty { rests[used.name] = PacketQueue() }
    }
    if queue.isBroken { device.fail(.broken) }
  }

  // MARK: The backlog

  /// Puts a frame, whose header is written, behind those that wait.
  private func wait(_ head: consuming Packet, _ rest: consuming PacketQueue) {
    let count = 1 + rest.count
    guard device.state == .running, backlogCount < Self.backlogLimit, count <= queue.chainLimit
    else { return drop() }
    backlogCounts[(backlogStart + backlogCount) % Self.backlogLimit] = UInt16(count)
    backlogCount += 1
    backlog.append(head)
    backlog.append(contentsOf: rest)
    // The device is asked to tell when it has made room; it may have done so already.
    device.publish(queue)
    if queue.requestInterrupts() { drainBacklog() }
  }

  /// Sends what waits, as far as there is room.
  func drainBacklog() {
    guard backlogCount > 0 else { return }
    repeat {
      collect()
      while backlogCount > 0 {
        let count = Int(backlogCounts[backlogStart])
        guard queue.hasRoom(for: count), let head = backlog.removeFirst() else { break }
        var rest = PacketQueue()
        for _ in 1..<count {
          if let piece = backlog.removeFirst() { rest.append(piece) }
        }
        backlogStart = (backlogStart + 1) % Self.backlogLimit
        backlogCount -= 1
        send(head, rest)
      }
      device.publish(queue)
      if backlogCount == 0 {
        queue.suppressInterrupts()
        return
      }
    } while !queue.isBroken && queue.requestInterrupts()
  }

  private func drop() {
    droppedCount &+= 1
  }
}
