// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base

/// What a server has given.
public struct DHCPLease: Sendable {
  /// A network behind a router (RFC 3442); on the link when the router is 0.0.0.0.
  public struct Route: Equatable, Sendable {
    public let prefix: IPv4Prefix
    public let router: IPv4Address
  }

  public let address: IPv4Prefix
  public let server: IPv4Address
  /// The ways out; with option 121 the router option is not looked at (RFC 3442).
  public let routes: [Route]
  public let nameServers: [IPv4Address]
  /// As they came, not to be trusted: see `ResolverConfiguration`.
  public let domain: [UInt8]
  /// Option 119: names in the form of DNS, perhaps compressed.
  public let domainSearch: [UInt8]
  public let hostname: [UInt8]
  /// Bytes, when the server says so.
  public let mtu: Int?
  /// From the request that was granted.
  public let renewal: Instant
  public let rebinding: Instant
  public let expiry: Instant

  /// Nil when the reply has no address that a host can have, or no time.
  init?(_ reply: DHCPReply, requestedAt time: Instant) {
    guard reply.address.isUnicast, !reply.address.isLoopback else { return nil }
    let length: Int
    if let mask = reply.number(DHCPOption.subnetMask) {
      guard let prefix = IPv4Prefix(reply.address, mask: IPv4Address(mask)), prefix.length > 0
      else { return nil }
      length = prefix.length
    } else {
      length = Self.classLength(reply.address)
    }
    address = IPv4Prefix(reply.address, length: length)
    guard address.broadcast != reply.address,
      address.length >= 31 || address.network != reply.address
    else { return nil }
    server = reply.server
    nameServers = reply.addresses(DHCPOption.nameServer, limit: 3)
    domain = reply.value(DHCPOption.domainName) ?? []
    domainSearch = reply.value(DHCPOption.domainSearch) ?? []
    hostname = reply.value(DHCPOption.hostName) ?? []
    if let value = reply.value(DHCPOption.interfaceMTU), value.count == 2 {
      let mtu = Int(value[0]) << 8 | Int(value[1])
      self.mtu = mtu >= 576 ? mtu : nil
    } else {
      mtu = nil
    }
    if let value = reply.value(DHCPOption.classlessRoutes) {
      guard let routes = Self.classlessRoutes(value) else { return nil }
      self.routes = routes
    } else {
      routes = reply.addresses(DHCPOption.router, limit: 1).map {
        Route(prefix: IPv4Prefix(.any, length: 0), router: $0)
      }
    }
    guard let seconds = reply.number(DHCPOption.leaseTime), seconds > 0 else { return nil }
    guard seconds != .max else {
      (renewal, rebinding, expiry) = (.never, .never, .never)
      return
    }
    // RFC 2131 section 4.4.5: a half and seven eighths, unless the server says otherwise in order.
    let whole = max(60, Int64(seconds))
    let first = Int64(reply.number(DHCPOption.renewalTime) ?? 0)
    let second = Int64(reply.number(DHCPOption.rebindingTime) ?? 0)
    let areInOrder = first > 0 && first < second && second < whole
    renewal = time + Nanoseconds(seconds: areInOrder ? first : whole / 2)
    rebinding = time + Nanoseconds(seconds: areInOrder ? second : whole * 7 / 8)
    expiry = time + Nanoseconds(seconds: whole)
  }

  /// The networks of RFC 791, for servers that send no mask.
  private static func classLength(_ address: IPv4Address) -> Int {
    if address.rawValue >> 31 == 0 { return 8 }
    return address.rawValue >> 30 == 2 ? 16 : 24
  }

  private static func classlessRoutes(_ value: [UInt8]) -> [Route]? {
    var routes: [Route] = []
    var offset = 0
    while offset < value.count {
      let length = Int(value[offset])
      let size = (length + 7) / 8
      guard length <= 32, offset + 1 + size + 4 <= value.count else { return nil }
      var network: UInt32 = 0
      for index in 0..<4 {
        network = network << 8 | (index < size ? UInt32(value[offset + 1 + index]) : 0)
      }
      let at = offset + 1 + size
      let router = IPv4Address(value[at], value[at + 1], value[at + 2], value[at + 3])
      if router == .any || router.isUnicast, routes.count < 32 {
        routes.append(
          Route(prefix: IPv4Prefix(IPv4Address(network), length: length), router: router))
      }
      offset = at + 4
    }
    return routes
  }
}
