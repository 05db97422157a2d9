// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes
import ICMPv6
import Internet
import IPv6
import NDP
import Packets
import UDP

/// IPv6 packets that come in (RFC 8200).
extension NetworkStack {
  /// What a packet's headers say to the layer above.
  struct Delivery6 {
    var header: IPv6Header
    var number: UInt8
    /// Where the number stands, from the packet's front.
    var numberPlace: Int
    /// Bytes of headers that still stand in front of the payload; 0 when it came in fragments.
    var offset: Int
    var isGroup: Bool { header.target.isMulticast }
  }

  func receiveIPv6(_ packet: consuming Packet, isLinkGroup: Bool, isLoopback: Bool) {
    let following = joined.byteCount
    let parsed = packet.withBytes { try? IPv6Header(parsing: $0, following: following) }
    guard let header = parsed else {
      counters.headerErrors &+= 1
      return
    }
    guard isLoopback || accepts(header, isLinkGroup: isLinkGroup) else {
      counters.addressErrors &+= 1
      return
    }
    guard
      trim(
        &packet, to: IPv6Header.byteCount + header.payloadByteCount,
        isJoinable: header.nextHeader == ProtocolNumber.tcp)
    else {
      counters.headerErrors &+= 1
      return
    }
    let chain: IPv6Chain
    do throws(IPv6HeaderError) {
      chain = try packet.withBytes { (bytes) throws(IPv6HeaderError) in
        try IPv6Chain(parsing: bytes, first: header.nextHeader)
      }
    } catch {
      counters.headerErrors &+= 1
      report(error, about: packet, header)
      return
    }
    packet.removeFirst(chain.offset)
    var delivery = Delivery6(
      header: header, number: chain.number, numberPlace: chain.numberPlace, offset: chain.offset)
    guard let fragment = chain.fragment else {
      deliver(packet, delivery)
      return
    }
    delivery.offset = 0
    if fragment.isAtomic {
      deliverRest(packet, delivery)
    } else {
      reassemble(packet, fragment, delivery)
    }
  }

  /// Whether a packet is for us, and comes from where it may.
  @inline(__always)
  private func accepts(_ header: IPv6Header, isLinkGroup: Bool) -> Bool {
    // Nobody else may speak in our name; `::1` is ours too.
    if routes6.isOwn(header.source) { return isRival(header) }
    if routes6.isOwn(header.target) { return !isLinkGroup && !header.target.isLoopback }
    return header.target.isMulticast && isGroupOfOurs(header.target)
  }

  /// Whether it may be the word of another that has an address which is used while it is still
  /// being looked for (RFC 4862 section 5.4.4: it tells all).
  private func isRival(_ header: IPv6Header) -> Bool {
    header.target == .allNodes && header.nextHeader == ProtocolNumber.icmpv6
      && autoConfiguration?.isLooking(for: header.source) == true
  }

  private func isGroupOfOurs(_ target: IPv6Address) -> Bool {
    target == .allNodes || routes6.isSolicitedNodeGroup(target)
      || udp.isMember(of: IPAddress(target))
  }

  // MARK: - Fragments

  /// Bytes that are kept of a datagram's first fragment: its fixed header and the fragment header.
  private static var fragmentFrontByteCount: Int {
    IPv6Header.byteCount + IPv6Fragmenter.headerByteCount
  }

  private func reassemble(
    _ packet: consuming Packet, _ fragment: IPv6Chain.Fragment, _ delivery: Delivery6
  ) {
    let header = delivery.header
    // The number of the transport is that of the first fragment: it is no part of the key.
    let key = FragmentKey(
      source: IPAddress(header.source), target: IPAddress(header.target),
      identification: fragment.identification, protocol: 0)
    var front = InlineArray<48, UInt8>(repeating: 0)
    var elements = front.mutableSpan
    var bytes = MutableRawSpan(_elements: &elements)
    IPv6Fragmenter.store(
      header, number: delivery.number, offset: fragment.offset, isLast: !fragment.hasMore,
      identification: fragment.identification, in: &bytes)
    let outcome = packet.withBytes {
      reassembly.add(
        $0, at: fragment.offset, isLast: !fragment.hasMore, key: key, header: bytes.bytes, now: now)
    }
    switch outcome {
    case .kept: break
    case .refused, .dropped: counters.reassemblyFailures += 1
    case .completed:
      guard var whole = reassembly.takeCompleted(), whole.prepend(Self.fragmentFrontByteCount)
      else { return }
      counters.reassembled += 1
      var delivery = delivery
      delivery.number = whole.withBytes { $0.byte(at: IPv6Header.byteCount) }
      whole.removeFirst(Self.fragmentFrontByteCount)
      deliverRest(compact(whole), delivery)
    }
  }

  /// Delivers what stood behind a fragment header: perhaps more headers, but no second one.
  private func deliverRest(_ packet: consuming Packet, _ delivery: Delivery6) {
    let chain = packet.withBytes {
      try? IPv6Chain(parsing: $0, first: delivery.number, at: 0)
    }
    guard let chain, chain.fragment == nil, packet.removeFirst(chain.offset) else {
      counters.headerErrors &+= 1
      return
    }
    var delivery = delivery
    delivery.number = chain.number
    deliver(packet, delivery)
  }

  /// Tells the sender of a datagram that its fragments did not all come (RFC 8200 section 4.5).
  ///
  /// - Parameter packet: the first fragment, and what has come behind it.
  func reportExpired6(_ packet: consuming Packet) {
    let parsed = packet.withBytes { try? IPv6Header(parsing: $0, following: .max / 2) }
    guard let header = parsed, !header.target.isMulticast, routes6.isOwn(header.target) else {
      return
    }
    report(.reassemblyTimeExceeded, about: packet, header)
  }

  // MARK: - Delivery

  private func deliver(_ packet: consuming Packet, _ delivery: Delivery6) {
    let header = delivery.header
    let (source, target) = (IPAddress(header.source), IPAddress(header.target))
    counters.delivered &+= 1
    switch delivery.number {
    case ProtocolNumber.tcp:
      guard let tcp, !delivery.isGroup, header.source.isUnicast, packet.byteCount > 0 else {
        return
      }
      tcp.receive(takeFrame(packet), from: source, to: target, now: now)
    case ProtocolNumber.udp:
      // An answer to no address would go to ourselves.
      guard header.source.isUnicast else { return }
      var slot: Packet? = consume packet
      let outcome = udp.receive(
        &slot, from: source, to: target, isGroup: delivery.isGroup, hopLimit: header.hopLimit,
        trafficClass: header.trafficClass)
      guard outcome == .noEndpoint, let packet = slot.take() else { return }
      sendError(.portUnreachable, about: packet, delivery)
    case ProtocolNumber.icmpv6:
      counters.icmpReceived &+= 1
      receiveICMPv6(packet, delivery)
    case IPv6Chain.noNext: break
    default:
      counters.unknownProtocols &+= 1
      sendError(
        .unknownNextHeader(at: delivery.offset > 0 ? delivery.numberPlace : 6), about: packet,
        delivery)
    }
  }

  private func receiveICMPv6(_ packet: consuming Packet, _ delivery: Delivery6) {
    let header = delivery.header
    let message = packet.withBytes {
      ICMPv6Message(parsing: $0, from: header.source, to: header.target)
    }
    switch message {
    case nil: break
    case .echoReply(let identifier, _):
      guard !delivery.isGroup else { return }
      _ = echo.receiveReply(
        packet, identifier: identifier, from: IPAddress(header.source),
        to: IPAddress(header.target), hopLimit: header.hopLimit, trafficClass: header.trafficClass)
    case .echoRequest:
      // Requests to all are not answered, or we would help to flood somebody.
      guard !delivery.isGroup, header.source.isUnicast else { return }
      answerEcho(packet, delivery)
    case .failure(let error):
      guard let source = error.source.ipv6, routes6.isOwn(source) else { return }
      dispatch(error)
    case .neighborDiscovery:
      // Never in fragments (RFC 6980).
      guard delivery.offset > 0 else { return }
      receiveNDP(packet, header)
    }
  }

  private func answerEcho(_ packet: consuming Packet, _ delivery: Delivery6) {
    guard var frame = Frame.allocate(byteCount: packet.byteCount, from: pool) else { return }
    packet.withBytes { bytes in
      var offset = 0
      frame.forEachMutableBytes { target in
        target.copy(bytes.extracting(offset..<offset + target.byteCount))
        offset += target.byteCount
      }
    }
    ICMPv6Writer.turnIntoReply(&frame.head)
    counters.icmpSent &+= 1
    try? sendIPv6(
      frame, from: delivery.header.target, to: delivery.header.source,
      protocol: ProtocolNumber.icmpv6, options: SendOptions())
  }

  // MARK: - Errors

  /// Tells the sender of a packet why it was not delivered (RFC 4443 section 2.4).
  ///
  /// - Parameter packet: the payload.
  private func sendError(
    _ code: ICMPv6ErrorCode, about packet: consuming Packet, _ delivery: Delivery6
  ) {
    guard !delivery.isGroup else { return }
    if delivery.offset > 0 {
      guard packet.prepend(delivery.offset) else { return }
    } else {
      // The datagram never was in one piece: it gets the header that it would have had.
      guard !packet.isShared, packet.prepend(IPv6Header.byteCount) else { return }
      var header = delivery.header
      header.nextHeader = delivery.number
      header.payloadByteCount = packet.byteCount - IPv6Header.byteCount
      packet.withMutableBytes { header.store(in: &$0) }
    }
    report(code, about: packet, delivery.header)
  }

  /// Tells the sender of a packet which of its headers is wrong, when it is to know.
  private func report(
    _ error: IPv6HeaderError, about packet: borrowing Packet, _ header: IPv6Header
  ) {
    let isGroup = header.target.isMulticast
    switch error {
    case .reportedOption(let place, let toGroups) where toGroups || !isGroup:
      report(.unknownOption(at: place), about: packet, header)
    case .reportedRouting(let place) where !isGroup:
      report(.badField(at: place), about: packet, header)
    case .reportedHeader(let place) where !isGroup:
      report(.unknownNextHeader(at: place), about: packet, header)
    default: break
    }
  }

  private func report(
    _ code: ICMPv6ErrorCode, about packet: borrowing Packet, _ header: IPv6Header
  ) {
    let isGroup = header.target.isMulticast
    let source = isGroup ? routes6.source(to: header.source, now: now) : header.target
    guard let source, header.source.isUnicast, errorLimit.take(now: now),
      let message = packet.withBytes({
        ICMPv6Writer.error(code, about: $0, from: source, pool: pool)
      })
    else { return }
    counters.icmpSent &+= 1
    try? sendIPv6(
      Frame(message), from: source, to: header.source, protocol: ProtocolNumber.icmpv6,
      options: SendOptions())
  }
}
