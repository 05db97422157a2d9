// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes
import Internet
import IPv6
import Packets

/// A message of ICMPv6 (RFC 4443).
public enum ICMPv6Message: BitwiseCopyable, Sendable {
  /// To be answered with the same bytes.
  case echoRequest
  case echoReply(identifier: UInt16, sequence: UInt16)
  /// What became of a packet that this host has sent.
  case failure(DeliveryError)
  /// A message of neighbour discovery: its type.
  case neighborDiscovery(UInt8)

  public static var headerByteCount: Int { 8 }

  /// Nil for what is malformed, has a wrong checksum, or is of no use to a host.
  ///
  /// - Parameter bytes: the whole message, from its type on.
  public init?(parsing bytes: RawSpan, from source: IPv6Address, to target: IPv6Address) {
    guard bytes.byteCount >= Self.headerByteCount else { return nil }
    var sum = InternetChecksum(
      from: IPAddress(source), to: IPAddress(target), protocol: ProtocolNumber.icmpv6,
      byteCount: bytes.byteCount)
    sum.add(bytes)
    guard sum.isRight else { return nil }
    let type = bytes.byte(at: 0)
    let code = bytes.byte(at: 1)
    switch type {
    case 128 where code == 0: self = .echoRequest
    case 129 where code == 0:
      self = .echoReply(identifier: bytes.bigEndian(at: 4), sequence: bytes.bigEndian(at: 6))
    case 133...137 where code == 0: self = .neighborDiscovery(type)
    case 1...4:
      guard let kind = Self.kind(type, code, bytes.bigEndian(at: 4)),
        let error = Self.error(kind, quoting: bytes)
      else { return nil }
      self = .failure(error)
    default: return nil
    }
  }

  private static func kind(_ type: UInt8, _ code: UInt8, _ value: UInt32) -> DeliveryError.Kind? {
    switch (type, code) {
    case (1, 0), (1, 2), (1, 7): .networkUnreachable
    case (1, 1), (1, 5), (1, 6): .prohibited
    case (1, 3): .hostUnreachable
    case (1, 4): .portUnreachable
    case (2, _): .packetTooBig(mtu: Int(min(value, 65_535)))
    case (3, 0...1): .timeExceeded
    case (4, 1): .protocolUnreachable
    case (4, _): .parameterProblem
    default: nil
    }
  }

  /// The packet of ours that the message quotes, perhaps cut off.
  private static func error(_ kind: DeliveryError.Kind, quoting bytes: RawSpan) -> DeliveryError? {
    let quote = bytes.extracting(droppingFirst: headerByteCount)
    guard quote.byteCount >= IPv6Header.byteCount, quote.byte(at: 0) >> 4 == 6,
      let chain = try? IPv6Chain(parsing: quote, first: quote.byte(at: 6)),
      chain.fragment.map({ $0.offset == 0 }) ?? true,
      chain.offset + 8 <= quote.byteCount
    else { return nil }
    return DeliveryError(
      kind, protocol: chain.number, source: IPAddress(IPv6Address(quote, at: 8)),
      target: IPAddress(IPv6Address(quote, at: 24)), header: quote.bigEndian(at: chain.offset))
  }
}

/// The errors that this host sends.
public enum ICMPv6ErrorCode: BitwiseCopyable, Sendable {
  case portUnreachable
  case reassemblyTimeExceeded
  /// A field of a header that makes no sense, and its place from the packet's front.
  case badField(at: Int)
  /// The place of the number, from the packet's front.
  case unknownNextHeader(at: Int)
  /// The place of the option's type, from the packet's front.
  case unknownOption(at: Int)

  var type: UInt16 {
    switch self {
    case .portUnreachable: 0x0104
    case .reassemblyTimeExceeded: 0x0301
    case .badField: 0x0400
    case .unknownNextHeader: 0x0401
    case .unknownOption: 0x0402
    }
  }

  var value: UInt32 {
    switch self {
    case .portUnreachable, .reassemblyTimeExceeded: 0
    case .badField(let place), .unknownNextHeader(let place), .unknownOption(let place):
      UInt32(truncatingIfNeeded: place)
    }
  }
}

/// Messages to send. Checksums cover the addresses, so these must be known.
public enum ICMPv6Writer {
  /// An error is never larger than the least MTU (RFC 4443 section 2.4 (c)).
  static var quoteLimit: Int { 1280 - IPv6Header.byteCount - ICMPv6Message.headerByteCount }

  /// Writes the checksum of a message into it.
  public static func complete(
    _ bytes: inout MutableRawSpan, from source: IPv6Address, to target: IPv6Address
  ) {
    bytes.storeBigEndian(UInt16(0), at: 2)
    var sum = InternetChecksum(
      from: IPAddress(source), to: IPAddress(target), protocol: ProtocolNumber.icmpv6,
      byteCount: bytes.byteCount)
    sum.add(bytes.bytes)
    bytes.storeBigEndian(sum.value, at: 2)
  }

  /// Turns a request into its reply. Source and target change places, which the sum does not see.
  public static func turnIntoReply(_ packet: inout Packet) {
    packet.withMutableBytes { bytes in
      let old: UInt16 = bytes.bytes.bigEndian(at: 0)
      bytes.storeBigEndian(UInt16(0x8100), at: 0)
      let checksum: UInt16 = bytes.bytes.bigEndian(at: 2)
      bytes.storeBigEndian(InternetChecksum.updated(checksum, from: old, to: 0x8100), at: 2)
    }
  }

  /// An error about a packet that was received, or nil when none may be sent (RFC 4443 section 2.4
  /// (e)): about an error, or a source that is not one host. The caller sees to it that the packet
  /// was for this host alone.
  ///
  /// - Parameter original: the packet from its IP header on; a part of its payload is enough.
  public static func error(
    _ code: ICMPv6ErrorCode, about original: RawSpan, from source: IPv6Address,
    pool: PacketPool
  ) -> Packet? {
    guard original.byteCount >= IPv6Header.byteCount, original.byte(at: 0) >> 4 == 6 else {
      return nil
    }
    let target = IPv6Address(original, at: 8)
    guard target.isUnicast, !IPv6Chain.mayBeError(original) else { return nil }
    let quote = original.extracting(first: min(original.byteCount, quoteLimit))
    guard var packet = pool.allocate(), packet.append(8 + quote.byteCount) else { return nil }
    packet.withMutableBytes { bytes in
      bytes.storeBigEndian(UInt32(code.type) << 16, at: 0)
      bytes.storeBigEndian(code.value, at: 4)
      bytes.copy(quote, at: 8)
      complete(&bytes, from: source, to: target)
    }
    return packet
  }
}
