// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import ARP
import Bytes
import Ethernet
import Internet
import IPv4
import IPv6
import Packets

/// Looks at a frame as tshark does: whether anything in it is malformed or has a wrong checksum.
///
/// Returns what is wrong, or nil.
func problem(with frame: [UInt8]) -> String? {
  let bytes = RawSpan(_elements: frame.span)
  guard let header = EthernetHeader(parsing: bytes) else { return "Ethernet header" }
  let payload = bytes.extracting(droppingFirst: 14)
  switch header.type {
  case .arp: return ARPMessage(parsing: payload) == nil ? "ARP" : nil
  case .ipv4:
    guard let header = try? IPv4Header(parsing: payload) else { return "IPv4 header" }
    guard header.totalByteCount == payload.byteCount else { return "IPv4 length" }
    if header.isFragment { return nil }
    return problem(
      with: payload.extracting(droppingFirst: header.headerByteCount), number: header.number,
      from: IPAddress(header.source), to: IPAddress(header.target))
  case .ipv6:
    guard let header = try? IPv6Header(parsing: payload) else { return "IPv6 header" }
    guard header.payloadByteCount + 40 == payload.byteCount else { return "IPv6 length" }
    guard let chain = try? IPv6Chain(parsing: payload, first: header.nextHeader) else {
      return "IPv6 extension headers"
    }
    if chain.fragment != nil { return nil }
    return problem(
      with: payload.extracting(droppingFirst: chain.offset), number: chain.number,
      from: IPAddress(header.source), to: IPAddress(header.target))
  default: return "Ethernet type"
  }
}

private func problem(
  with bytes: RawSpan, number: UInt8, from source: IPAddress, to target: IPAddress
) -> String? {
  if number == ProtocolNumber.icmp {
    return InternetChecksum.of(bytes) == 0 ? nil : "ICMP checksum"
  }
  if number == ProtocolNumber.udp {
    guard bytes.byteCount >= 8, Int(bytes.bigEndian(at: 4, as: UInt16.self)) == bytes.byteCount
    else { return "UDP length" }
    if source.isIPv4, bytes.bigEndian(at: 6, as: UInt16.self) == 0 { return nil }
  }
  var sum = InternetChecksum(
    from: source, to: target, protocol: number, byteCount: bytes.byteCount)
  sum.add(bytes)
  return sum.isRight ? nil : "checksum of protocol \(number)"
}

/// Makes all checksums of a frame right, as far as its lengths let it: what was changed at random
/// then gets further than to the first check.
func repair(_ frame: [UInt8]) -> [UInt8] {
  var frame = frame
  guard frame.count >= 34 else { return frame }
  switch (frame[12], frame[13]) {
  case (8, 0):
    let size = Int(frame[14] & 15) * 4
    guard size >= 20, frame.count >= 14 + size else { return frame }
    store(0, at: 24, in: &frame)
    let header = Array(frame[14..<14 + size])
    store(InternetChecksum.of(RawSpan(_elements: header.span)), at: 24, in: &frame)
    let total = Int(frame[16]) << 8 | Int(frame[17])
    guard total >= size, frame.count >= 14 + total, frame[20] & 0x3f == 0, frame[21] == 0 else {
      return frame
    }
    let addresses = Array(frame[26..<34])
    let bytes = RawSpan(_elements: addresses.span)
    repair(
      &frame, from: 14 + size, to: 14 + total, number: frame[23],
      IPAddress(IPv4Address(bytes, at: 0)), IPAddress(IPv4Address(bytes, at: 4)))
  case (0x86, 0xdd):
    let packet = Array(frame[14...])
    let span = RawSpan(_elements: packet.span)
    guard let header = try? IPv6Header(parsing: span),
      let chain = try? IPv6Chain(
        parsing: span.extracting(first: 40 + header.payloadByteCount), first: header.nextHeader),
      chain.fragment == nil
    else { return frame }
    repair(
      &frame, from: 14 + chain.offset, to: 54 + header.payloadByteCount, number: chain.number,
      IPAddress(header.source), IPAddress(header.target))
  default: break
  }
  return frame
}

private func repair(
  _ frame: inout [UInt8], from start: Int, to end: Int, number: UInt8, _ source: IPAddress,
  _ target: IPAddress
) {
  let place: Int? = [1: 2, 6: 16, 17: 6, 58: 2][number]
  guard let place, end - start >= place + 2 else { return }
  store(0, at: start + place, in: &frame)
  var sum = InternetChecksum()
  if number != ProtocolNumber.icmp {
    sum = InternetChecksum(from: source, to: target, protocol: number, byteCount: end - start)
  }
  let bytes = Array(frame[start..<end])
  sum.add(RawSpan(_elements: bytes.span))
  let value = sum.value == 0 && number == ProtocolNumber.udp ? 0xffff : sum.value
  store(value, at: start + place, in: &frame)
}

private func store(_ value: UInt16, at offset: Int, in frame: inout [UInt8]) {
  frame[offset] = UInt8(value >> 8)
  frame[offset + 1] = UInt8(value & 255)
}
