// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes
import Packets

/// Cuts a datagram that is larger than the path's MTU (RFC 791 section 2.3).
///
/// The payload is not copied: each fragment is a new packet with a header and shares of the pieces.
public struct IPv4Fragmenter: ~Copyable {
  private let payload: PacketQueue
  private let header: IPv4Header
  private let step: Int
  private var offset = 0

  /// - Parameters:
  ///   - frame: begins with the transport's header; its checksum is complete.
  ///   - header: the header of the whole datagram, with an identification of its own.
  ///   - mtu: at least 68 bytes.
  public init(_ frame: consuming Frame, header: IPv4Header, mtu: Int) {
    payload = frame.intoQueue()
    self.header = header
    step = max(8, (mtu - IPv4Header.minimumByteCount) & ~7)
  }

  /// The next fragment, from its IP header on, or nil when all are made, or `pool` has no more
  /// buffers.
  public mutating func next(from pool: PacketPool) -> Frame? {
    let rest = payload.byteCount - offset
    guard rest > 0, var head = pool.allocate(), head.prepend(IPv4Header.minimumByteCount) else {
      return nil
    }
    let count = min(step, rest)
    var piece = header
    piece.totalByteCount = IPv4Header.minimumByteCount + count
    piece.fragment = UInt16(offset / 8) | (count < rest ? IPv4Header.moreFragments : 0)
    head.withMutableBytes { piece.store(in: &$0) }
    let frame = Frame(head, rest: payload.shareBytes(from: offset, count: count))
    offset += count
    return frame
  }
}
