// SPDX-License-Identifier: BSD-3-Clause

import Addresses

/// What a rule does with a packet that would begin a session.
public enum RuleAction: UInt8, Sendable, BitwiseCopyable {
  case accept
  /// Without a word.
  case drop
  /// Tells the sender: a reset for TCP, else "prohibited" (RFC 5508 REQ-8).
  case reject
}

/// The protocol a rule is about, by its number.
public enum RuleProtocol: UInt8, Sendable, BitwiseCopyable {
  case icmp = 1
  case tcp = 6
  case udp = 17
}

/// Ports from one to another, both included.
public struct PortRange: Equatable, Sendable, BitwiseCopyable {
  public var first: UInt16
  public var last: UInt16

  public init(_ first: UInt16, _ last: UInt16) {
    self.first = first
    self.last = last
  }

  public static var all: Self { Self(0, .max) }

  func contains(_ port: UInt16) -> Bool { port >= first && port <= last }
}

/// A line of the rule file about who may begin a session with whom.
///
/// It sees the addresses that hosts inside have: of a packet that a forward leads inside, the
/// target behind it.
public struct FirewallRule: Equatable, Sendable, BitwiseCopyable {
  public var action: RuleAction
  /// The side a packet comes in from; nil for both.
  public var side: Side?
  /// Nil for all.
  public var transport: RuleProtocol?
  public var source = IPv4Prefix(.any, length: 0)
  public var sourcePorts = PortRange.all
  public var target = IPv4Prefix(.any, length: 0)
  public var targetPorts = PortRange.all
  /// Where it stands in the rule file, from 1; 0 when it comes from elsewhere.
  public var line = 0

  public init(_ action: RuleAction) {
    self.action = action
  }

  /// Whether it is about such a packet.
  func matches(_ flow: Flow, from side: Side) -> Bool {
    if let own = self.side, own != side { return false }
    if let transport, transport.rawValue != flow.number { return false }
    return source.contains(IPv4Address(flow.source)) && target.contains(IPv4Address(flow.target))
      && sourcePorts.contains(flow.sourcePort) && targetPorts.contains(flow.targetPort)
  }
}
