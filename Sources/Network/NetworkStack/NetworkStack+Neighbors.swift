// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import ARP
import Bytes
import Ethernet
import Internet
import IPv4
import IPv6
import Neighbors
import Packets

/// Finding stations, and being found.
extension NetworkStack: NeighborLink {
  func receiveARP(_ packet: consuming Packet) {
    guard let message = packet.withBytes({ ARPMessage(parsing: $0) }) else {
      counters.headerErrors &+= 1
      return
    }
    guard message.senderStation != station else { return }
    for index in defenses.indices {
      take(defenses[index].receive(message, now: now), of: index)
    }
    settleDefenses()
    // Never believe that our own address is elsewhere.
    guard message.sender != .any, !routes.isOwn(message.sender) else {
      if message.operation == .request, isHeld(message.target), message.sender == .any {
        // A probe for an address of ours is answered: the other host must not take it.
        sendARP(message.reply(from: station), to: message.senderStation)
      }
      return
    }
    let isForUs = isHeld(message.target)
    let isLocal = routes.addresses.contains { $0.contains(message.sender) }
    neighbors.learn(
      IPAddress(message.sender), at: message.senderStation,
      by: message.operation == .reply && isForUs ? .solicitedAnswer : .announcement,
      creates: isForUs && isLocal && message.operation == .request, link: self, now: now)
    if isForUs, message.operation == .request {
      sendARP(message.reply(from: station), to: message.senderStation)
    }
  }

  /// Whether an address is ours on the link, and not only being tried.
  private func isHeld(_ address: IPv4Address) -> Bool {
    routes.addresses.contains { $0.address == address }
  }

  func sendARP(_ message: ARPMessage, to target: MACAddress) {
    guard var packet = pool.allocate(), packet.append(ARPMessage.byteCount) else { return }
    packet.withMutableBytes { message.store(in: &$0) }
    transmit(Frame(packet), to: target, type: .arp)
  }

  public func solicit(_ address: IPAddress, at target: MACAddress?) {
    guard let address = address.ipv4 else {
      solicit(address.mapped, at: target)
      return
    }
    guard let source = routes.source(to: address) else { return }
    sendARP(.request(for: address, from: source, station), to: target ?? .broadcast)
  }

  public func deliver(
    _ frame: consuming Frame, to address: IPAddress, at target: MACAddress
  ) {
    transmit(frame, to: target, type: address.isIPv4 ? .ipv4 : .ipv6)
  }

  public func unreachable(_ frame: consuming Frame, at address: IPAddress) {
    if let router = address.ipv6 { routes6.demote(router: router) }
    let following = frame.rest.byteCount
    let error = frame.head.withBytes { Self.hostUnreachable(quoting: $0, following: following) }
    if let error { dispatch(error) }
  }

  /// The error about a packet of ours whose next hop does not answer.
  private static func hostUnreachable(
    quoting bytes: RawSpan, following: Int
  ) -> DeliveryError? {
    if let header = try? IPv6Header(parsing: bytes, following: following) {
      // Packets of ours have no headers in between but that of fragments.
      guard bytes.byteCount >= IPv6Header.byteCount + 8 else { return nil }
      return DeliveryError(
        .hostUnreachable, protocol: header.nextHeader, source: IPAddress(header.source),
        target: IPAddress(header.target), header: bytes.bigEndian(at: IPv6Header.byteCount))
    }
    guard bytes.byteCount >= IPv4Header.minimumByteCount + 8, bytes.byte(at: 0) == 0x45,
      bytes.bigEndian(at: 6, as: UInt16.self) & 0x1fff == 0
    else { return nil }
    return DeliveryError(
      .hostUnreachable, protocol: bytes.byte(at: 9), source: IPAddress(IPv4Address(bytes, at: 12)),
      target: IPAddress(IPv4Address(bytes, at: 16)),
      header: bytes.bigEndian(at: IPv4Header.minimumByteCount))
  }
}
