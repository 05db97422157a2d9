// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// The packet that an ICMP error quotes: its header and at least eight bytes of its payload.
struct Quote: BitwiseCopyable {
  var number: UInt8
  var source: UInt32
  var target: UInt32
  var sourcePort: UInt16 = 0
  var targetPort: UInt16 = 0
  /// Where the quoted IPv4 header begins in the frame.
  var header: Int
  /// Where the quoted payload begins.
  var transport: Int
  /// Whether the payload's checksum is among the quoted bytes.
  var hasChecksum: Bool

  /// - Throws: `malformed` for what cannot be looked up, a wrong checksum of the quoted header
  ///   among it (RFC 5508 REQ-3).
  init(of failure: Flow, in frame: RawSpan) throws(DropReason) {
    header = failure.transport + 8
    guard failure.end >= header + 28, frame.byte(at: header) >> 4 == 4 else { throw .malformed }
    let size = Int(frame.byte(at: header) & 15) * 4
    transport = header + size
    guard size >= 20, failure.end >= transport + 8,
      frame.extracting(header..<transport).internetChecksum == 0,
      frame.bigEndian(at: header + 6, as: UInt16.self) & 0x1fff == 0
    else { throw .malformed }
    number = frame.byte(at: header + 9)
    source = frame.bigEndian(at: header + 12)
    target = frame.bigEndian(at: header + 16)
    hasChecksum = true
    switch number {
    case ProtocolNumber.tcp, ProtocolNumber.udp:
      sourcePort = frame.bigEndian(at: transport)
      targetPort = frame.bigEndian(at: transport + 2)
      hasChecksum = number == ProtocolNumber.udp || failure.end >= transport + 18
    case ProtocolNumber.icmp:
      let identifier: UInt16 = frame.bigEndian(at: transport + 4)
      switch frame.byte(at: transport) {
      case ICMPType.echoRequest: sourcePort = identifier
      case ICMPType.echoReply: targetPort = identifier
      default: throw .malformed
      }
    default:
      throw .unsupported
    }
  }
}
