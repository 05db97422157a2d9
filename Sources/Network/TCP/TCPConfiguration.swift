// SPDX-License-Identifier: BSD-3-Clause

import Base

/// The limits and defaults of one TCP. The names in brackets are Linux's.
public struct TCPConfiguration: Sendable {
  /// What a connection may keep unread, in bytes (tcp_rmem).
  public var receiveBuffer = 256 << 10
  /// What a connection may keep unacknowledged, in bytes (tcp_wmem).
  public var sendBuffer = 256 << 10
  /// Unread bytes of all connections together, beyond which data is no longer taken (tcp_mem).
  public var receiveMemory = 32 << 20
  /// Buffers that sending leaves in the pool, for receiving and for acknowledgements.
  public var reservedBuffers = 64
  /// Half-open connections of one listener at most (tcp_max_syn_backlog).
  public var halfOpenLimit = 1024
  /// Connections in TIME-WAIT at most (tcp_max_tw_buckets); the oldest goes first. Each takes about
  /// 240 bytes.
  public var timeWaitLimit = 8192
  /// How long TIME-WAIT lasts (2 MSL; TCP_TIMEWAIT_LEN).
  public var timeWait = Nanoseconds(seconds: 60)
  /// How long a closed connection waits for the other side's end (tcp_fin_timeout).
  public var finishWait = Nanoseconds(seconds: 60)
  /// How long an acknowledgement may wait for company.
  public var delayedAcknowledgement = Nanoseconds.milliseconds(40)
  /// How long a cork holds (RFC 9293 section 3.8.6.2.1).
  public var corkLimit = Nanoseconds.milliseconds(200)
  /// How often a SYN is sent again (tcp_syn_retries). One more than on Linux, whose 127 s are less
  /// than the three minutes of RFC 9293 section 3.8.3, MUST-23.
  public var synchronizeRetries = 7
  /// How often the answer to a SYN is sent again (tcp_synack_retries).
  public var answerRetries = 5
  /// How often data is sent again before the connection is given up (tcp_retries2).
  public var retries = 15
  /// How often data of a connection that the program has closed is sent again (tcp_orphan_retries).
  public var orphanRetries = 8
  /// Challenge acknowledgements a second at most (tcp_challenge_ack_limit).
  public var challengeLimit = 1000
  /// The shortest time between two answers to unacceptable segments of one connection
  /// (tcp_invalid_ratelimit).
  public var invalidInterval = Nanoseconds.milliseconds(500)
  /// The first and last port that is given to connections without one (ip_local_port_range).
  public var ephemeralPorts: ClosedRange<UInt16> = 32768...60999
  /// Offers of RFC 7323 and RFC 2018 (tcp_timestamps, tcp_window_scaling, tcp_sack).
  public var offersTimestamps = true
  public var offersWindowScale = true
  public var offersSelective = true
  /// The congestion control of new connections (tcp_congestion_control).
  public var congestion = CongestionAlgorithm.cubic

  public init() {}
}
