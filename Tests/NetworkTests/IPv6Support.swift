// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import ICMPv6
import Internet
import IPv6
import NetworkStack
import Packets

/// A complete IPv6 packet; `next` is the first header behind the fixed one.
func ipv6Packet(
  from source: String, to target: String, next: UInt8, hopLimit: UInt8 = 64, _ payload: [UInt8]
) -> [UInt8] {
  let header = IPv6Header(
    from: v6(source), to: v6(target), nextHeader: next, payloadByteCount: payload.count,
    hopLimit: hopLimit)
  var bytes = [UInt8](repeating: 0, count: 40)
  var elements = bytes.mutableSpan
  var span = MutableRawSpan(_elements: &elements)
  header.store(in: &span)
  return bytes + payload
}

/// A message with its checksum: type, code, two bytes of checksum, `body`.
func icmpv6(
  _ type: UInt8, _ code: UInt8, _ body: [UInt8], from source: String, to target: String
) -> [UInt8] {
  var bytes = [type, code, 0, 0] + body
  var elements = bytes.mutableSpan
  var span = MutableRawSpan(_elements: &elements)
  ICMPv6Writer.complete(&span, from: v6(source), to: v6(target))
  return bytes
}

/// A UDP datagram over version 6 with its checksum.
func udpDatagram6(
  from source: String, _ sourcePort: UInt16, to target: String, _ targetPort: UInt16,
  _ payload: [UInt8]
) -> [UInt8] {
  let length = UInt16(payload.count + 8)
  var bytes =
    [sourcePort, targetPort, length, 0].flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } + payload
  var sum = InternetChecksum(
    from: IPAddress(v6(source)), to: IPAddress(v6(target)), protocol: 17, byteCount: bytes.count)
  sum.add(RawSpan(_elements: bytes.span))
  let value = sum.value == 0 ? 0xffff : sum.value
  bytes[6] = UInt8(value >> 8)
  bytes[7] = UInt8(value & 255)
  return bytes
}

/// The 16 bytes of an address.
func octets(_ address: IPv6Address) -> [UInt8] {
  [address.high, address.low].flatMap { half in
    (0..<8).map { UInt8(truncatingIfNeeded: half >> UInt64(56 - 8 * $0)) }
  }
}

/// The six bytes of a station's address.
func octets(_ station: MACAddress) -> [UInt8] {
  (0..<6).map { UInt8(truncatingIfNeeded: station.rawValue >> UInt64(40 - 8 * $0)) }
}

/// What a frame of version 6 without extension headers carries.
struct Sent6 {
  let target: MACAddress
  let header: IPv6Header
  let payload: [UInt8]

  init?(_ frame: [UInt8]) {
    guard frame.count >= 54, frame[12] == 0x86, frame[13] == 0xdd,
      let header = try? IPv6Header(
        parsing: RawSpan(_elements: frame.span).extracting(droppingFirst: 14))
    else { return nil }
    target = MACAddress(RawSpan(_elements: frame.span), at: 0)
    self.header = header
    payload = Array(frame[54..<54 + header.payloadByteCount])
  }

  /// Whether it is a message of ICMPv6 of that type, with a right checksum.
  func isICMP(_ type: UInt8) -> Bool {
    guard header.nextHeader == 58, payload.count >= 4, payload[0] == type else { return false }
    var sum = InternetChecksum(
      from: IPAddress(header.source), to: IPAddress(header.target), protocol: 58,
      byteCount: payload.count)
    sum.add(RawSpan(_elements: payload.span))
    return sum.isRight
  }
}

extension Host {
  var linkLocal: IPv6Address { IPv6Address(linkLocal: station) }

  /// Takes a packet of version 6 in a frame to it, or to the group that it is for.
  func take6(_ packet: [UInt8], from station: MACAddress, now: Instant) {
    let target = IPv6Address(RawSpan(_elements: packet.span), at: 24)
    take(
      ethernet(
        to: target.isMulticast ? MACAddress(group: target) : self.station, from: station,
        type: 0x86dd, packet), now: now)
  }

  /// Messages of ICMPv6 of a type that it has sent since the last look at what it sent.
  func takeICMP6(_ type: UInt8) -> [Sent6] {
    interface.takeSent().compactMap(Sent6.init).filter { $0.isICMP(type) }
  }
}

/// The text of an address, for tables of tests.
func text(_ address: IPv6Address) -> String {
  var bytes: [UInt8] = []
  address.appendText(to: &bytes)
  return String(decoding: bytes, as: UTF8.self)
}
