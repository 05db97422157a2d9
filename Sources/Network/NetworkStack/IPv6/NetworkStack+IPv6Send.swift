// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Ethernet
import Internet
import IPv6
import Loopback
import Neighbors
import Packets
import UDP

/// IPv6 packets that go out (RFC 8200).
extension NetworkStack {
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
      try sendFragments(frame, header: header, mtu: mtu, hop: hop, options: options)
      return
    }
    guard frame.head.prepend(IPv6Header.byteCount) else { throw .noBuffers }
    frame.head.withMutableBytes { header.store(in: &$0) }
    pass(frame, hop: hop, target: target, options: options)
  }

  private func sendFragments(
    _ frame: consuming Frame, header: IPv6Header, mtu: Int, hop: IPv6Routes.Hop,
    options: SendOptions
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
      pass(piece, hop: hop, target: header.target, options: options)
    }
  }

  private func pass(
    _ frame: consuming Frame, hop: IPv6Routes.Hop, target: IPv6Address, options: SendOptions
  ) {
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
      if options.loopsMulticast, udp.isMember(of: IPAddress(target)) {
        loopback.append(copyOf: frame)
      }
      transmit(frame, to: MACAddress(group: target), type: .ipv6)
    case .unreachable: break
    }
  }
}
