// SPDX-License-Identifier: BSD-3-Clause

import Base

/// What a program may set about a connection before it is made; what it sets on a listener holds
/// for the connections that come of it. The names in brackets are Linux's.
public struct ConnectionOptions: Sendable {
  /// TCP_NODELAY.
  public var sendsSmallAtOnce = false
  /// TCP_CORK.
  public var isCorked = false
  /// SO_OOBINLINE.
  public var keepsUrgentInline = false
  /// SO_RCVBUF and SO_SNDBUF, in bytes; nil for the configuration's.
  public var receiveBuffer: Int?
  public var sendBuffer: Int?
  /// SO_KEEPALIVE with TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT. Off by default (RFC 9293
  /// section 3.8.4, MUST-25), and never more often than every two hours unless set (MUST-27).
  public var keepsAlive = false
  public var keepIdle = Nanoseconds(seconds: 7200)
  public var keepInterval = Nanoseconds(seconds: 75)
  public var keepCount = 9
  /// TCP_USER_TIMEOUT (section 3.9.1.1); nil for the number of retries.
  public var userTimeout: Nanoseconds?
  /// SO_LINGER with a time of 0: closing aborts.
  public var abortsOnClose = false
  /// TCP_MAXSEG: the largest segment to offer and to send; nil for what the path takes.
  public var maximumSegmentSize: Int?
  /// TCP_CONGESTION; nil for the configuration's.
  public var congestion: CongestionAlgorithm?

  public init() {}
}
