// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Packets

/// The reply to one request, in as many datagrams as its bytes need.
public struct ReplyDatagrams: ~Copyable {
  private let pool: PacketPool
  private let headByteCount: Int
  private let payloadLimit: Int
  private var done = PacketQueue()
  private var current: Packet?
  /// How many bytes the current datagram still takes.
  private var left = 0
  /// How many datagrams there are.
  public private(set) var count = 0

  /// An empty reply.
  ///
  /// - Parameters:
  ///   - pool: where buffers come from.
  ///   - headByteCount: bytes at the front of each datagram that `setHeads` fills.
  ///   - payloadLimit: the most bytes of a datagram, its head included.
  @inline(__always)
  init(pool: PacketPool, headByteCount: Int, payloadLimit: Int) {
    self.pool = pool
    self.headByteCount = headByteCount
    self.payloadLimit = payloadLimit
  }

  /// The most bytes that `fill` lends.
  @inline(__always)
  public var contiguousRoom: Int { payloadLimit &- headByteCount }

  /// Begins a datagram; false when there is no buffer.
  @inline(__always)
  private mutating func begin() -> Bool {
    left = 0
    if let packet = current.take() { done.append(packet) }
    guard var packet = pool.allocate(), packet.append(headByteCount) else { return false }
    left = min(payloadLimit &- headByteCount, packet.tailroom)
    current = consume packet
    count &+= 1
    return true
  }

  /// Adds bytes, and datagrams where they are needed.
  public mutating func append(_ bytes: RawSpan) {
    var offset = 0
    while offset < bytes.byteCount {
      if left == 0, !begin() { return }
      guard var packet = current.take() else { return }
      let part = min(left, bytes.byteCount &- offset)
      let end = packet.byteCount
      if packet.append(part) {
        packet.withMutableBytes {
          $0.copy(bytes.extracting(offset..<offset &+ part), at: end)
        }
      }
      left &-= part
      offset &+= part
      current = consume packet
    }
  }

  /// Lends `limit` bytes in one piece, `contiguousRoom` at most; `body` fills some of the first ones
  /// and says how many.
  @inline(__always)
  public mutating func fill(_ limit: Int, _ body: (inout MutableRawSpan) -> Int) {
    if left < limit, !begin() { return }
    guard left >= limit, var packet = current.take() else { return }
    let end = packet.byteCount
    if packet.append(limit) {
      let count = packet.withMutableBytes { bytes in
        var part = bytes._mutatingExtracting(end..<end &+ limit)
        return body(&part)
      }
      let used = max(0, min(count, limit))
      packet.removeLast(limit &- used)
      left &-= used
    }
    current = consume packet
  }

  /// Lets `body` fill the head of each datagram, from number 0 on.
  @inline(__always)
  public mutating func setHeads(_ body: (_ index: Int, inout MutableRawSpan) -> Void) {
    var index = 0
    if !done.isEmpty {
      done.forEachMutableBytes {
        body(index, &$0)
        index &+= 1
      }
    }
    guard var packet = current.take() else { return }
    packet.withMutableBytes { body(index, &$0) }
    current = consume packet
  }

  /// Takes the next datagram out.
  @inline(__always)
  mutating func removeFirst() -> Packet? {
    if !done.isEmpty { return done.removeFirst() }
    return current.take()
  }
}
