// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import IPv6

/// How a host gets its IPv6 addresses by itself (RFC 4862): a link-local one, and one for each
/// network that a router tells of. Each is looked for on the link before it is used.
public struct AutoConfiguration {
  /// What the owner is to send, in order.
  public enum Action: Equatable, Sendable {
    /// A solicitation for an address that is not ours yet, from the unspecified address.
    case probe(IPv6Address)
    /// A question to all routers.
    case solicitRouters
    /// An address is in use from now on.
    case ready(IPv6Address)
    /// Somebody else has the address; it is not used.
    case duplicate(IPv6Address)
    /// Nothing to send: a name server's time is over.
    case changed
  }

  private struct Probe {
    let address: IPv6Address
    var deadline: Instant
  }

  /// RFC 4861 section 10, RFC 4862 section 5.1.
  static var probeWait: Nanoseconds { Nanoseconds(seconds: 1) }
  static var solicitationWait: Nanoseconds { Nanoseconds(seconds: 4) }
  static var solicitationCount: Int { 3 }
  private static let twoHours = Nanoseconds(seconds: 7200)

  private let station: MACAddress
  private var probes: [Probe] = []
  private var solicitations = 0
  private var solicitationDeadline = Instant.never
  private var actions: [Action] = []
  /// From routers: servers for names until a time, and domains.
  public private(set) var nameServers: [(address: IPv6Address, until: Instant)] = []
  public private(set) var domainSearch: [UInt8] = []
  /// What routers say about the link; nil when they do not.
  public private(set) var mtu: Int?
  public private(set) var hopLimit: UInt8 = 64

  public init(station: MACAddress) {
    self.station = station
  }

  public mutating func takeAction() -> Action? {
    actions.isEmpty ? nil : actions.removeFirst()
  }

  public var nextDeadline: Instant {
    var next = solicitationDeadline
    for probe in probes { next = min(next, probe.deadline) }
    for server in nameServers { next = min(next, server.until) }
    return actions.isEmpty ? next : .start
  }

  /// Makes the link-local address and asks for routers.
  public mutating func start(_ routes: inout IPv6Routes, now: Instant) {
    claim(
      IPv6OwnAddress(
        IPv6Prefix(IPv6Address(linkLocal: station), length: 64), isTentative: true),
      &routes, now: now)
    solicitationDeadline = now
    advance(&routes, to: now)
  }

  /// Adds an address and looks for others that have it; a tentative one is used when none is found.
  public mutating func claim(
    _ address: IPv6OwnAddress, _ routes: inout IPv6Routes, now: Instant
  ) {
    guard routes.add(address) else { return }
    probes.append(Probe(address: address.address, deadline: now + Self.probeWait))
    actions.append(.probe(address.address))
  }

  /// Does what is due.
  public mutating func advance(_ routes: inout IPv6Routes, to now: Instant) {
    var index = 0
    while index < probes.count {
      guard probes[index].deadline <= now else {
        index += 1
        continue
      }
      let address = probes.remove(at: index).address
      // It may have been taken away meanwhile.
      guard routes.isClaimed(address) else { continue }
      routes.confirm(address)
      actions.append(.ready(address))
    }
    if now >= solicitationDeadline {
      solicitations += 1
      solicitationDeadline =
        solicitations < Self.solicitationCount ? now + Self.solicitationWait : .never
      actions.append(.solicitRouters)
    }
    let count = nameServers.count
    nameServers.removeAll { $0.until <= now }
    if nameServers.count != count { actions.append(.changed) }
  }

  /// Whether others that have the address are being looked for.
  public func isLooking(for address: IPv6Address) -> Bool {
    probes.contains { $0.address == address }
  }

  /// Notes that another station asks for, or has, an address that is being looked for.
  public mutating func contested(_ address: IPv6Address, _ routes: inout IPv6Routes) {
    guard let index = probes.firstIndex(where: { $0.address == address }) else { return }
    probes.remove(at: index)
    routes.remove(address)
    actions.append(.duplicate(address))
  }

  /// Does what a router says (RFC 4861 section 6.3.4, RFC 4862 section 5.5.3).
  public mutating func receive(
    _ message: RouterAdvertisement, from router: IPv6Address, _ routes: inout IPv6Routes,
    now: Instant
  ) {
    solicitationDeadline = .never
    routes.set(
      router: router, until: now + Nanoseconds(seconds: Int64(message.lifetime)), now: now)
    if message.hopLimit != 0 { hopLimit = message.hopLimit }
    if let mtu = message.mtu { self.mtu = mtu }
    for prefix in message.prefixes where !prefix.prefix.address.isLinkLocal {
      guard prefix.prefix.address.isUnicast || prefix.prefix.length == 0 else { continue }
      if prefix.isOnLink {
        routes.set(
          onLink: prefix.prefix, until: Self.time(prefix.validLifetime, from: now), now: now)
      }
      if prefix.isAutonomous { configure(prefix, &routes, now: now) }
    }
    for server in message.nameServers {
      nameServers.removeAll { $0.address == server.address }
      if server.lifetime > 0, nameServers.count < 3, server.address.isUnicast {
        nameServers.append((server.address, Self.time(server.lifetime, from: now)))
      }
    }
    if !message.domainSearch.isEmpty { domainSearch = message.domainSearch }
  }

  private mutating func configure(
    _ prefix: NDPPrefix, _ routes: inout IPv6Routes, now: Instant
  ) {
    guard prefix.preferredLifetime <= prefix.validLifetime, prefix.prefix.length == 64 else {
      return
    }
    let address = IPv6Address(
      high: prefix.prefix.network.high, low: IPv6Address.interfaceIdentifier(of: station))
    let preferred = Self.time(prefix.preferredLifetime, from: now)
    let valid = Self.time(prefix.validLifetime, from: now)
    guard let own = routes.addresses.first(where: { $0.address == address }) else {
      guard prefix.validLifetime > 0 else { return }
      claim(
        IPv6OwnAddress(
          IPv6Prefix(address, length: 64), isTentative: true, preferredUntil: preferred,
          validUntil: valid),
        &routes, now: now)
      return
    }
    // One forged message must not take an address away at once (section 5.5.3 (e)).
    let soon = now + Self.twoHours
    let until = valid > soon || valid > own.validUntil ? valid : min(own.validUntil, soon)
    routes.renew(address, preferredUntil: preferred, validUntil: until)
  }

  private static func time(_ seconds: UInt32, from now: Instant) -> Instant {
    seconds == .max ? .never : now + Nanoseconds(seconds: Int64(seconds))
  }
}
