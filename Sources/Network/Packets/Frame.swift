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

  /// Lends the bytes of each piece, first to last.
  @inline(__always)
  public borrowing func forEachBytes<E: Error>(_ body: (RawSpan) throws(E) -> Void) throws(E) {
    try head.withBytes(body)
    try rest.forEachBytes(body)
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
