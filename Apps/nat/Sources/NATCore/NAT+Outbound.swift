// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes

/// From the inside to the outside, and back in again by a hairpin.
extension NAT {
  @inline(__always)
  func outbound(
    _ frame: inout MutableRawSpan, _ flow: inout Flow, at now: Instant
  ) throws(DropReason) -> Verdict {
    guard inside.mayHave(flow.source), flow.source != outside.address else { throw .spoofed }
    if flow.target == inside.address { return try deliver(&frame, flow, from: .inside, at: now) }
    // Hosts of one network speak to each other without a router.
    guard !inside.prefix.contains(IPv4Address(flow.target)) else { throw .notForUs }
    if flow.content == .failure { return try outboundFailure(&frame, flow, at: now) }
    if flow.content == .laterFragment { return try follow(&frame, flow, from: .inside, at: now) }
    // The translator answers requests itself, so no reply goes out.
    guard flow.content != .echoReply else { throw .noSession }
    let isHairpin = flow.target == outside.address
    let key = FlowKey(
      flow.number, host: flow.source, port: flow.sourcePort, remote: flow.target,
      remotePort: flow.targetPort)
    var index = sessions.find(inside: key)
    if index < 0, isHairpin, mappings.find(outside: flow.number, flow.targetPort) < 0 {
      return try deliver(&frame, flow, from: .inside, at: now)
    }
    guard flow.hopLimit > 1 else { throw .hopLimitExceeded }
    let hop = isHairpin ? 0 : try self.hop(to: flow.target)
    if index < 0 { index = try beginOutbound(flow, key, at: now) }
    let number = Int(index)
    sessions.note(flow, of: index, from: .inside, at: now)
    let byteCount = flow.end &- Flow.header
    firewall.count(sessions.records[number].rule, byteCount: byteCount)
    counters.outbound &+= 1
    counters.outboundBytes &+= UInt64(truncatingIfNeeded: byteCount)
    let port = sessions.records[number].outsideKey.port
    Rewriting.change(
      .source, of: &frame, header: Flow.header, transport: flow.transport, number: flow.number,
      address: outside.address, port: port)
    Rewriting.decrementHopLimit(of: &frame, header: Flow.header)
    if isHairpin { return try turnBack(&frame, flow, port, at: now) }
    if flow.isFragment {
      remember(flow, from: .inside, address: outside.address, hop: hop, at: now)
    }
    let neighbor = sessions.records[number].outsideNeighbor
    return try transmit(
      &frame, flow.end, to: .outside, hop, hint: neighbor,
      found: &sessions.records[number].outsideNeighbor, at: now)
  }

  /// Sends what is for the outside address in again, as if it had been outside (RFC 4787 REQ-9,
  /// RFC 5382 REQ-8).
  private func turnBack(
    _ frame: inout MutableRawSpan, _ flow: Flow, _ port: UInt16, at now: Instant
  ) throws(DropReason) -> Verdict {
    // The pieces that follow would have to be rewritten twice; they are not.
    guard !flow.isFragment else { throw .lostFragment }
    var flow = flow
    flow.source = outside.address
    flow.sourcePort = port
    do throws(DropReason) {
      return try inbound(&frame, flow, isHairpin: true, at: now)
    } catch {
      // The frame is no longer as its sender knows it: nobody is told.
      throw error == .rejected ? .refused : error
    }
  }

  /// Who takes a packet for that address on the outside.
  @inline(__always)
  func hop(to target: UInt32) throws(DropReason) -> UInt32 {
    if outside.prefix.contains(IPv4Address(target)) {
      guard outside.mayHave(target) else { throw .notForUs }
      return target
    }
    guard let gateway else { throw .unreachable }
    return gateway
  }

  private func beginOutbound(
    _ flow: Flow, _ key: FlowKey, at now: Instant
  ) throws(DropReason) -> Int32 {
    try checkBeginning(flow)
    let rule = try firewall.judge(flow, from: .inside)
    try makeRoom()
    var index = mappings.find(inside: flow.number, flow.source, flow.sourcePort)
    if index < 0 {
      guard let port = mappings.freePort(flow.number, for: flow.sourcePort) else { throw .noPort }
      index = mappings.insert(
        Mapping(
          number: flow.number, isPermanent: false, port: flow.sourcePort, host: flow.source,
          outsidePort: port))
    }
    let outsideKey = FlowKey(
      flow.number, host: 0, port: mappings.records[Int(index)].outsidePort, remote: flow.target,
      remotePort: flow.targetPort)
    return begin(key, outsideKey, mapping: index, rule: rule, at: now)
  }

  /// A TCP session begins with a SYN.
  func checkBeginning(_ flow: Flow) throws(DropReason) {
    guard flow.content == .tcp else { return }
    guard flow.flags.contains(.syn), !flow.flags.contains(.acknowledgement) else {
      throw .noSession
    }
  }

  /// Sees to it that there is room for a session.
  func makeRoom() throws(DropReason) {
    guard sessions.isFull else { return }
    guard let index = sessions.mostDispensable else { throw .tableFull }
    end(index)
    counters.evicted &+= 1
  }

  func begin(
    _ insideKey: FlowKey, _ outsideKey: FlowKey, mapping: Int32, rule: Int32, at now: Instant
  ) -> Int32 {
    mappings.records[Int(mapping)].sessionCount += 1
    let kind: Session.Kind =
      switch insideKey.number {
      case ProtocolNumber.tcp: .transitory
      case ProtocolNumber.udp: .udp
      default: .icmp
      }
    counters.begun &+= 1
    return sessions.insert(
      Session(
        insideKey: insideKey, outsideKey: outsideKey, mapping: mapping, rule: rule, kind: kind),
      at: now)
  }
}
