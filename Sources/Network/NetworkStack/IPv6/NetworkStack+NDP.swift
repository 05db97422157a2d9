// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Ethernet
import ICMPv6
import Internet
import IPv6
import NDP
import Neighbors
import Packets

/// IPv6 neighbours, routers and addresses.
extension NetworkStack {
  /// Makes a link-local address, asks for routers, and does what they say.
  public func startIPv6(now: Instant) {
    self.now = now
    // RFC 8200 section 5: on links that take less there is no version 6.
    guard let interface, interface.mtu >= PathMTUCache.minimumIPv6, autoConfiguration == nil else {
      return
    }
    autoConfiguration = AutoConfiguration(station: station)
    autoConfiguration?.start(&routes6, now: now)
    serveAutoConfiguration()
  }

  /// Gives the interface an IPv6 address. `startIPv6` comes first.
  ///
  /// It is used at once, as RFC 4429 allows: a program should not wait a second for an address that
  /// somebody has chosen with care. It is given up when another turns out to have it.
  public func add(_ address: IPv6Prefix, now: Instant) {
    self.now = now
    guard autoConfiguration != nil else { return }
    autoConfiguration?.claim(
      IPv6OwnAddress(address, isTentative: false), &routes6, now: now)
    routes6.set(onLink: address, until: .never, now: now)
    serveAutoConfiguration()
  }

  /// Sends everything that is not on the link to a router.
  public func add(router: IPv6Address) {
    routes6.set(router: router, until: .never, now: now)
  }

  func serveAutoConfiguration() {
    while let action = autoConfiguration?.takeAction() {
      switch action {
      case .probe(let address):
        sendNDP(
          NDPWriter.neighborSolicitation(for: address, station: nil), from: .any,
          to: address.solicitedNodeGroup, at: nil)
      case .solicitRouters:
        let source = routes6.source(to: .allRouters, now: now)
        sendNDP(
          NDPWriter.routerSolicitation(station: source == nil ? nil : station),
          from: source ?? .any, to: .allRouters, at: nil)
      case .ready(let address):
        // Whoever still knows an older station for it hears of us.
        sendNDP(
          NDPWriter.neighborAdvertisement(of: address, station: station, isSolicited: false),
          from: address, to: .allNodes, at: nil)
        addressObserver?.addressesChanged()
      case .duplicate:
        conflictCount += 1
        addressObserver?.addressesChanged()
      case .changed: addressObserver?.addressesChanged()
      }
    }
  }

  func advanceIPv6() {
    if routes6.advance(to: now) { addressObserver?.addressesChanged() }
    guard autoConfiguration != nil else { return }
    autoConfiguration?.advance(&routes6, to: now)
    serveAutoConfiguration()
  }

  /// Sends a message of neighbour discovery.
  ///
  /// - Parameter station: whose it is; nil when `target` is a group, or its station must be found.
  private func sendNDP(
    _ bytes: [UInt8], from source: IPv6Address, to target: IPv6Address, at station: MACAddress?
  ) {
    guard var packet = pool.allocate(), packet.append(bytes.count) else { return }
    packet.withMutableBytes { message in
      message.copy(RawSpan(_elements: bytes.span))
      ICMPv6Writer.complete(&message, from: source, to: target)
    }
    let header = IPv6Header(
      from: source, to: target, nextHeader: ProtocolNumber.icmpv6,
      payloadByteCount: bytes.count, hopLimit: 255)
    guard packet.prepend(IPv6Header.byteCount) else { return }
    packet.withMutableBytes { header.store(in: &$0) }
    if let station {
      transmit(Frame(packet), to: station, type: .ipv6)
    } else if target.isMulticast {
      transmit(Frame(packet), to: MACAddress(group: target), type: .ipv6)
    } else {
      neighbors.hold(Frame(packet), for: IPAddress(target), link: self, now: now)
    }
  }

  func solicit(_ address: IPv6Address, at target: MACAddress?) {
    guard let source = routes6.source(to: address, now: now) else { return }
    sendNDP(
      NDPWriter.neighborSolicitation(for: address, station: station), from: source,
      to: target == nil ? address.solicitedNodeGroup : address, at: target)
  }

  func receiveNDP(_ packet: consuming Packet, _ header: IPv6Header) {
    let message = packet.withBytes {
      NDPMessage(
        parsing: $0, from: header.source, to: header.target, hopLimit: header.hopLimit)
    }
    switch message {
    case nil: break
    case .neighborSolicitation(let target, let station):
      answerSolicitation(for: target, from: header.source, at: station)
    case .neighborAdvertisement(
      let target, let station, let isRouter, let isSolicited, let overrides):
      if routes6.isClaimed(target) {
        autoConfiguration?.contested(target, &routes6)
        serveAutoConfiguration()
        return
      }
      if !isRouter { routes6.set(router: target, until: .start, now: now) }
      takeAdvertisement(
        of: target, at: station, isSolicited: isSolicited, overrides: overrides)
    case .routerAdvertisement(let advertisement):
      guard autoConfiguration != nil else { return }
      if let station = advertisement.station {
        neighbors.learn(
          IPAddress(header.source), at: station, by: .announcement, creates: true, link: self,
          now: now)
      }
      autoConfiguration?.receive(advertisement, from: header.source, &routes6, now: now)
      // Routers may say that the link takes less than the interface (RFC 4861 section 4.6.4).
      if let interface {
        linkMTU6 = min(interface.mtu, autoConfiguration?.mtu ?? interface.mtu)
      }
      serveAutoConfiguration()
      addressObserver?.addressesChanged()
    }
  }

  /// RFC 4861 section 7.2.3 and 7.2.4.
  private func answerSolicitation(
    for target: IPv6Address, from source: IPv6Address, at sender: MACAddress?
  ) {
    guard routes6.isOwn(target), !target.isLoopback else {
      // Another host that looks for the same address at the same time (RFC 4862 section 5.4.3).
      if source.isAny, routes6.isClaimed(target) {
        autoConfiguration?.contested(target, &routes6)
        serveAutoConfiguration()
      }
      return
    }
    if source.isAny {
      sendNDP(
        NDPWriter.neighborAdvertisement(of: target, station: station, isSolicited: false),
        from: target, to: .allNodes, at: nil)
      return
    }
    if let sender {
      neighbors.learn(
        IPAddress(source), at: sender, by: .announcement, creates: true, link: self, now: now)
    }
    sendNDP(
      NDPWriter.neighborAdvertisement(of: target, station: station, isSolicited: true),
      from: target, to: source, at: neighbors.station(of: IPAddress(source), now: now))
  }

  /// RFC 4861 section 7.2.5.
  private func takeAdvertisement(
    of target: IPv6Address, at station: MACAddress?, isSolicited: Bool, overrides: Bool
  ) {
    let address = IPAddress(target)
    guard let station else {
      if isSolicited { neighbors.confirm(address, now: now) }
      return
    }
    let evidence: NeighborEvidence =
      switch (isSolicited, overrides) {
      case (true, true): .solicitedAnswer
      case (false, true): .announcement
      case (_, false): .weakAnswer(isSolicited: isSolicited)
      }
    neighbors.learn(
      address, at: station, by: evidence, creates: false, link: self, now: now)
  }
}
