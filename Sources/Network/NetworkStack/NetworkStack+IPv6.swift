// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes
import Ethernet
import ICMPv6
import Internet
import IPv6
import Loopback
import Neighbors
import Packets
import UDP

/// IPv6 packets that come in and go out (RFC 8200).
extension NetworkStack {
  /// What a packet's headers say to the layer above.
  struct Delivery6 {
    var header: IPv6Header
    var number: UInt8
    var isGroup: Bool
  }

  func receiveIPv6(_ packet: consuming Packet, isLoopback: Bool) {
    let header: IPv6Header
    let chain: IPv6Chain
    let following = joined.byteCount
    do throws(IPv6HeaderError) {
      header = try packet.withBytes { (bytes) throws(IPv6HeaderError) in
        try IPv6Header(parsing: bytes, following: following)
      }
      let isOwn = routes6.isOwn(header.target)
      guard isLoopback || isOwn && !header.target.isLoopback || isGroupOfOurs(header.target),
        isLoopback || !routes6.isOwn(header.source)
      else {
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
      chain = try packet.withBytes { (bytes) throws(IPv6HeaderError) in
        try IPv6Chain(parsing: bytes, first: header.nextHeader)
      }
    } catch {
      counters.headerErrors &+= 1
      return
    }
    packet.removeFirst(chain.offset)
    let delivery = Delivery6(
      header: header, number: chain.number, isGroup: header.target.isMulticast)
    guard let fragment = chain.fragment else {
      deliver(packet, delivery)
      return
    }
    if fragment.isAtomic {
      deliverRest(packet, delivery)
    } else {
      reassemble(packet, fragment, delivery)
    }
  }

  private func isGroupOfOurs(_ target: IPv6Address) -> Bool {
    target.isMulticast
      && (target == .allNodes || routes6.isSolicitedNodeGroup(target)
        || udp.isMember(of: IPAddress(target)))
  }

  private func reassemble(
    _ packet: consuming Packet, _ fragment: IPv6Chain.Fragment, _ delivery: Delivery6
  ) {
    let header = delivery.header
    let key = FragmentKey(
      source: IPAddress(header.source), target: IPAddress(header.target),
      identification: fragment.identification, protocol: delivery.number)
    var front = InlineArray<40, UInt8>(repeating: 0)
    var elements = front.mutableSpan
    var bytes = MutableRawSpan(_elements: &elements)
    var whole = header
    whole.nextHeader = delivery.number
    whole.store(in: &bytes)
    let outcome = packet.withBytes {
      reassembly.add(
        $0, at: fragment.offset, isLast: !fragment.hasMore, key: key, header: bytes.bytes, now: now)
    }
    switch outcome {
    case .kept: break
    case .refused, .dropped: counters.reassemblyFailures += 1
    case .completed:
      guard let whole = reassembly.takeCompleted() else { return }
      counters.reassembled += 1
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
      sendError(.unknownNextHeader(at: 6), about: packet, delivery)
    }
  }

  /// Tells the sender of a packet why it was not delivered (RFC 4443 section 2.4).
  private func sendError(
    _ code: ICMPv6ErrorCode, about packet: consuming Packet, _ delivery: Delivery6
  ) {
    guard !delivery.isGroup, errorLimit.take(now: now) else { return }
    var header = delivery.header
    header.nextHeader = delivery.number
    header.payloadByteCount = packet.byteCount
    guard var original = pool.allocate(), original.append(IPv6Header.byteCount) else { return }
    let count = min(packet.byteCount, original.tailroom, 1232 - IPv6Header.byteCount)
    guard original.append(count) else { return }
    original.withMutableBytes { bytes in
      header.store(in: &bytes)
      packet.withBytes { bytes.copy($0.extracting(first: count), at: IPv6Header.byteCount) }
    }
    let message = original.withBytes {
      ICMPv6Writer.error(code, about: $0, from: header.target, pool: pool)
    }
    guard let message else { return }
    counters.icmpSent &+= 1
    try? sendIPv6(
      Frame(message), from: header.target, to: header.source, protocol: ProtocolNumber.icmpv6,
      options: SendOptions())
  }

  private func receiveICMPv6(_ packet: consuming Packet, _ delivery: Delivery6) {
    let header = delivery.header
    let message = packet.withBytes {
      ICMPv6Message(parsing: $0, from: header.source, to: header.target)
    }
    switch message {
    case nil, .echoReply: break
    case .echoRequest:
      guard !delivery.isGroup, header.source.isUnicast else { return }
      answerEcho(packet, delivery)
    case .failure(let error):
      guard let source = error.source.ipv6, routes6.isOwn(source) else { return }
      dispatch(error)
    case .neighborDiscovery: receiveNDP(packet, header)
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

  // MARK: - Sending

  func sendIPv6(
    _ frame: consuming Frame, from source: IPv6Address, to target: IPv6Address,
    protocol number: UInt8, options: SendOptions
  ) throws(SendError) {
    let hop = routes6.hop(to: target)
    guard hop != .unreachable else {
      counters.noRoutes &+= 1
      throw .noRoute
    }
    guard routes6.isOwn(source), hop == .loopback || !source.isLoopback else {
      throw .sourceNotOurs
    }
    guard frame.byteCount <= 65_535 else { throw .messageTooLong }
    let header = IPv6Header(
      from: source, to: target, nextHeader: number, payloadByteCount: frame.byteCount,
      hopLimit: options.hopLimit, trafficClass: options.trafficClass)
    let mtu = pathMTU(to: IPAddress(target))
    counters.sent &+= 1
    guard
      frame.byteCount + IPv6Header.byteCount <= mtu || hop == .loopback
        || frame.head.offload.segmentation != .none
    else {
      guard options.mayFragment else { throw .messageTooLong }
      try sendFragments(frame, header: header, mtu: mtu, hop: hop)
      return
    }
    guard frame.head.prepend(IPv6Header.byteCount) else { throw .noBuffers }
    frame.head.withMutableBytes { header.store(in: &$0) }
    pass(frame, hop: hop, target: target)
  }

  private func sendFragments(
    _ frame: consuming Frame, header: IPv6Header, mtu: Int, hop: IPv6Routes.Hop
  ) throws(SendError) {
    frame.completeChecksum()
    var rest = frame.byteCount
    // Not to be foretold (RFC 7739).
    var fragmenter = IPv6Fragmenter(
      frame, header: header, identification: UInt32(truncatingIfNeeded: random()), mtu: mtu)
    while rest > 0 {
      guard let piece = fragmenter.next(from: pool) else {
        counters.discarded &+= 1
        throw .noBuffers
      }
      rest -= piece.byteCount - IPv6Header.byteCount - IPv6Fragmenter.headerByteCount
      counters.fragmentsMade &+= 1
      pass(piece, hop: hop, target: header.target)
    }
  }

  private func pass(_ frame: consuming Frame, hop: IPv6Routes.Hop, target: IPv6Address) {
    switch hop {
    case .neighbor(let next):
      let address = IPAddress(next)
      if let station = neighbors.station(of: address, now: now) {
        transmit(frame, to: station, type: .ipv6)
      } else {
        neighbors.hold(frame, for: address, link: self, now: now)
      }
    case .loopback: loopback.append(frame)
    case .multicast:
      if udp.isMember(of: IPAddress(target)) { loopback.append(frame.share()) }
      transmit(frame, to: MACAddress(group: target), type: .ipv6)
    case .unreachable: break
    }
  }
}
