// SPDX-License-Identifier: BSD-3-Clause

/// How long a session lives after its last packet, in seconds.
public struct Timeouts: Sendable, BitwiseCopyable {
  /// A TCP connection that stands: at least 2 hours and 4 minutes (RFC 5382 REQ-5).
  public var established: UInt32 = 7440
  /// A TCP connection that is being made or has ended: at least 4 minutes (RFC 5382 REQ-5).
  public var transitory: UInt32 = 240
  /// UDP: at least 2 minutes, 5 are recommended (RFC 4787 REQ-5).
  public var udp: UInt32 = 300
  /// ICMP queries: at least 60 seconds (RFC 5508 REQ-2).
  public var icmp: UInt32 = 60

  public init() {}
}
