// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Internet
import Packets

/// Packets on their way from the host to itself.
///
/// A packet stays where it is: the sender's buffer becomes the receiver's, and a segment of TCP in
/// several pieces stays in pieces. Other packets in several pieces are copied into one buffer,
/// because their receivers want it so.
public struct LoopbackQueue: ~Copyable {
  /// The largest packet, as on Linux.
  public static var mtu: Int { 65_535 }

  /// The heads of the packets, the pieces behind them in the same order, and how many of those
  /// each packet has, from `first` on.
  private var heads = PacketQueue()
  private var pieces = PacketQueue()
  private let counts: PermanentTable<UInt16>
  private var first = 0
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
    self.limit = max(1, limit)
    counts = PermanentTable(count: max(1, limit)) { _ in 0 }
  }

  @inline(__always)
  public var isEmpty: Bool { heads.isEmpty }

  /// Adds a packet, from its IP header on. Its checksum needs no look, since it never leaves memory.
  public mutating func append(_ frame: consuming Frame) {
    guard heads.count < limit else {
      dropCount += 1
      return
    }
    if frame.rest.isEmpty {
      add(frame.intoHead(), pieceCount: 0)
    } else if Self.isTCP(frame.head) {
      let head = frame.head
      let rest = frame.rest
      let count = rest.count
      pieces.append(contentsOf: rest)
      add(head, pieceCount: count)
    } else {
      append(copyOf: frame)
    }
  }

  /// Adds a copy of a packet that also goes elsewhere: receivers write over headers.
  public mutating func append(copyOf frame: borrowing Frame) {
    let isSmall = frame.byteCount + Packet.headroom <= pool.byteCount
    guard heads.count < limit, var packet = isSmall ? pool.allocate() : largePool.allocate(),
      frame.copy(to: &packet)
    else {
      dropCount += 1
      return
    }
    add(packet, pieceCount: 0)
  }

  private mutating func add(_ packet: consuming Packet, pieceCount: Int) {
    var offload = PacketOffload()
    offload.checksum = .verified
    packet.offload = offload
    counts[(first &+ heads.count) % limit] = UInt16(truncatingIfNeeded: pieceCount)
    heads.append(packet)
  }

  /// Whether the packet, from its IP header without options on, is a segment of TCP.
  private static func isTCP(_ packet: borrowing Packet) -> Bool {
    packet.withBytes { bytes in
      guard bytes.byteCount >= 20 else { return false }
      return bytes.byte(at: bytes.byte(at: 0) >> 4 == 4 ? 9 : 6) == ProtocolNumber.tcp
    }
  }

  /// Takes the next packet out; pieces behind its first are appended to `rest`.
  public mutating func removeFirst(rest: inout PacketQueue) -> Packet? {
    guard let packet = heads.removeFirst() else { return nil }
    for _ in 0..<counts[first] {
      if let piece = pieces.removeFirst() { rest.append(piece) }
    }
    first = first &+ 1 == limit ? 0 : first &+ 1
    return packet
  }
}
