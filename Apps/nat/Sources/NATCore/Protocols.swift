// SPDX-License-Identifier: BSD-3-Clause

/// The protocols over IPv4 that are translated, by their numbers in its header (RFC 790).
enum ProtocolNumber {
  static var icmp: UInt8 { 1 }
  static var tcp: UInt8 { 6 }
  static var udp: UInt8 { 17 }
}

/// The control bits of a TCP segment (RFC 9293 section 3.1).
struct TCPFlags: OptionSet, BitwiseCopyable {
  let rawValue: UInt8
  static var fin: Self { Self(rawValue: 1) }
  static var syn: Self { Self(rawValue: 2) }
  static var reset: Self { Self(rawValue: 4) }
  static var acknowledgement: Self { Self(rawValue: 16) }

  /// Whether a host may send such a segment: not without any of SYN, RST and ACK, and not with two
  /// that contradict each other.
  @inline(__always)
  var makeSense: Bool {
    let control = rawValue & 0x17
    if control & 0x02 != 0 { return control & 0x05 == 0 }
    return control & 0x14 != 0
  }
}

/// The types of ICMP messages (RFC 792).
enum ICMPType {
  static var echoReply: UInt8 { 0 }
  static var unreachable: UInt8 { 3 }
  static var echoRequest: UInt8 { 8 }
  static var timeExceeded: UInt8 { 11 }
  static var parameterProblem: UInt8 { 12 }
}

/// The first bytes of a frame.
enum Link {
  static var headerByteCount: Int { 14 }
  /// The longest IPv4 packet on either side.
  static var mtu: Int { 1500 }
  static var largestFrame: Int { headerByteCount + mtu }
}
