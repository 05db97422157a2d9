// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes

/// From the outside to the inside.
extension NAT {
  /// - Parameter isHairpin: whether it has come from the inside and is rewritten already.
  @inline(__always)
  func inbound(
    _ frame: inout MutableRawSpan, _ flow: Flow, isHairpin: Bool, at now: Instant
  ) throws(DropReason) -> Verdict {
    if !isHairpin { try checkOutsideSource(flow.source) }
    guard flow.target == outside.address else { throw .notForUs }
    if flow.content == .failure { return try inboundFailure(&frame, flow, at: now) }
    if flow.content == .laterFragment { return try follow(&frame, flow, from: .outside, at: now) }
    if flow.content == .echoRequest { return try deliver(&frame, flow, from: .outside, at: now) }
    let key = FlowKey(
      flow.number, host: 0, port: flow.targetPort, remote: flow.source,
      remotePort: flow.sourcePort)
    var index = sessions.find(outside: key)
    if index < 0 {
      let mapping = mappings.find(outside: flow.number, flow.targetPort)
      if mapping < 0 {
        guard !isHairpin else { throw .noSession }
        return try deliver(&frame, flow, from: .outside, at: now)
      }
      guard isHairpin || flow.hopLimit > 1 else { throw .hopLimitExceeded }
      index = try beginInbound(flow, key, mapping, at: now)
    }
    guard isHairpin || flow.hopLimit > 1 else { throw .hopLimitExceeded }
    let number = Int(index)
    sessions.note(flow, of: index, from: .outside, at: now)
    let byteCount = flow.end &- Flow.header
    firewall.count(sessions.records[number].rule, byteCount: byteCount)
    counters.inbound &+= 1
    counters.inboundBytes &+= UInt64(truncatingIfNeeded: byteCount)
    let host = sessions.records[number].insideKey
    Rewriting.change(
      .target, of: &frame, header: Flow.header, transport: flow.transport, number: flow.number,
      address: host.host, port: host.port)
    if !isHairpin { Rewriting.decrementHopLimit(of: &frame, header: Flow.header) }
    if flow.isFragment {
      remember(flow, from: .outside, address: host.host, hop: host.host, at: now)
    }
    let neighbor = sessions.records[number].insideNeighbor
    return try transmit(
      &frame, flow.end, to: .inside, host.host, hint: neighbor,
      found: &sessions.records[number].insideNeighbor, at: now)
  }

  /// Nobody on the outside has an address of the inside, or ours.
  @inline(__always)
  private func checkOutsideSource(_ source: UInt32) throws(DropReason) {
    guard source != outside.address, !inside.prefix.contains(IPv4Address(source)) else {
      throw .spoofed
    }
    guard !outside.prefix.contains(IPv4Address(source)) || outside.mayHave(source) else {
      throw .spoofed
    }
  }

  /// Lets a forward begin a session. Other mapped ports are for those only whom their host has
  /// spoken to (RFC 4787 REQ-8, RFC 5382 REQ-3: address and port-dependent filtering).
  private func beginInbound(
    _ flow: Flow, _ key: FlowKey, _ mapping: Int32, at now: Instant
  ) throws(DropReason) -> Int32 {
    let record = mappings.records[Int(mapping)]
    guard record.isPermanent else { throw .filtered }
    try checkBeginning(flow)
    var judged = flow
    judged.target = record.host
    judged.targetPort = record.port
    let rule = try firewall.judge(judged, from: .outside)
    try makeRoom()
    let insideKey = FlowKey(
      flow.number, host: record.host, port: record.port, remote: flow.source,
      remotePort: flow.sourcePort)
    return begin(insideKey, key, mapping: mapping, rule: rule, at: now)
  }
}
