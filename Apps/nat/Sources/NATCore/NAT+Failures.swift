// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// ICMP errors about packets of sessions, which are translated with the packet that they quote
/// (RFC 5508 section 4). They neither prolong nor end a session (RFC 4787 REQ-12, RFC 5382 REQ-10).
extension NAT {
  /// From the outside, about what a host inside has sent.
  func inboundFailure(
    _ frame: inout MutableRawSpan, _ flow: Flow, isHairpin: Bool = false, at now: Instant
  ) throws(DropReason) -> Verdict {
    let quote = try Quote(of: flow, in: frame.bytes)
    guard quote.source == outside.address else { throw .noSession }
    let key = FlowKey(
      quote.number, host: 0, port: quote.sourcePort, remote: quote.target,
      remotePort: quote.targetPort)
    let index = sessions.find(outside: key)
    guard index >= 0 else { throw .noSession }
    // No error is sent about an error.
    guard isHairpin || flow.hopLimit > 1 else { throw .noSession }
    let host = sessions.records[Int(index)].insideKey
    Rewriting.change(
      .source, of: &frame, header: quote.header, transport: quote.transport,
      number: quote.number, address: host.host, port: host.port, hasChecksum: quote.hasChecksum)
    Rewriting.change(
      .target, of: &frame, header: Flow.header, transport: nil, number: flow.number,
      address: host.host, port: 0)
    if !isHairpin { Rewriting.decrementHopLimit(of: &frame, header: Flow.header) }
    Self.renewChecksum(of: flow, in: &frame)
    counters.inbound &+= 1
    counters.inboundBytes &+= UInt64(flow.end - Flow.header)
    return try transmit(
      &frame, flow.end, to: .inside, host.host, hint: -1,
      found: &sessions.records[Int(index)].insideNeighbor, at: now)
  }

  /// From the inside, about what has come from the outside (RFC 5508 REQ-5), or by a hairpin
  /// (REQ-6).
  func outboundFailure(
    _ frame: inout MutableRawSpan, _ flow: Flow, at now: Instant
  ) throws(DropReason) -> Verdict {
    let quote = try Quote(of: flow, in: frame.bytes)
    let key = FlowKey(
      quote.number, host: quote.target, port: quote.targetPort, remote: quote.source,
      remotePort: quote.sourcePort)
    let index = sessions.find(inside: key)
    guard index >= 0, flow.hopLimit > 1 else { throw .noSession }
    let isHairpin = flow.target == outside.address
    let hop = isHairpin ? 0 : try self.hop(to: flow.target)
    let port = sessions.records[Int(index)].outsideKey.port
    Rewriting.change(
      .target, of: &frame, header: quote.header, transport: quote.transport,
      number: quote.number, address: outside.address, port: port,
      hasChecksum: quote.hasChecksum)
    Rewriting.change(
      .source, of: &frame, header: Flow.header, transport: nil, number: flow.number,
      address: outside.address, port: 0)
    Rewriting.decrementHopLimit(of: &frame, header: Flow.header)
    Self.renewChecksum(of: flow, in: &frame)
    if isHairpin { return try inboundFailure(&frame, flow, isHairpin: true, at: now) }
    counters.outbound &+= 1
    counters.outboundBytes &+= UInt64(flow.end - Flow.header)
    return try transmit(
      &frame, flow.end, to: .outside, hop, hint: -1,
      found: &sessions.records[Int(index)].outsideNeighbor, at: now)
  }

  /// Sums up the message anew: errors are rare, and the quoted checksum may be missing.
  private static func renewChecksum(of flow: Flow, in frame: inout MutableRawSpan) {
    frame.storeBigEndian(UInt16(0), at: flow.transport + 2)
    let sum = frame.bytes.extracting(flow.transport..<flow.end).internetChecksum
    frame.storeBigEndian(sum, at: flow.transport + 2)
  }
}
