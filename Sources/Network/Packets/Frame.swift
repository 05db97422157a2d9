// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Machine

/// What goes to a device: a packet with the headers, and perhaps payload, and further pieces of
/// payload that are not copied. Its offload is that of the head.
@frozen
public struct Frame: ~Copyable {
  public var head: Packet
  public var rest: PacketQueue

  @inline(__always)
  public init(_ head: consuming Packet) {
    self.head = head
    rest = PacketQueue()
  }

  @inline(__always)
  public init(_ head: consuming Packet, rest: consuming PacketQueue) {
    self.head = head
    self.rest = rest
  }

  /// Bytes in all pieces.
  @inline(__always)
  public var byteCount: Int { head.byteCount &+ rest.byteCount }

  /// Gives up the frame for its parts.
  public consuming func intoQueue() -> PacketQueue {
    var queue = rest
    queue.prepend(head)
    return queue
  }

  /// Gives up the frame for its pieces that are not empty.
  public consuming func intoPayload() -> PacketQueue {
    if head.byteCount == 0 { return rest }
    return intoQueue()
  }

  /// Gives up the frame for its head; the rest is dropped.
  @inline(__always)
  public consuming func intoHead() -> Packet { head }

  /// Lends the bytes of each piece, first to last.
  @inline(__always)
  public borrowing func forEachBytes<E: Error>(_ body: (RawSpan) throws(E) -> Void) throws(E) {
    try head.withBytes(body)
    try rest.forEachBytes(body)
  }

  /// Lends the bytes of each piece for change, first to last.
  @inline(__always)
  public mutating func forEachMutableBytes<E: Error>(
    _ body: (inout MutableRawSpan) throws(E) -> Void
  ) throws(E) {
    try head.withMutableBytes(body)
    try rest.forEachMutableBytes(body)
  }

  /// Makes the checksum that is still `needed`, if one is; for ways on which no device does it.
  public mutating func completeChecksum() {
    guard case .needed(let start, let offset) = head.offload.checksum else { return }
    let from = Int(start) - head.start
    let field = from + Int(offset)
    head.offload.checksum = .none
    guard from >= 0, field + 2 <= head.byteCount else { return }
    var sum = InternetChecksum()
    sum.add(self, skippingFirst: from)
    let value = sum.value
    // No sender means "no checksum", which 0 says in UDP; both are the same number.
    head.withMutableBytes { $0.storeBigEndian(value == 0 ? 0xffff : value, at: field) }
  }

  /// A frame with room for `byteCount` bytes, whose contents the caller writes, in as many buffers
  /// as it takes; nil when the pool has not enough.
  public static func allocate(byteCount: Int, from pool: PacketPool) -> Frame? {
    guard byteCount >= 0, var head = pool.allocate() else { return nil }
    var missing = byteCount - min(byteCount, head.tailroom)
    guard head.append(byteCount - missing) else { return nil }
    var rest = PacketQueue()
    while missing > 0 {
      guard var piece = pool.allocate(headroom: 0) else { return nil }
      let count = min(missing, piece.tailroom)
      guard piece.append(count) else { return nil }
      rest.append(piece)
      missing -= count
    }
    return Frame(head, rest: rest)
  }

  /// Another frame with the same buffers.
  public borrowing func share() -> Frame {
    Frame(head.share(), rest: rest.shareBytes(from: 0, count: rest.byteCount))
  }

  /// Copies all pieces behind the end of `packet`; false, and nothing happens, without room.
  public borrowing func copy(to packet: inout Packet) -> Bool {
    let offset = packet.byteCount
    guard packet.append(byteCount) else { return false }
    packet.withMutableBytes { target in
      var position = offset
      forEachBytes { piece in
        target.copy(piece, at: position)
        position &+= piece.byteCount
      }
    }
    return true
  }
}
