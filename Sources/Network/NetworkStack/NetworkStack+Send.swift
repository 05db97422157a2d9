// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes
import Ethernet
import Internet
import IPv4
import IPv6
import Loopback
import NDP
import Neighbors
import PacketCapture
import Packets
import UDP

/// Packets that go out.
extension NetworkStack: InternetSink {
  public func send(
    _ frame: consuming Frame, from source: IPAddress, to target: IPAddress,
    protocol number: UInt8, options: SendOptions
  ) throws(SendError) {
    if let target = target.ipv4, let source = source.ipv4 {
      try sendIPv4(frame, from: source, to: target, protocol: number, options: options)
    } else if let target = target.ipv6, let source = source.ipv6 {
      try sendIPv6(frame, from: source, to: target, protocol: number, options: options)
    } else {
      throw .noRoute
    }
  }

  @_optimize(speed)
  func sendIPv4(
    _ frame: consuming Frame, from source: IPv4Address, to target: IPv4Address,
    protocol number: UInt8, options: SendOptions
  ) throws(SendError) {
    let hop = routes.hop(to: target)
    guard hop != .unreachable else {
      counters.noRoutes &+= 1
      throw .noRoute
    }
    // A host without an address asks all stations for one (DHCP).
    guard routes.isOwn(source) || source == .any && hop == .broadcast else {
      throw .sourceNotOurs
    }
    guard hop == .loopback || !source.isLoopback else { throw .sourceNotOurs }
    let mtu =
      hop == .loopback
      ? LoopbackQueue.mtu : pathMTUs.mtu(to: IPAddress(target), interface: linkMTU)
    var header = IPv4Header(
      from: source, to: target, protocol: number,
      totalByteCount: frame.byteCount &+ IPv4Header.minimumByteCount, hopLimit: options.hopLimit,
      trafficClass: options.trafficClass)
    guard header.totalByteCount <= 65_535 else { throw .messageTooLong }
    counters.sent &+= 1
    guard header.totalByteCount <= mtu || frame.head.offload.segmentation != .none else {
      guard options.mayFragment else { throw .messageTooLong }
      header.identification = identification(from: source, to: target)
      try sendFragments(frame, header: header, mtu: mtu, hop: hop, options: options)
      return
    }
    guard frame.head.prepend(IPv4Header.minimumByteCount) else { throw .noBuffers }
    frame.head.withMutableBytes { header.store(in: &$0) }
    pass(frame, hop: hop, target: target, options: options)
  }

  /// A number that differs for each datagram of the near past (RFC 6864 section 4.3), and tells
  /// most hosts nothing about what goes to another.
  private func identification(from source: IPv4Address, to target: IPv4Address) -> UInt16 {
    let pair = UInt64(source.rawValue) << 32 | UInt64(target.rawValue)
    let mixed = (pair ^ identificationSecret) &* 0x9e37_79b9_7f4a_7c15
    let index = Int(truncatingIfNeeded: mixed >> 58)
    identifications[index] &+= 1
    return identifications[index]
  }

  private func sendFragments(
    _ frame: consuming Frame, header: IPv4Header, mtu: Int, hop: IPv4Routes.Hop,
    options: SendOptions
  ) throws(SendError) {
    frame.completeChecksum()
    var rest = frame.byteCount
    var fragmenter = IPv4Fragmenter(frame, header: header, mtu: mtu)
    while rest > 0 {
      guard let piece = fragmenter.next(from: pool) else {
        counters.discarded &+= 1
        throw .noBuffers
      }
      rest -= piece.byteCount - IPv4Header.minimumByteCount
      counters.fragmentsMade &+= 1
      pass(piece, hop: hop, target: header.target, options: options)
    }
  }

  /// Gives a packet, from its IP header on, to the next hop.
  @inline(__always)
  private func pass(
    _ frame: consuming Frame, hop: IPv4Routes.Hop, target: IPv4Address, options: SendOptions
  ) {
    switch hop {
    case .neighbor(let next):
      let address = IPAddress(next)
      if let station = neighbors.station(of: address, now: now) {
        transmit(frame, to: station, type: .ipv4)
      } else {
        neighbors.hold(frame, for: address, link: self, now: now)
      }
    case .loopback: loopback.append(frame)
    case .broadcast: transmit(frame, to: .broadcast, type: .ipv4)
    case .multicast:
      if options.loopsMulticast, udp.isMember(of: IPAddress(target)) {
        loopback.append(copyOf: frame)
      }
      transmit(frame, to: MACAddress(group: target), type: .ipv4)
    case .unreachable: break
    }
  }

  /// Puts the Ethernet header in front and gives the frame to the interface.
  @inline(__always)
  public func transmit(_ frame: consuming Frame, to target: MACAddress, type: EtherType) {
    guard let interface, frame.head.prepend(EthernetHeader.byteCount) else {
      counters.discarded &+= 1
      return
    }
    let header = EthernetHeader(to: target, from: station, type: type)
    frame.head.withMutableBytes { header.store(in: &$0) }
    if let capture { capture.record(frame, now: now) }
    interface.transmit(frame)
  }

  /// Gives a frame that has all its headers to the interface.
  public func transmit(complete frame: consuming Frame) {
    if let capture { capture.record(frame, now: now) }
    interface?.transmit(frame)
  }

  public func sourceAddress(to target: IPAddress) -> IPAddress? {
    guard let target = target.ipv4 else {
      return routes6.source(to: target.mapped, now: now).map { IPAddress($0) }
    }
    return routes.source(to: target).map { IPAddress($0) }
  }

  public func isLocal(_ address: IPAddress) -> Bool {
    guard let address = address.ipv4 else { return routes6.isOwn(address.mapped) }
    return routes.isOwn(address)
  }

  public func isBroadcast(_ address: IPAddress) -> Bool {
    guard let address = address.ipv4 else { return false }
    return routes.isBroadcast(address)
  }

  public func pathMTU(to target: IPAddress) -> Int {
    if isLocal(target) { return LoopbackQueue.mtu }
    return pathMTUs.mtu(to: target, interface: target.isIPv4 ? linkMTU : linkMTU6)
  }

  public func offloads(to target: IPAddress) -> InterfaceOffloads {
    isLocal(target) ? .transmitChecksum : interface?.offloads ?? []
  }
}
