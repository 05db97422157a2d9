// SPDX-License-Identifier: BSD-3-Clause

import Base

/// An image without DHCP (`NETWORK_DHCP=n`): its addresses are given to it.
extension NetworkStack {
  /// Finds no server: there is no client.
  public func startDHCP(hostname: [UInt8], observer: (any LeaseObserver)?, now: Instant) {}

  /// There is no lease.
  public func stopDHCP(now: Instant) {}

  func serveDHCP() {}
}
