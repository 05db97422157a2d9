// SPDX-License-Identifier: BSD-3-Clause

/// What a translator has done so far.
public struct Counters: Equatable, Sendable, BitwiseCopyable {
  /// Packets that were translated on their way out, and their bytes from the IPv4 header on.
  public internal(set) var outbound: UInt64 = 0
  public internal(set) var outboundBytes: UInt64 = 0
  /// Packets that were translated on their way in, hairpins among them.
  public internal(set) var inbound: UInt64 = 0
  public internal(set) var inboundBytes: UInt64 = 0
  /// Sessions that began, ended by time, and gave way to others.
  public internal(set) var begun: UInt64 = 0
  public internal(set) var expired: UInt64 = 0
  public internal(set) var evicted: UInt64 = 0
  /// Echo requests to the translator itself, and errors and resets that it sent.
  public internal(set) var echoes: UInt64 = 0
  public internal(set) var errors: UInt64 = 0
}

/// What a rule has done so far.
public struct RuleCounts: Equatable, Sendable, BitwiseCopyable {
  /// How many packets that began a session, or would have, it decided on.
  public internal(set) var matches: UInt64 = 0
  /// Packets of the sessions it let begin, and their bytes from the IPv4 header on.
  public internal(set) var packets: UInt64 = 0
  public internal(set) var bytes: UInt64 = 0
}
