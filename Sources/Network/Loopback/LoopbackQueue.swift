// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Packets

/// Packets on their way from the host to itself.
///
/// A packet stays where it is: the sender's buffer becomes the receiver's. One that comes in several
/// pieces is copied into one buffer, because receivers want it so.
public struct LoopbackQueue: ~Copyable {
  /// The largest packet, as on Linux.
  public static var mtu: Int { 65_535 }

  private var queue = PacketQueue()
  private let pool: PacketPool
  private let largePool: PacketPool
  private let limit: Int
  public private(set) var dropCount = 0

  /// - Parameters:
  ///   - pool: buffers for packets of ordinary size.
  ///   - largePool: buffers of at least 64 KiB and `Packet.headroom`.
  ///   - limit: packets that may wait; more are dropped.
  public init(pool: PacketPool, largePool: PacketPool, limit: Int = 1000) {
    self.pool = pool
    self.largePool = largePool
    self.limit = limit
  }

  public var isEmpty: Bool { queue.isEmpty }

  /// Adds a packet, from its IP header on. Its checksum needs no look, since it never leaves memory.
  public mutating func append(_ frame: consuming Frame) {
    guard queue.count < limit else {
      dropCount += 1
      return
    }
    guard !frame.rest.isEmpty else {
      Self.markVerified(&frame.head)
      queue.append(frame.intoHead())
      return
    }
    let isSmall = frame.byteCount + Packet.headroom <= pool.byteCount
    guard var packet = isSmall ? pool.allocate() : largePool.allocate(), frame.copy(to: &packet)
    else {
      dropCount += 1
      return
    }
    Self.markVerified(&packet)
    queue.append(packet)
  }

  private static func markVerified(_ packet: inout Packet) {
    var offload = PacketOffload()
    offload.checksum = .verified
    packet.offload = offload
  }

  /// Takes the next packet out.
  public mutating func removeFirst() -> Packet? { queue.removeFirst() }
}
