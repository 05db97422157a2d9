// SPDX-License-Identifier: BSD-3-Clause

import Addresses

/// The addresses that the host was told to have.
public struct NetworkSettings: Sendable {
  public var addresses4: [IPv4Prefix] = []
  public var addresses6: [IPv6Prefix] = []
  public var gateways: [IPAddress] = []
  public var nameServers: [IPAddress] = []
  /// Told to DHCP servers; empty for none.
  public var hostname: [UInt8] = []

  public init() {}

  /// Whether an address has to be asked for.
  public var wantsDHCP: Bool { addresses4.isEmpty && addresses6.isEmpty }
}
