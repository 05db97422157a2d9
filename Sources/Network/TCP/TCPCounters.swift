// SPDX-License-Identifier: BSD-3-Clause

/// What one TCP has counted (/proc/net/snmp and netstat); the names in brackets are Linux's.
public struct TCPCounters: Sendable, BitwiseCopyable {
  /// InSegs.
  public var received: UInt64 = 0
  /// InErrs: cut short, malformed, or with a wrong checksum.
  public var malformed: UInt64 = 0
  /// OutSegs; a frame that the device cuts up counts once.
  public var sent: UInt64 = 0
  /// RetransSegs.
  public var retransmitted: UInt64 = 0
  /// OutRsts.
  public var resetsSent: UInt64 = 0
  /// ActiveOpens.
  public var activeOpens: UInt64 = 0
  /// PassiveOpens.
  public var passiveOpens: UInt64 = 0
  /// TCPTimeouts.
  public var timeouts: UInt64 = 0
  /// Segments that took the short way (TCPHPHits).
  public var predicted: UInt64 = 0
  /// SyncookiesSent.
  public var cookiesSent: UInt64 = 0
  /// SyncookiesRecv.
  public var cookiesTaken: UInt64 = 0
  /// TCPChallengeACK.
  public var challenges: UInt64 = 0
  /// ListenOverflows.
  public var listenOverflows: UInt64 = 0
  /// Data dropped because memory was short (TCPRcvQDrop).
  public var memoryDrops: UInt64 = 0
  /// PAWSEstab.
  public var oldTimestamps: UInt64 = 0
  /// Frames that could not be sent because the pool was empty.
  public var noBuffers: UInt64 = 0

  public init() {}
}
