// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Internet
import Packets

/// An image without IPv6 (`NETWORK_IPV6=n`): what comes is dropped, and nothing can be sent.
extension NetworkStack {
  /// Gets no address.
  public func startIPv6(now: Instant) {}

  /// The address is not taken.
  public func add(_ address: IPv6Prefix, now: Instant) {}

  /// The router is not used.
  public func add(router: IPv6Address) {}

  func advanceIPv6() {}

  func receiveIPv6(_ packet: consuming Packet, isLinkGroup: Bool, isLoopback: Bool) {
    counters.unknownProtocols &+= 1
  }

  func reportExpired6(_ packet: consuming Packet) {}

  func sendIPv6(
    _ frame: consuming Frame, from source: IPv6Address, to target: IPv6Address,
    protocol number: UInt8, options: SendOptions
  ) throws(SendError) {
    counters.noRoutes &+= 1
    throw .noRoute
  }

  func solicit(_ address: IPv6Address, at target: MACAddress?) {}
}
