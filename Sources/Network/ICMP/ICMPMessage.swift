// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes
import Internet
import IPv4
import Packets

/// A message of the Internet control message protocol (RFC 792) that the stack acts upon.
public enum ICMPMessage: BitwiseCopyable, Sendable {
  /// To be answered with the same bytes.
  case echoRequest
  case echoReply(identifier: UInt16, sequence: UInt16)
  /// What became of a packet that this host has sent.
  case failure(DeliveryError)

  public static var headerByteCount: Int { 8 }

  /// Nil for what is malformed, has a wrong checksum, or asks for nothing that a host does today
  /// (RFC 6918: redirects, timestamps, masks, source quench).
  ///
  /// - Parameter bytes: the whole message, from its type on.
  public init?(parsing bytes: RawSpan) {
    guard bytes.byteCount >= Self.headerByteCount, InternetChecksum.of(bytes) == 0 else {
      return nil
    }
    let code = bytes.byte(at: 1)
    switch bytes.byte(at: 0) {
    case 8 where code == 0:
      self = .echoRequest
    case 0 where code == 0:
      self = .echoReply(
        identifier: bytes.bigEndian(at: 4), sequence: bytes.bigEndian(at: 6))
    case 3:
      let mtu = Int(bytes.bigEndian(at: 6, as: UInt16.self))
      guard let kind = Self.unreachable(code: code, mtu: mtu),
        let error = Self.error(kind, quoting: bytes)
      else { return nil }
      self = .failure(error)
    case 11 where code <= 1:
      guard let error = Self.error(.timeExceeded, quoting: bytes) else { return nil }
      self = .failure(error)
    case 12:
      guard let error = Self.error(.parameterProblem, quoting: bytes) else { return nil }
      self = .failure(error)
    default:
      return nil
    }
  }

  /// RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1.
  private static func unreachable(code: UInt8, mtu: Int) -> DeliveryError.Kind? {
    switch code {
    case 0, 6, 11: .networkUnreachable
    case 1, 5, 7, 8, 12: .hostUnreachable
    case 2: .protocolUnreachable
    case 3: .portUnreachable
    case 4: .packetTooBig(mtu: mtu)
    case 9, 10, 13...15: .prohibited
    default: nil
    }
  }

  /// The packet of ours that the message quotes: its header and at least eight bytes of payload.
  private static func error(
    _ kind: DeliveryError.Kind, quoting bytes: RawSpan
  ) -> DeliveryError? {
    let quote = bytes.extracting(droppingFirst: headerByteCount)
    // The quoted packet is cut off, so its length says nothing and no `IPv4Header` can be made.
    guard quote.byteCount >= IPv4Header.minimumByteCount, quote.byte(at: 0) >> 4 == 4 else {
      return nil
    }
    let size = Int(quote.byte(at: 0) & 15) * 4
    guard size >= IPv4Header.minimumByteCount, quote.byteCount >= size + 8,
      quote.bigEndian(at: 6, as: UInt16.self) & 0x1fff == 0
    else { return nil }
    var kind = kind
    if case .packetTooBig(let mtu) = kind, mtu == 0 {
      // A router older than RFC 1191: guess by the plateau below the packet's size (section 7.1).
      kind = .packetTooBig(mtu: plateau(below: Int(quote.bigEndian(at: 2, as: UInt16.self))))
    }
    return DeliveryError(
      kind, protocol: quote.byte(at: 9), source: IPAddress(IPv4Address(quote, at: 12)),
      target: IPAddress(IPv4Address(quote, at: 16)), header: quote.bigEndian(at: size))
  }

  private static func plateau(below size: Int) -> Int {
    if size > 32_000 { return 32_000 }
    if size > 17_914 { return 17_914 }
    if size > 8166 { return 8166 }
    if size > 4352 { return 4352 }
    if size > 2002 { return 2002 }
    if size > 1492 { return 1492 }
    if size > 1006 { return 1006 }
    return 508
  }
}

/// The errors that this host sends.
public enum ICMPErrorCode: BitwiseCopyable, Sendable {
  case protocolUnreachable
  case portUnreachable
  /// A datagram's fragments did not all come in time.
  case reassemblyTimeExceeded

  var type: UInt8 {
    switch self {
    case .protocolUnreachable, .portUnreachable: 3
    case .reassemblyTimeExceeded: 11
    }
  }

  var code: UInt8 {
    switch self {
    case .protocolUnreachable: 2
    case .portUnreachable: 3
    case .reassemblyTimeExceeded: 1
    }
  }
}

/// Messages to send.
public enum ICMPWriter {
  /// The most of a packet that is quoted, so that the whole is at most 576 bytes (RFC 1812 section
  /// 4.3.2.3).
  static var quoteLimit: Int { 576 - IPv4Header.minimumByteCount - ICMPMessage.headerByteCount }

  /// Turns a request, from its type on, into its reply (RFC 792: same bytes, other type).
  public static func turnIntoReply(_ packet: inout Packet) {
    packet.withMutableBytes { bytes in
      let old: UInt16 = bytes.bytes.bigEndian(at: 0)
      bytes.storeBigEndian(UInt16(0), at: 0)
      let checksum: UInt16 = bytes.bytes.bigEndian(at: 2)
      bytes.storeBigEndian(InternetChecksum.updated(checksum, from: old, to: 0), at: 2)
    }
  }

  /// An echo request with the given payload.
  public static func echoRequest(
    identifier: UInt16, sequence: UInt16, payload: RawSpan, from pool: PacketPool
  ) -> Packet? {
    guard var packet = pool.allocate(), packet.append(8 + payload.byteCount) else { return nil }
    packet.withMutableBytes { bytes in
      bytes.storeBigEndian(UInt32(0x0800_0000), at: 0)
      bytes.storeBigEndian(identifier, at: 4)
      bytes.storeBigEndian(sequence, at: 6)
      bytes.copy(payload, at: 8)
      bytes.storeBigEndian(InternetChecksum.of(bytes.bytes), at: 2)
    }
    return packet
  }

  /// An error about a packet that was received, or nil when none may be sent (RFC 1122 section
  /// 3.2.2): about an error, a fragment other than the first, or a source that is not one host. The
  /// caller sees to it that the packet was for this host alone.
  ///
  /// - Parameter original: the packet from its IP header on; a part of its payload is enough.
  public static func error(
    _ code: ICMPErrorCode, about original: RawSpan, from pool: PacketPool
  ) -> Packet? {
    guard original.byteCount >= IPv4Header.minimumByteCount, original.byte(at: 0) >> 4 == 4 else {
      return nil
    }
    let size = Int(original.byte(at: 0) & 15) * 4
    guard size >= IPv4Header.minimumByteCount, size <= original.byteCount,
      original.bigEndian(at: 6, as: UInt16.self) & 0x1fff == 0,
      IPv4Address(original, at: 12).isUnicast
    else { return nil }
    if original.byte(at: 9) == ProtocolNumber.icmp {
      guard size < original.byteCount else { return nil }
      switch original.byte(at: size) {
      case 0, 8: break
      default: return nil
      }
    }
    let quote = original.extracting(first: min(original.byteCount, quoteLimit))
    guard var packet = pool.allocate(), packet.append(8 + quote.byteCount) else { return nil }
    packet.withMutableBytes { bytes in
      bytes.storeBigEndian(UInt64(code.type) << 56 | UInt64(code.code) << 48, at: 0)
      bytes.copy(quote, at: 8)
      bytes.storeBigEndian(InternetChecksum.of(bytes.bytes), at: 2)
    }
    return packet
  }
}
