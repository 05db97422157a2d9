// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes
import Packets

/// Cuts a datagram that is larger than the path's MTU (RFC 8200 section 4.5), without copying.
public struct IPv6Fragmenter: ~Copyable {
  private let payload: PacketQueue
  private let header: IPv6Header
  private let identification: UInt32
  private let step: Int
  private var offset = 0

  public static var headerByteCount: Int { 8 }

  /// - Parameters:
  ///   - frame: begins with the transport's header; its checksum is complete.
  ///   - header: of the whole datagram.
  ///   - mtu: at least 1280 bytes.
  public init(
    _ frame: consuming Frame, header: IPv6Header, identification: UInt32, mtu: Int
  ) {
    payload = frame.intoQueue()
    self.header = header
    self.identification = identification
    step = max(8, (mtu - IPv6Header.byteCount - Self.headerByteCount) & ~7)
  }

  /// The next fragment, from its IP header on, or nil when all are made, or `pool` has no more
  /// buffers.
  public mutating func next(from pool: PacketPool) -> Frame? {
    let size = IPv6Header.byteCount + Self.headerByteCount
    let rest = payload.byteCount - offset
    guard rest > 0, var head = pool.allocate(), head.prepend(size) else { return nil }
    let count = min(step, rest)
    var piece = header
    piece.payloadByteCount = Self.headerByteCount + count
    head.withMutableBytes { bytes in
      Self.store(
        piece, number: header.nextHeader, offset: offset, isLast: count == rest,
        identification: identification, in: &bytes)
    }
    let frame = Frame(head, rest: payload.shareBytes(from: offset, count: count))
    offset += count
    return frame
  }

  /// Stores a fixed header and a fragment header: 48 bytes.
  ///
  /// - Parameter number: what the datagram's payload begins with.
  public static func store(
    _ header: IPv6Header, number: UInt8, offset: Int, isLast: Bool, identification: UInt32,
    in bytes: inout MutableRawSpan
  ) {
    var header = header
    header.nextHeader = IPv6Chain.fragmentHeader
    header.store(in: &bytes)
    let place = UInt32(truncatingIfNeeded: offset) | (isLast ? 0 : 1)
    bytes.storeBigEndian(UInt32(number) << 24 | place, at: IPv6Header.byteCount)
    bytes.storeBigEndian(identification, at: IPv6Header.byteCount + 4)
  }
}
