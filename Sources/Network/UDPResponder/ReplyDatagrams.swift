// SPDX-License-Identifier: BSD-3-Clause

import Base
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
  /// When the stack took the packets that the request is among, by the monotonic clock: costs less
  /// than to look at a clock.
  public internal(set) var now: Instant

  /// An empty reply.
  ///
  /// - Parameters:
  ///   - pool: where buffers come from.
  ///   - headByteCount: bytes at the front of each datagram that `setHeads` fills.
  ///   - payloadLimit: the most bytes of a datagram, its head included.
  ///   - now: the time that `now` says.
  @inline(__always)
  init(pool: PacketPool, headByteCount: Int, payloadLimit: Int, now: Instant) {
    self.now = now
    self.pool = pool
    self.headByteCount = headByteCount
    self.payloadLimit = payloadLimit
  }

  /// Begins the next reply, when the last one has been taken out.
  @inline(__always)
  mutating func begin(at now: Instant) {
    self.now = now
    left = 0
    count = 0
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
    if let used = packet.append(upTo: limit, body) { left &-= used }
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

  /// Takes the only datagram out; nil when there are more, or none.
  @inline(__always)
  mutating func takeSingle() -> Packet? {
    done.isEmpty ? current.take() : nil
  }

  /// Takes the next datagram out.
  mutating func removeFirst() -> Packet? {
    if !done.isEmpty { return done.removeFirst() }
    return current.take()
  }
}
