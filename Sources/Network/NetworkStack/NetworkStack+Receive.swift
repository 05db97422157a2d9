// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes
import ICMP
import Internet
import IPv4
import Packets
import UDP

/// IPv4 packets that come in (RFC 1122 section 3.2.1).
extension NetworkStack {
  /// What a packet's header says to the layer above.
  struct Delivery {
    var header: IPv4Header
    var isGroup: Bool
  }

  @_optimize(speed)
  func receiveIPv4(_ packet: consuming Packet, isLinkGroup: Bool, isLoopback: Bool) {
    let header: IPv4Header
    let following = joined.byteCount
    do throws(IPv4HeaderError) {
      header = try packet.withBytes { (bytes) throws(IPv4HeaderError) in
        try IPv4Header(parsing: bytes, following: following)
      }
    } catch {
      counters.headerErrors &+= 1
      return
    }
    let isOwn = routes.isOwn(header.target)
    guard accepts(header, isOwn: isOwn, isLinkGroup: isLinkGroup, isLoopback: isLoopback) else {
      counters.addressErrors &+= 1
      return
    }
    if header.headerByteCount != IPv4Header.minimumByteCount {
      let areAcceptable = packet.withBytes {
        IPv4Options.areAcceptable($0.extracting(first: header.headerByteCount))
      }
      guard areAcceptable else {
        counters.headerErrors &+= 1
        return
      }
    }
    guard
      trim(
        &packet, to: header.totalByteCount,
        isJoinable: header.number == ProtocolNumber.tcp && !header.isFragment)
    else {
      counters.headerErrors &+= 1
      return
    }
    let delivery = Delivery(header: header, isGroup: !isOwn)
    if header.isFragment {
      reassemble(packet, delivery)
    } else {
      packet.removeFirst(header.headerByteCount)
      deliver(packet, delivery)
    }
  }

  /// Takes the link's padding off. False when there is more than one piece and should not be.
  @inline(__always)
  func trim(_ packet: inout Packet, to byteCount: Int, isJoinable: Bool) -> Bool {
    if joined.isEmpty { return packet.truncate(to: byteCount) }
    return isJoinable && byteCount == packet.byteCount &+ joined.byteCount
  }

  /// The frame of a packet and what follows it.
  @inline(__always)
  func takeFrame(_ packet: consuming Packet) -> Frame {
    if joined.isEmpty { return Frame(packet) }
    return Frame(packet, rest: joined.take())
  }

  /// Whether a packet is for us, and comes from where it may.
  @inline(__always)
  private func accepts(
    _ header: IPv4Header, isOwn: Bool, isLinkGroup: Bool, isLoopback: Bool
  ) -> Bool {
    if isLoopback { return true }
    if header.target.isLoopback || header.source.isLoopback { return false }
    // Nobody else may speak in our name, and an answer must not go to a whole network.
    if routes.isOwn(header.source) || routes.isBroadcast(header.source) { return false }
    // A packet to one host in a frame to all is not for us (RFC 1122 section 3.3.6). Its answer to
    // no address would go to ourselves.
    if isOwn { return !isLinkGroup && header.source.isUnicast }
    if header.source.isUnicast { return isGroupOfOurs(header.target) }
    // A host without an address asks all stations (DHCP).
    return header.source == .any && header.target == .broadcast
  }

  /// Changes with the answers of `accepts`.
  public var addressGeneration: UInt32 {
    @inline(__always) get { routes.generation }
  }

  /// Whether a packet from the link, from one host to one, is for us and comes from where it may.
  public func accepts(from source: IPv4Address, to target: IPv4Address) -> Bool {
    routes.isOwn(target) && !target.isLoopback && source.isUnicast && !source.isLoopback
      && !routes.isOwn(source) && !routes.isBroadcast(source)
  }

  private func isGroupOfOurs(_ target: IPv4Address) -> Bool {
    if target.isMulticast {
      return target == IPv4Address(224, 0, 0, 1) || udp.isMember(of: IPAddress(target))
    }
    return routes.isBroadcast(target)
  }

  private func reassemble(_ packet: consuming Packet, _ delivery: Delivery) {
    var delivery = delivery
    let header = delivery.header
    let key = FragmentKey(
      source: IPAddress(header.source), target: IPAddress(header.target),
      identification: UInt32(header.identification), protocol: header.number)
    let outcome = packet.withBytes { bytes in
      reassembly.add(
        bytes.extracting(droppingFirst: header.headerByteCount), at: header.fragmentOffset,
        isLast: !header.hasMoreFragments, key: key,
        header: bytes.extracting(first: header.headerByteCount), now: now)
    }
    switch outcome {
    case .kept: break
    case .refused, .dropped: counters.reassemblyFailures += 1
    case .completed:
      guard let whole = reassembly.takeCompleted() else { return }
      counters.reassembled += 1
      delivery.header.totalByteCount = header.headerByteCount + whole.byteCount
      delivery.header.fragment = 0
      deliver(compact(whole), delivery)
    }
  }

  /// Moves a small packet out of a buffer of 64 KiB.
  func compact(_ packet: consuming Packet) -> Packet {
    guard packet.byteCount + Packet.headroom <= pool.byteCount, var small = pool.allocate(),
      small.append(packet.byteCount)
    else { return packet }
    packet.withBytes { bytes in small.withMutableBytes { $0.copy(bytes) } }
    return small
  }

  /// Gives a packet, from the transport's header on, to its transport.
  @_optimize(speed)
  private func deliver(_ packet: consuming Packet, _ delivery: Delivery) {
    let header = delivery.header
    counters.delivered &+= 1
    switch header.number {
    case ProtocolNumber.tcp:
      // A connection has one other end (RFC 9293 section 3.9.2.3).
      guard let tcp, !delivery.isGroup, header.source.isUnicast, packet.byteCount > 0 else {
        return
      }
      tcp.receive(
        takeFrame(packet), from: IPAddress(header.source), to: IPAddress(header.target), now: now)
    case ProtocolNumber.udp:
      deliverUDP(packet, delivery)
    case ProtocolNumber.icmp:
      counters.icmpReceived &+= 1
      receiveICMP(packet, delivery)
    default:
      counters.unknownProtocols &+= 1
      sendError(.protocolUnreachable, about: packet, delivery)
    }
  }

  private func deliverUDP(_ packet: consuming Packet, _ delivery: Delivery) {
    let header = delivery.header
    var slot: Packet? = consume packet
    let outcome = udp.receive(
      &slot, from: IPAddress(header.source), to: IPAddress(header.target),
      isGroup: delivery.isGroup, hopLimit: header.hopLimit, trafficClass: header.trafficClass)
    guard outcome == .noEndpoint, let packet = slot.take() else { return }
    sendError(.portUnreachable, about: packet, delivery)
  }

  /// Tells the sender of a packet why it was not delivered (RFC 1122 section 3.2.2).
  ///
  /// - Parameter packet: the payload.
  func sendError(_ code: ICMPErrorCode, about packet: consuming Packet, _ delivery: Delivery) {
    guard !delivery.isGroup, routes.isOwn(delivery.header.target), errorLimit.take(now: now) else {
      return
    }
    // The header is in front of the payload, unless the packet was put together from fragments.
    guard packet.prepend(IPv4Header.minimumByteCount) else { return }
    var header = delivery.header
    header.headerByteCount = IPv4Header.minimumByteCount
    header.totalByteCount = packet.byteCount
    if packet.isShared {
      guard let copy = copyOfFront(packet) else { return }
      packet = copy
    }
    packet.withMutableBytes { header.store(in: &$0) }
    guard let message = packet.withBytes({ ICMPWriter.error(code, about: $0, from: pool) }) else {
      return
    }
    sendICMP(message, from: header.target, to: header.source)
  }

  /// The first bytes of a packet in a buffer of its own: enough to quote from.
  private func copyOfFront(_ packet: borrowing Packet) -> Packet? {
    guard var copy = pool.allocate() else { return nil }
    guard copy.append(min(packet.byteCount, copy.tailroom, 576)) else { return nil }
    packet.withBytes { bytes in
      copy.withMutableBytes { $0.copy(bytes.extracting(first: $0.byteCount)) }
    }
    return copy
  }

  /// Tells the sender of a datagram that its fragments did not all come.
  ///
  /// - Parameter packet: the headers and the first bytes of it; empty when they never came.
  func reportExpired(_ packet: consuming Packet) {
    guard packet.byteCount > 0 else { return }
    if packet.withBytes({ $0.byte(at: 0) >> 4 == 6 }) {
      reportExpired6(packet)
      return
    }
    guard errorLimit.take(now: now) else { return }
    let addresses = packet.withBytes { bytes -> (IPv4Address, IPv4Address)? in
      guard bytes.byteCount >= IPv4Header.minimumByteCount, bytes.byte(at: 0) >> 4 == 4 else {
        return nil
      }
      return (IPv4Address(bytes, at: 16), IPv4Address(bytes, at: 12))
    }
    guard let (own, sender) = addresses, routes.isOwn(own),
      let message = packet.withBytes({
        ICMPWriter.error(.reassemblyTimeExceeded, about: $0, from: pool)
      })
    else { return }
    sendICMP(message, from: own, to: sender)
  }

  func sendICMP(_ message: consuming Packet, from source: IPv4Address, to target: IPv4Address) {
    counters.icmpSent &+= 1
    // An answer that cannot be sent is lost, as it may be on its way.
    try? sendIPv4(
      Frame(message), from: source, to: target, protocol: ProtocolNumber.icmp,
      options: SendOptions())
  }

  private func receiveICMP(_ packet: consuming Packet, _ delivery: Delivery) {
    switch packet.withBytes({ ICMPMessage(parsing: $0) }) {
    case nil: break
    case .echoReply(let identifier, _):
      guard !delivery.isGroup else { return }
      let header = delivery.header
      _ = echo.receiveReply(
        packet, identifier: identifier, from: IPAddress(header.source),
        to: IPAddress(header.target), hopLimit: header.hopLimit, trafficClass: header.trafficClass)
    case .echoRequest:
      // Requests to all are not answered, or we would help to flood somebody.
      guard !delivery.isGroup, delivery.header.source.isUnicast else { return }
      answerEcho(packet, delivery)
    case .failure(let error):
      guard let source = error.source.ipv4, routes.isOwn(source) else { return }
      dispatch(error)
    }
  }

  private func answerEcho(_ packet: consuming Packet, _ delivery: Delivery) {
    let (own, sender) = (delivery.header.target, delivery.header.source)
    if packet.isShared || packet.start < 64 {
      guard var frame = Frame.allocate(byteCount: packet.byteCount, from: pool) else { return }
      packet.withBytes { bytes in
        var offset = 0
        frame.forEachMutableBytes { target in
          target.copy(bytes.extracting(offset..<offset + target.byteCount))
          offset += target.byteCount
        }
      }
      ICMPWriter.turnIntoReply(&frame.head)
      send(echo: frame, from: own, to: sender)
    } else {
      packet.offload = PacketOffload()
      ICMPWriter.turnIntoReply(&packet)
      send(echo: Frame(packet), from: own, to: sender)
    }
  }

  private func send(echo frame: consuming Frame, from own: IPv4Address, to sender: IPv4Address) {
    counters.icmpSent &+= 1
    try? sendIPv4(
      frame, from: own, to: sender, protocol: ProtocolNumber.icmp, options: SendOptions())
  }

  /// Gives an error to the transport that it is about. A path's MTU is believed only when the
  /// transport has such a packet under way (RFC 5927).
  func dispatch(_ error: DeliveryError) {
    switch error.number {
    case ProtocolNumber.udp:
      guard udp.recognizes(error) else { return }
    case ProtocolNumber.tcp:
      guard let tcp, tcp.recognizes(error) else { return }
    case ProtocolNumber.icmp, ProtocolNumber.icmpv6:
      guard echo.recognizes(error) else { return }
    default: return
    }
    if case .packetTooBig(let mtu) = error.kind {
      let limit = error.target.isIPv4 ? linkMTU : linkMTU6
      guard pathMTUs.lower(error.target, to: mtu, interface: limit, now: now) else { return }
    }
    switch error.number {
    case ProtocolNumber.udp: udp.failed(error)
    case ProtocolNumber.tcp: tcp?.failed(error, now: now)
    default: echo.failed(error)
    }
  }
}
