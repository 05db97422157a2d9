// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base

/// An IPv6 address of the host (RFC 4862 section 5.5.4).
public struct IPv6OwnAddress: Equatable, BitwiseCopyable, Sendable {
  public let prefix: IPv6Prefix
  /// Whether it is still being looked for on the link: neither source nor target.
  public var isTentative: Bool
  /// Until then it is the source of new exchanges, if possible.
  public var preferredUntil: Instant
  /// Until then it is ours.
  public var validUntil: Instant

  public init(
    _ prefix: IPv6Prefix, isTentative: Bool, preferredUntil: Instant = .never,
    validUntil: Instant = .never
  ) {
    self.prefix = prefix
    self.isTentative = isTentative
    self.preferredUntil = preferredUntil
    self.validUntil = validUntil
  }

  public var address: IPv6Address { prefix.address }
}

/// The host's IPv6 addresses on its one interface, the networks on the link, and the routers.
public struct IPv6Routes {
  /// Where a packet goes next.
  public enum Hop: Equatable, BitwiseCopyable, Sendable {
    case loopback
    case neighbor(IPv6Address)
    case multicast
    case unreachable
  }

  public private(set) var addresses: [IPv6OwnAddress] = []
  /// Networks whose stations are neighbours.
  public private(set) var onLink: [(prefix: IPv6Prefix, until: Instant)] = []
  /// Routers to everywhere, the best first.
  public private(set) var routers: [(address: IPv6Address, until: Instant)] = []

  public static var addressLimit: Int { 16 }
  public static var onLinkLimit: Int { 16 }
  public static var routerLimit: Int { 8 }

  public init() {}

  // MARK: - Change

  /// Adds an address. False when it is there already, is none that a host can have, or there are
  /// too many.
  public mutating func add(_ address: IPv6OwnAddress) -> Bool {
    guard address.address.isUnicast, !address.address.isLoopback, !address.address.isMappedIPv4,
      addresses.count < Self.addressLimit,
      !addresses.contains(where: { $0.address == address.address })
    else { return false }
    addresses.append(address)
    return true
  }

  public mutating func remove(_ address: IPv6Address) {
    addresses.removeAll { $0.address == address }
  }

  /// Ends the search for others that have the address.
  public mutating func confirm(_ address: IPv6Address) {
    for index in addresses.indices where addresses[index].address == address {
      addresses[index].isTentative = false
    }
  }

  /// Changes how long an address may be used.
  public mutating func renew(
    _ address: IPv6Address, preferredUntil: Instant, validUntil: Instant
  ) {
    for index in addresses.indices where addresses[index].address == address {
      addresses[index].preferredUntil = preferredUntil
      addresses[index].validUntil = validUntil
    }
  }

  /// Notes that a network is on the link until then; a time that is over takes it away.
  public mutating func set(onLink prefix: IPv6Prefix, until: Instant, now: Instant) {
    let network = IPv6Prefix(prefix.network, length: prefix.length)
    onLink.removeAll { $0.prefix == network }
    guard until > now, onLink.count < Self.onLinkLimit else { return }
    var index = 0
    while index < onLink.count, onLink[index].prefix.length >= network.length { index += 1 }
    onLink.insert((network, until), at: index)
  }

  /// Notes that a router serves until then; a time that is over takes it away.
  public mutating func set(router: IPv6Address, until: Instant, now: Instant) {
    for index in routers.indices where routers[index].address == router {
      if until > now {
        routers[index].until = until
      } else {
        routers.remove(at: index)
      }
      return
    }
    guard until > now, router.isUnicast, routers.count < Self.routerLimit else { return }
    routers.append((router, until))
  }

  /// Puts a router that does not answer last (RFC 4861 section 6.3.6).
  public mutating func demote(router: IPv6Address) {
    guard routers.count > 1, routers[0].address == router else { return }
    routers.append(routers.removeFirst())
  }

  /// Forgets what is over. Returns whether anything was.
  public mutating func advance(to now: Instant) -> Bool {
    guard nextDeadline <= now else { return false }
    addresses.removeAll { $0.validUntil <= now }
    onLink.removeAll { $0.until <= now }
    routers.removeAll { $0.until <= now }
    return true
  }

  /// When the next of them is over.
  public var nextDeadline: Instant {
    var next = Instant.never
    for address in addresses { next = min(next, address.validUntil) }
    for network in onLink { next = min(next, network.until) }
    for router in routers { next = min(next, router.until) }
    return next
  }

  // MARK: - Questions

  /// Whether packets to `address` are for this host alone.
  public func isOwn(_ address: IPv6Address) -> Bool {
    if address.isLoopback { return true }
    for own in addresses where own.address == address { return !own.isTentative }
    return false
  }

  /// Whether the address is one that the host has or is trying to have.
  public func isClaimed(_ address: IPv6Address) -> Bool {
    addresses.contains { $0.address == address }
  }

  /// Whether the group is that of one of our addresses.
  public func isSolicitedNodeGroup(_ group: IPv6Address) -> Bool {
    addresses.contains { $0.address.solicitedNodeGroup == group }
  }

  /// Where packets to `target` go.
  public func hop(to target: IPv6Address) -> Hop {
    if isOwn(target) { return .loopback }
    if target.isAny || target.isMappedIPv4 { return .unreachable }
    if target.isMulticast { return addresses.isEmpty ? .unreachable : .multicast }
    if target.isLinkLocal { return addresses.isEmpty ? .unreachable : .neighbor(target) }
    for network in onLink where network.prefix.contains(target) { return .neighbor(target) }
    return routers.first.map { .neighbor($0.address) } ?? .unreachable
  }

  /// The address that packets to `target` carry when the sender does not say (RFC 6724 section 5,
  /// rules 1 to 3 and 8); nil without a route or an address.
  public func source(to target: IPv6Address, now: Instant) -> IPv6Address? {
    switch hop(to: target) {
    case .unreachable: return nil
    case .loopback: return target
    case .neighbor, .multicast: break
    }
    var best: IPv6Address?
    var bestScore = -1
    for own in addresses where !own.isTentative {
      let score = Self.score(own, for: target, now: now)
      if score > bestScore { (best, bestScore) = (own.address, score) }
    }
    return best
  }

  private static func score(_ own: IPv6OwnAddress, for target: IPv6Address, now: Instant) -> Int {
    let wantsLinkLocal =
      target.isLinkLocal || (target.isMulticast && target.multicastScope <= 2)
    var score = own.address.isLinkLocal == wantsLinkLocal ? 1000 : 0
    if own.preferredUntil > now { score += 500 }
    let high = own.address.high ^ target.high
    let common =
      high != 0
      ? high.leadingZeroBitCount : 64 + (own.address.low ^ target.low).leadingZeroBitCount
    return score + min(common, own.prefix.length)
  }
}
