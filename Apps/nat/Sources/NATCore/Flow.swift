// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes

/// What the translator reads of an IPv4 packet, checked once.
///
/// Offsets count from the frame's first byte. Numbers are in host order. In ICMP queries the
/// identifier stands in for the port of the side that asked, and the other port is 0.
struct Flow: BitwiseCopyable {
  /// What kind of payload it is.
  enum Content: UInt8, BitwiseCopyable {
    case tcp, udp, echoRequest, echoReply
    /// About another packet, which it quotes.
    case failure
    /// A piece of a datagram that does not hold its first bytes.
    case laterFragment
  }

  var content = Content.laterFragment
  var number: UInt8
  var hopLimit: UInt8
  var flags = TCPFlags(rawValue: 0)
  var source: UInt32
  var target: UInt32
  var sourcePort: UInt16 = 0
  var targetPort: UInt16 = 0
  var identification: UInt16
  /// Flags and offset as they stand in the header.
  var fragment: UInt16
  /// Where the header of the payload begins.
  var transport: Int
  /// Behind the packet's last byte; what follows is the link's padding.
  var end: Int

  /// Where the IPv4 header begins.
  static var header: Int { Link.headerByteCount }

  @inline(__always)
  var isFragment: Bool { fragment & 0x3fff != 0 }
  @inline(__always)
  var mayNotBeFragmented: Bool { fragment & 0x4000 != 0 }

  /// Parses the IPv4 packet of a frame.
  ///
  /// - Parameter allowingSameEnds: whether source and target may be one address.
  /// - Throws: `malformed`, `notForUs`, `spoofed`, `unsupported`.
  @inline(__always)
  init(parsing frame: RawSpan, allowingSameEnds: Bool = false) throws(DropReason) {
    guard frame.byteCount >= Self.header &+ 20 else { throw .malformed }
    let first: UInt64 = frame.bigEndian(at: Self.header)
    let second: UInt64 = frame.bigEndian(at: Self.header &+ 8)
    target = frame.bigEndian(at: Self.header &+ 16)
    let size = Int(truncatingIfNeeded: first >> 56) &- 0x40
    guard size >= 5, size < 16 else { throw .malformed }
    transport = Self.header &+ size &* 4
    end = Self.header &+ Int(truncatingIfNeeded: (first >> 32) & 0xffff)
    guard transport <= end, end <= frame.byteCount else { throw .malformed }
    if size == 5 {
      guard Self.isWhole(first, second, target) else { throw .malformed }
    } else {
      try Self.checkOptions(frame.extracting(Self.header..<transport))
    }
    source = UInt32(truncatingIfNeeded: second)
    identification = UInt16(truncatingIfNeeded: first >> 16)
    fragment = UInt16(truncatingIfNeeded: first)
    hopLimit = UInt8(truncatingIfNeeded: second >> 56)
    number = UInt8(truncatingIfNeeded: second >> 48)
    // The reserved flag is no flag of an honest packet.
    guard fragment & 0x8000 == 0 else { throw .malformed }
    guard source != target || allowingSameEnds else { throw .spoofed }
    try checkAddresses()
    try readTransport(frame)
  }

  /// Whether the checksum of a header without options is right.
  @inline(__always)
  private static func isWhole(_ first: UInt64, _ second: UInt64, _ third: UInt32) -> Bool {
    var sum = (first >> 32) &+ (first & 0xffff_ffff)
    sum &+= (second >> 32) &+ (second & 0xffff_ffff)
    sum &+= UInt64(third)
    sum = (sum >> 32) &+ (sum & 0xffff_ffff)
    sum = (sum >> 16) &+ (sum & 0xffff)
    sum = (sum >> 16) &+ (sum & 0xffff)
    sum = (sum >> 16) &+ (sum & 0xffff)
    return sum & 0xffff == 0xffff
  }

  /// Takes options that are well formed and no source route (RFC 7126 sections 4.3 and 4.4).
  private static func checkOptions(_ header: RawSpan) throws(DropReason) {
    guard header.internetChecksum == 0 else { throw .malformed }
    var offset = 20
    while offset < header.byteCount {
      switch header.byte(at: offset) {
      case 0: return
      case 1: offset += 1
      case 131, 137: throw .malformed
      default:
        guard offset + 1 < header.byteCount else { throw .malformed }
        let size = Int(header.byte(at: offset + 1))
        guard size >= 2, offset + size <= header.byteCount else { throw .malformed }
        offset += size
      }
    }
  }

  /// RFC 1812 section 5.3.7: sources that no packet may have, and targets that are not forwarded.
  @inline(__always)
  private func checkAddresses() throws(DropReason) {
    // 0.0.0.0/8, 127.0.0.0/8, and groups and all above them.
    let from = source >> 24
    guard from &- 1 < 223, from != 127 else { throw .spoofed }
    let to = target >> 24
    guard to &- 1 < 223, to != 127 else { throw .notForUs }
  }

  /// Reads ports and kind.
  @inline(__always)
  private mutating func readTransport(_ frame: RawSpan) throws(DropReason) {
    let count = end &- transport
    guard fragment & 0x1fff == 0 else {
      // A piece that begins inside the TCP header would change what was judged (RFC 3128).
      guard number != ProtocolNumber.tcp || fragment & 0x1fff >= 3 else { throw .malformed }
      return
    }
    switch number {
    case ProtocolNumber.tcp:
      guard count >= 20 else { throw .malformed }
      let size = Int(frame.byte(at: transport &+ 12) >> 4) &* 4
      flags = TCPFlags(rawValue: frame.byte(at: transport &+ 13))
      guard size >= 20, size <= count, flags.makeSense else { throw .malformed }
      content = .tcp
    case ProtocolNumber.udp:
      guard count >= 8 else { throw .malformed }
      let size = Int(frame.bigEndian(at: transport &+ 4, as: UInt16.self))
      guard size >= 8, isFragment || size <= count else { throw .malformed }
      content = .udp
    case ProtocolNumber.icmp:
      return try readICMP(frame, count)
    default:
      throw .unsupported
    }
    let ports: UInt32 = frame.bigEndian(at: transport)
    sourcePort = UInt16(truncatingIfNeeded: ports >> 16)
    targetPort = UInt16(truncatingIfNeeded: ports)
    guard sourcePort != 0, targetPort != 0 else { throw .malformed }
  }

  private mutating func readICMP(_ frame: RawSpan, _ count: Int) throws(DropReason) {
    guard count >= 8 else { throw .malformed }
    let code = frame.byte(at: transport + 1)
    switch frame.byte(at: transport) {
    case ICMPType.echoRequest where code == 0:
      content = .echoRequest
      sourcePort = frame.bigEndian(at: transport + 4)
    case ICMPType.echoReply where code == 0:
      content = .echoReply
      targetPort = frame.bigEndian(at: transport + 4)
    case ICMPType.unreachable, ICMPType.timeExceeded, ICMPType.parameterProblem:
      guard !isFragment else { throw .malformed }
      // RFC 5508 REQ-3: one with a wrong checksum is dropped silently.
      guard frame.extracting(transport..<end).internetChecksum == 0 else { throw .malformed }
      content = .failure
    default:
      throw .unsupported
    }
  }
}
