// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import DHCP
import Internet
import IPv4
import Neighbors
import Packets
import UDP

/// Getting an address from the network.
extension NetworkStack {
  /// Looks for a server, and uses what it gives.
  ///
  /// - Parameter hostname: told to the server; empty for none.
  public func startDHCP(hostname: [UInt8], observer: (any LeaseObserver)?, now: Instant) {
    self.now = now
    guard interface != nil, dhcp == nil else { return }
    let endpoint = udp.makeEndpoint(isIPv6: false)
    endpoint.options.allowsBroadcast = true
    let any = Endpoint(IPAddress(IPv4Address.any), DHCPClient.clientPort)
    guard (try? udp.bind(endpoint, to: any, sink: self)) != nil else { return }
    let client = DHCPClient(station: station, hostname: hostname, random: random)
    dhcp = client
    dhcpEndpoint = endpoint
    leaseObserver = observer
    client.start(now: now)
    serveDHCP()
  }

  /// Gives the lease back.
  public func stopDHCP(now: Instant) {
    self.now = now
    dhcp?.stop(now: now)
    serveDHCP()
    if let dhcpEndpoint { udp.close(dhcpEndpoint) }
    dhcp = nil
    dhcpEndpoint = nil
    leaseObserver = nil
  }

  /// Takes replies and does what the client wants done.
  func serveDHCP() {
    guard let dhcp, let dhcpEndpoint else { return }
    while let datagram = try? udp.receive(on: dhcpEndpoint) {
      datagram.packet.withBytes { dhcp.receive($0, now: now) }
    }
    dhcp.advance(to: now)
    while let event = dhcp.takeEvent() {
      switch event {
      case .broadcast(let bytes): sendDHCP(bytes, to: .broadcast, on: dhcpEndpoint)
      case .unicast(let bytes, let server): sendDHCP(bytes, to: server, on: dhcpEndpoint)
      case .bound(let lease): use(lease)
      case .lost: dropLease()
      }
    }
  }

  private func sendDHCP(_ bytes: [UInt8], to target: IPv4Address, on endpoint: UDPEndpoint) {
    // What cannot be sent is sent again when the client's time runs out.
    guard var frame = try? udp.makePayload(byteCount: bytes.count), frame.rest.isEmpty else {
      return
    }
    frame.head.withMutableBytes { $0.copy(RawSpan(_elements: bytes.span)) }
    try? udp.send(
      frame, on: endpoint, to: Endpoint(IPAddress(target), DHCPClient.serverPort), sink: self)
  }

  private func use(_ lease: DHCPLease) {
    if leasedAddress != lease.address { dropLease() }
    if leasedAddress == nil {
      guard add(lease.address, now: now) else { return }
      leasedAddress = lease.address
    }
    if let interface { linkMTU = min(interface.mtu, lease.mtu ?? interface.mtu) }
    forgetLeasedRoutes()
    for route in lease.routes {
      // The address's own network stays as long as the address.
      if route.router == .any, route.prefix.network == lease.address.network,
        route.prefix.length == lease.address.length
      {
        continue
      }
      if route.router == .any { leasedNetworks.append(route.prefix) }
      _ = add(IPv4Routes.Route(route.prefix, via: route.router == .any ? nil : route.router))
      // The first packet to the world need not wait for an answer.
      if route.router != .any {
        neighbors.resolve(IPAddress(route.router), link: self, now: now)
      }
    }
    leaseObserver?.leaseChanged(lease)
  }

  private func forgetLeasedRoutes() {
    routes.removeRoutesViaRouters()
    for network in leasedNetworks { routes.remove(onLink: network) }
    leasedNetworks = []
  }

  private func dropLease() {
    guard let address = leasedAddress else { return }
    leasedAddress = nil
    remove(address.address)
    forgetLeasedRoutes()
    if let interface { linkMTU = interface.mtu }
    leaseObserver?.leaseChanged(nil)
  }
}
