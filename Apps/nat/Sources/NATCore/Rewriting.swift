// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// Changes of addresses and ports of a packet where it lies.
enum Rewriting {
  /// One end of a packet.
  enum End: Int {
    case source = 0
    case target = 1
  }

  /// Gives one end of a packet another address and port, with all checksums that this touches.
  ///
  /// - Parameters:
  ///   - header: where the IPv4 header begins; its bytes and those of `transport` are there.
  ///   - transport: where the payload begins; nil when the ports are in another piece.
  ///   - hasChecksum: whether the checksum of the payload is there.
  @inline(__always)
  static func change(
    _ end: End, of frame: inout MutableRawSpan, header: Int, transport: Int?, number: UInt8,
    address: UInt32, port: UInt16, hasChecksum: Bool = true
  ) {
    let place = header &+ 12 &+ end.rawValue &* 4
    let old: UInt32 = frame.bytes.bigEndian(at: place)
    var change = ChecksumChange()
    change.replace(old, by: address)
    frame.storeBigEndian(address, at: place)
    change.apply(to: &frame, at: header &+ 10)
    guard let transport else { return }
    if number == ProtocolNumber.icmp { change = ChecksumChange() }
    let portPlace =
      number == ProtocolNumber.icmp ? transport &+ 4 : transport &+ end.rawValue &* 2
    let oldPort: UInt16 = frame.bytes.bigEndian(at: portPlace)
    change.replace(oldPort, by: port)
    frame.storeBigEndian(port, at: portPlace)
    guard hasChecksum else { return }
    if number == ProtocolNumber.tcp {
      change.apply(to: &frame, at: transport &+ 16)
    } else if number == ProtocolNumber.icmp {
      change.apply(to: &frame, at: transport &+ 2)
    } else {
      // Zero means that there is none, and must stay so (RFC 768).
      let checksum: UInt16 = frame.bytes.bigEndian(at: transport &+ 6)
      guard checksum != 0 else { return }
      let result = change.applied(to: checksum)
      frame.storeBigEndian(result == 0 ? 0xffff : result, at: transport &+ 6)
    }
  }

  /// Takes one off the hop limit (RFC 1812 section 5.3.1).
  @inline(__always)
  static func decrementHopLimit(of frame: inout MutableRawSpan, header: Int) {
    let old: UInt16 = frame.bytes.bigEndian(at: header &+ 8)
    let new = old &- 0x100
    var change = ChecksumChange()
    change.replace(old, by: new)
    frame.storeBigEndian(new, at: header &+ 8)
    change.apply(to: &frame, at: header &+ 10)
  }
}
