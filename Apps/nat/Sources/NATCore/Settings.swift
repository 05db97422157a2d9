// SPDX-License-Identifier: BSD-3-Clause

import Addresses

/// What a rule file says.
public struct Settings: Sendable {
  /// The translator's address on the inside, and the network there.
  public var inside: IPv4Prefix
  /// The translator's address on the outside, and the network there.
  public var outside: IPv4Prefix
  /// Who takes packets for other networks; nil when there is nobody.
  public var gateway: IPv4Address?
  /// Ports of the outside address that lead to hosts inside.
  public var forwards: [PortForward] = []
  /// What may begin a session, the first match counting.
  public var rules: [FirewallRule] = []
  /// What becomes of what no rule matches.
  public var fallback = RuleAction.drop
  public var timeouts = Timeouts()
  /// How many sessions there may be at a time; 1 to `largestSessionLimit`.
  public var sessionLimit = 4096

  /// Leaves half of all ports free, so that one is found quickly.
  public static var largestSessionLimit: Int { 16_384 }

  public init(inside: IPv4Prefix, outside: IPv4Prefix, gateway: IPv4Address? = nil) {
    self.inside = inside
    self.outside = outside
    self.gateway = gateway
  }
}

/// A port of the outside address that leads to a host inside.
public struct PortForward: Equatable, Sendable, BitwiseCopyable {
  public var transport: RuleProtocol
  public var port: UInt16
  public var target: IPv4Address
  public var targetPort: UInt16

  /// `transport` is `tcp` or `udp`; ports are not 0.
  public init(
    _ transport: RuleProtocol, port: UInt16, to target: IPv4Address, targetPort: UInt16
  ) {
    self.transport = transport
    self.port = port
    self.target = target
    self.targetPort = targetPort
  }
}
