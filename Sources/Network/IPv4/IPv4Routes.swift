// SPDX-License-Identifier: BSD-3-Clause

import Addresses

/// The host's IPv4 addresses on its one interface, and the ways out.
///
/// A destination is a group, a broadcast, one of the host's own addresses or of 127.0.0.0/8
/// (loopback), or is reached by the route with the longest prefix.
public struct IPv4Routes {
  /// Where a packet goes next.
  public enum Hop: Equatable, BitwiseCopyable, Sendable {
    case loopback
    /// The station that has this address.
    case neighbor(IPv4Address)
    /// All stations.
    case broadcast
    /// The stations of the group that is the destination.
    case multicast
    case unreachable
  }

  /// A network behind a router, or on the link when `gateway` is nil.
  public struct Route: Equatable, BitwiseCopyable, Sendable {
    public let prefix: IPv4Prefix
    public let gateway: IPv4Address?

    public init(_ prefix: IPv4Prefix, via gateway: IPv4Address?) {
      self.prefix = prefix
      self.gateway = gateway
    }
  }

  /// The host's addresses; the first is the source of packets to networks behind routers.
  public private(set) var addresses: [IPv4Prefix] = []
  /// Longest prefix first.
  public private(set) var routes: [Route] = []

  public static var addressLimit: Int { 8 }
  public static var routeLimit: Int { 64 }

  private var primary = IPv4Address.any
  private var primaryPrefix = IPv4Prefix(.any, length: 32)
  private var primaryBroadcast = IPv4Address.broadcast
  private var gateway = IPv4Address.any
  private var hasSeveral = false
  /// Whether routes other than the primary network and the default exist.
  private var isSimple = true
  /// Whether the primary network is on the link.
  private var reachesPrimaryNetwork = false

  /// Changes with the addresses.
  public private(set) var generation: UInt32 = 1

  public init() {}

  /// Adds an address and the route to its network. False when it is there already, is none that a
  /// host can have, or there are too many.
  public mutating func add(_ address: IPv4Prefix) -> Bool {
    guard address.address.isUnicast, !address.address.isLoopback,
      addresses.count < Self.addressLimit,
      !addresses.contains(where: { $0.address == address.address })
    else { return false }
    addresses.append(address)
    if address.length < 32 {
      insert(Route(IPv4Prefix(address.network, length: address.length), via: nil))
    }
    refresh()
    return true
  }

  /// Removes an address and the route to its network.
  public mutating func remove(_ address: IPv4Address) {
    guard let index = addresses.firstIndex(where: { $0.address == address }) else { return }
    let prefix = addresses.remove(at: index)
    if !addresses.contains(where: { $0.network == prefix.network && $0.length == prefix.length }) {
      removeRoute(to: prefix)
    }
    refresh()
  }

  /// Removes the route to a network that is on the link.
  public mutating func remove(onLink prefix: IPv4Prefix) {
    removeRoute(to: prefix)
    refresh()
  }

  private mutating func removeRoute(to prefix: IPv4Prefix) {
    let network = IPv4Prefix(prefix.network, length: prefix.length)
    routes.removeAll { $0.gateway == nil && $0.prefix == network }
  }

  /// Adds a route; one to the same network is replaced. False when there are too many.
  public mutating func add(_ route: Route) -> Bool {
    let network = IPv4Prefix(route.prefix.network, length: route.prefix.length)
    routes.removeAll { $0.prefix == network }
    guard routes.count < Self.routeLimit else { return false }
    insert(Route(network, via: route.gateway))
    refresh()
    return true
  }

  /// Removes what leads through routers; the networks on the link stay.
  public mutating func removeRoutesViaRouters() {
    routes.removeAll { $0.gateway != nil }
    refresh()
  }

  private mutating func insert(_ route: Route) {
    if routes.contains(where: { $0.prefix == route.prefix && $0.gateway == nil }) { return }
    var index = 0
    while index < routes.count, routes[index].prefix.length >= route.prefix.length { index += 1 }
    routes.insert(route, at: index)
  }

  private mutating func refresh() {
    generation &+= 1
    primary = addresses.first?.address ?? .any
    primaryPrefix = addresses.first ?? IPv4Prefix(.any, length: 32)
    primaryBroadcast = addresses.first?.broadcast ?? .broadcast
    hasSeveral = addresses.count > 1
    gateway = .any
    isSimple = addresses.count == 1
    reachesPrimaryNetwork = false
    let network = IPv4Prefix(primaryPrefix.network, length: primaryPrefix.length)
    for route in routes {
      if route.prefix.length == 0, let via = route.gateway {
        gateway = via
      } else if route.gateway != nil || route.prefix != network {
        isSimple = false
      } else {
        reachesPrimaryNetwork = true
      }
    }
  }

  /// The host's first address, or any when it has none.
  @inline(__always)
  public var primaryAddress: IPv4Address { primary }

  /// Whether packets to `address` are for this host alone.
  @inline(__always)
  public func isOwn(_ address: IPv4Address) -> Bool {
    if address == primary { return address != .any }
    if address.isLoopback { return true }
    return hasSeveral && addresses.contains { $0.address == address }
  }

  /// Whether `address` means all stations of the link.
  @inline(__always)
  public func isBroadcast(_ address: IPv4Address) -> Bool {
    if address == .broadcast || address == primaryBroadcast { return true }
    return hasSeveral && addresses.contains { $0.broadcast == address }
  }

  /// Where packets to `target` go.
  @inline(__always)
  public func hop(to target: IPv4Address) -> Hop {
    // One address, one router: what nearly every guest has.
    if isSimple, target.isUnicast, !target.isLoopback, target != primary {
      if !primaryPrefix.contains(target) {
        if gateway != .any { return .neighbor(gateway) }
      } else if reachesPrimaryNetwork, target != primaryBroadcast {
        return .neighbor(target)
      }
    }
    return search(target)
  }

  private func search(_ target: IPv4Address) -> Hop {
    if isOwn(target) { return .loopback }
    if target == .any || target.isThisNetwork || target.isReserved { return .unreachable }
    if isBroadcast(target) { return .broadcast }
    if target.isMulticast { return addresses.isEmpty ? .unreachable : .multicast }
    for route in routes where route.prefix.contains(target) {
      return .neighbor(route.gateway ?? target)
    }
    return .unreachable
  }

  /// The address that packets to `target` carry when the sender does not say; nil without a route.
  public func source(to target: IPv4Address) -> IPv4Address? {
    switch hop(to: target) {
    case .unreachable: nil
    case .loopback: target
    case .broadcast, .multicast: primary
    case .neighbor(let next):
      addresses.first { $0.contains(next) }?.address ?? (primary == .any ? nil : primary)
    }
  }
}
