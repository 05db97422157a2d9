// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes

/// What the translator says itself.
extension NAT {
  /// Takes a packet for one of its own addresses, if the rules let it: it answers echo requests
  /// (RFC 1122 section 3.2.2.6), and says of all else that nobody is there.
  func deliver(
    _ frame: inout MutableRawSpan, _ flow: Flow, from side: Side, at now: Instant
  ) throws(DropReason) -> Verdict {
    switch flow.content {
    case .failure, .laterFragment, .echoReply: throw .noSession
    case .echoRequest where flow.isFragment: throw .lostFragment
    case .echoRequest, .tcp, .udp: break
    }
    _ = try firewall.judge(flow, from: side)
    guard flow.content == .echoRequest else {
      answer(flow.content == .tcp ? .rejected : .portUnreachable, flow, frame.bytes, side, now)
      return .done
    }
    counters.echoes &+= 1
    var change = ChecksumChange()
    change.replace(UInt16(ICMPType.echoRequest) << 8, by: UInt16(ICMPType.echoReply) << 8)
    frame.storeBigEndian(UInt16(ICMPType.echoReply) << 8, at: flow.transport)
    change.apply(to: &frame, at: flow.transport + 2)
    // Both addresses change places, which changes no sum.
    frame.storeBigEndian(flow.target, at: Flow.header + 12)
    frame.storeBigEndian(flow.source, at: Flow.header + 16)
    var hops = ChecksumChange()
    let old: UInt16 = frame.bytes.bigEndian(at: Flow.header + 8)
    hops.replace(old, by: 64 << 8 | old & 0xff)
    frame.storeBigEndian(64 << 8 | old & 0xff, at: Flow.header + 8)
    hops.apply(to: &frame, at: Flow.header + 10)
    let sender = MACAddress(frame.bytes, at: 6)
    sender.store(in: &frame, at: 0)
    interface(side).station.store(in: &frame, at: 6)
    return .send(side, byteCount: flow.end)
  }

  /// What a sender is told.
  enum Notice {
    case rejected, portUnreachable, hostUnreachable, networkUnreachable, hopLimitExceeded, tooBig

    /// Type and code (RFC 792; RFC 1812 section 5.2.7.1 for "prohibited").
    var code: UInt16 {
      switch self {
      case .rejected: 0x030d
      case .portUnreachable: 0x0303
      case .hostUnreachable: 0x0301
      case .networkUnreachable: 0x0300
      case .hopLimitExceeded: 0x0b00
      case .tooBig: 0x0304
      }
    }
  }

  /// Tells the sender of a dropped packet, where that is due. The frame is as it came in.
  func answer(_ reason: DropReason, to frame: RawSpan, from side: Side, at now: Instant) {
    let notice: Notice
    switch reason {
    case .rejected: notice = .rejected
    // RFC 5508 REQ-8: a host inside learns that there is no room for its session.
    case .tableFull where side == .inside, .noPort where side == .inside: notice = .rejected
    case .hopLimitExceeded: notice = .hopLimitExceeded
    case .unreachable: notice = .networkUnreachable
    case .tooBig: notice = .tooBig
    default: return
    }
    do throws(DropReason) {
      let flow = try Flow(parsing: frame)
      if notice == .tooBig, !flow.mayNotBeFragmented { return }
      answer(notice, flow, frame, side, now)
    } catch {
      // What cannot be parsed is not answered.
    }
  }

  /// Sends a notice back the way that a frame has come.
  func answer(_ notice: Notice, _ flow: Flow, _ frame: RawSpan, _ side: Side, _ now: Instant) {
    // RFC 1122 section 3.2.2: no errors about errors and about pieces but the first.
    guard flow.content != .failure, flow.content != .laterFragment else { return }
    guard takeErrorToken(at: now) else {
      _ = drop(.errorLimited)
      return
    }
    let slot =
      notice == .rejected && flow.content == .tcp
      ? makeReset(flow, frame)
      : makeError(notice, frame, flow.end, from: interface(side).address, to: flow.source)
    guard let slot else { return }
    let sender = MACAddress(frame, at: 6)
    store.withFrame(slot) { error in
      sender.store(in: &error, at: 0)
      interface(side).station.store(in: &error, at: 6)
    }
    counters.errors &+= 1
    store.send(slot, to: side)
  }

  /// At most 50 at once, and 100 a second (RFC 1812 section 4.3.2.8).
  private func takeErrorToken(at now: Instant) -> Bool {
    let earned = (now - errorTokensAt).count / 10_000_000
    if earned > 0 {
      errorTokens = min(50, errorTokens + earned)
      errorTokensAt = now
    }
    guard errorTokens > 0 else { return false }
    errorTokens -= 1
    return true
  }

  /// Makes an ICMP error about a packet, all but the stations: as much of the packet as fits into
  /// 576 bytes (RFC 1812 section 4.3.2.3).
  ///
  /// - Returns: where it is in the store; nil when there is no room.
  func makeError(
    _ notice: Notice, _ frame: RawSpan, _ end: Int, from source: UInt32, to target: UInt32
  ) -> Int? {
    let quote = frame.extracting(Flow.header..<min(end, Flow.header + 548))
    let end = Flow.header + 28 + quote.byteCount
    return store.make(end) { error in
      Self.writeHeader(
        in: &error, end: end, number: ProtocolNumber.icmp, from: source, to: target)
      error.storeBigEndian(UInt32(notice.code) << 16, at: 34)
      error.storeBigEndian(UInt32(notice == .tooBig ? Link.mtu : 0), at: 38)
      error.copy(quote, at: 42)
      error.storeBigEndian(error.bytes.extracting(34..<end).internetChecksum, at: 36)
    }
  }

  /// Makes the reset that a closed port answers with (RFC 9293 section 3.10.7.1).
  private func makeReset(_ flow: Flow, _ frame: RawSpan) -> Int? {
    guard !flow.flags.contains(.reset), !flow.isFragment else { return nil }
    let sequence: UInt32 = frame.bigEndian(at: flow.transport + 4)
    let acknowledged: UInt32 = frame.bigEndian(at: flow.transport + 8)
    let headerByteCount = Int(frame.byte(at: flow.transport + 12) >> 4) * 4
    let length =
      UInt32(flow.end - flow.transport - headerByteCount)
      + (flow.flags.contains(.syn) ? 1 : 0) + (flow.flags.contains(.fin) ? 1 : 0)
    let isAnswer = flow.flags.contains(.acknowledgement)
    return store.make(54) { error in
      Self.writeHeader(
        in: &error, end: 54, number: ProtocolNumber.tcp, from: flow.target, to: flow.source)
      error.storeBigEndian(flow.targetPort, at: 34)
      error.storeBigEndian(flow.sourcePort, at: 36)
      error.storeBigEndian(isAnswer ? acknowledged : 0, at: 38)
      error.storeBigEndian(isAnswer ? 0 : sequence &+ length, at: 42)
      error.storeBigEndian(UInt32(isAnswer ? 0x5004_0000 : 0x5014_0000), at: 46)
      // The pseudo header's protocol and length, where checksum and urgent pointer will be.
      error.storeBigEndian(UInt32(ProtocolNumber.tcp) + 20, at: 50)
      // Addresses and segment lie next to each other, so one sum takes both.
      let sum = error.bytes.extracting(26..<54).internetChecksum
      error.storeBigEndian(UInt32(sum) << 16, at: 50)
    }
  }

  private static func writeHeader(
    in frame: inout MutableRawSpan, end: Int, number: UInt8, from source: UInt32,
    to target: UInt32
  ) {
    frame.storeBigEndian(UInt16(0x0800), at: 12)
    frame.storeBigEndian(0x4500_0000 | UInt32(end - Flow.header), at: 14)
    frame.storeBigEndian(UInt32(0), at: 18)
    frame.storeBigEndian(UInt32(0x4000_0000) | UInt32(number) << 16, at: 22)
    frame.storeBigEndian(source, at: 26)
    frame.storeBigEndian(target, at: 30)
    frame.storeBigEndian(frame.bytes.extracting(14..<34).internetChecksum, at: 24)
  }
}
