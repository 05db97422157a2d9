// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import ARP
import Base
import DHCP
import Internet
import IPv4

/// The host's own addresses.
extension NetworkStack {
  /// Gives the interface an IPv4 address and announces it. False when it is none that a host can
  /// have, or there are too many.
  public func add(_ address: IPv4Prefix, now: Instant) -> Bool {
    self.now = now
    guard interface != nil, routes.add(address) else { return false }
    defenses.append(
      AddressDefense(
        address.address, station: station, isOptimistic: true, random: random(), now: now))
    advanceDefenses()
    return true
  }

  /// Takes an address away.
  public func remove(_ address: IPv4Address) {
    routes.remove(address)
    defenses.removeAll { $0.address == address }
  }

  /// Adds a route to a network. False when there are too many.
  public func add(_ route: IPv4Routes.Route) -> Bool {
    routes.add(route)
  }

  func advanceDefenses() {
    for index in defenses.indices {
      take(defenses[index].advance(to: now, random: random()), of: index)
    }
    settleDefenses()
  }

  /// Forgets what was lost, after all messages have been looked at.
  func settleDefenses() {
    defenses.removeAll { $0.isLost }
    guard hasLostAddress else { return }
    hasLostAddress = false
    serveDHCP()
  }

  func take(_ step: AddressDefense.Step, of index: Int) {
    let address = defenses[index].address
    switch step {
    case .none: break
    case .probe: sendARP(.probe(for: address, from: station), to: .broadcast)
    case .announce: sendARP(.announcement(of: address, station), to: .broadcast)
    case .lost:
      conflictCount += 1
      if address == leasedAddress?.address, let dhcp {
        dhcp.decline(now: now)
        hasLostAddress = true
      }
    // RFC 5227 section 2.4 (c) lets a host keep an address that it was told to have: a server
    // with connections. It stops defending.
    }
  }
}
