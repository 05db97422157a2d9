// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base

/// What a program may change about a connection while it lives. The names in brackets are Linux's.
extension Connection {
  /// TCP_NODELAY. Setting it sends what waits.
  public func setNoDelay(_ isOn: Bool, now: Instant) {
    options.sendsSmallAtOnce = isOn
    sender.sendsSmallAtOnce = isOn
    if isOn { output(now: now) }
  }

  /// TCP_CORK. Taking it out sends what waits.
  public func setCorked(_ isOn: Bool, now: Instant) {
    options.isCorked = isOn
    sender.isCorked = isOn
    guard !isOn else { return }
    corkAt = .never
    output(now: now)
  }

  /// TCP_QUICKACK: sends a delayed acknowledgement now.
  public func acknowledgeNow(now: Instant) {
    if receiver.owed > 0, state.isSynchronized { sendAcknowledgement(now: now) }
  }

  /// SO_KEEPALIVE, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT; nil keeps what is.
  public func setKeepAlive(
    _ isOn: Bool? = nil, idle: Nanoseconds? = nil, interval: Nanoseconds? = nil, count: Int? = nil,
    now: Instant
  ) {
    options.keepsAlive = isOn ?? options.keepsAlive
    options.keepIdle = idle ?? options.keepIdle
    options.keepInterval = interval ?? options.keepInterval
    options.keepCount = count ?? options.keepCount
    keepProbes = 0
    if options.keepsAlive { startKeepAlive(now: now) }
  }

  /// TCP_USER_TIMEOUT; nil for none.
  public func setUserTimeout(_ limit: Nanoseconds?) { options.userTimeout = limit }

  /// SO_LINGER with a time of zero.
  public func setAbortsOnClose(_ isOn: Bool) { options.abortsOnClose = isOn }

  /// SO_OOBINLINE.
  public func setUrgentInline(_ isOn: Bool) {
    options.keepsUrgentInline = isOn
    receiver.setUrgentInline(isOn)
  }

  /// SO_RCVBUF in bytes. The window is not taken back when it becomes smaller.
  public func setReceiveBuffer(_ byteCount: Int) {
    receiver.limit = min(max(byteCount, 2048), 0xffff << Int(TCP.windowScale))
  }

  /// SO_SNDBUF in bytes.
  public func setSendBuffer(_ byteCount: Int) {
    sender.limit = min(max(byteCount, 2048), 1 << 30)
    guard awaitsRoom, isWritable else { return }
    awaitsRoom = false
    note(.writable)
    notify()
  }

  /// TCP_CONGESTION.
  public var congestionAlgorithm: CongestionAlgorithm { sender.congestion.algorithm }

  /// TCP_CONGESTION. The window begins afresh.
  public func setCongestionAlgorithm(_ algorithm: CongestionAlgorithm) {
    sender.congestion = CongestionController(algorithm, segmentSize: sender.segmentSize)
    sender.congestionWindow = sender.congestion.window
  }

  /// The options as they are now.
  public var currentOptions: ConnectionOptions { options }
  /// SO_RCVBUF.
  public var receiveBuffer: Int { receiver.limit }
  /// SO_SNDBUF.
  public var sendBuffer: Int { sender.limit }
  /// TCP_MAXSEG: data bytes of a full segment.
  public var segmentSize: Int { sender.segmentSize }

  /// TCP_INFO.
  public var information: ConnectionInformation {
    ConnectionInformation(
      state: state, smoothedRoundTrip: sender.roundTrip.smoothed,
      roundTripVariation: sender.roundTrip.variation, timeout: sender.roundTrip.timeout,
      segmentSize: sender.segmentSize, peerSegmentSize: peerSegmentSize,
      congestionWindow: sender.congestionWindow, threshold: sender.congestion.threshold,
      outstanding: sender.outstanding, unsent: sender.unsent, peerWindow: sender.window,
      window: receiver.window, timeoutCount: sender.timeoutCount, mtu: path.mtu,
      usesTimestamps: timestamps.isOn, usesSelective: sender.usesSelective,
      usesScaling: agreedScale, sendScale: sender.scale, receiveScale: receiver.scale)
  }
}

/// What TCP_INFO tells.
public struct ConnectionInformation: Sendable {
  public let state: ConnectionState
  public let smoothedRoundTrip: Nanoseconds
  public let roundTripVariation: Nanoseconds
  public let timeout: Nanoseconds
  public let segmentSize: Int
  public let peerSegmentSize: Int
  /// In bytes, as all windows here.
  public let congestionWindow: Int
  public let threshold: Int
  public let outstanding: Int
  public let unsent: Int
  public let peerWindow: Int
  public let window: Int
  public let timeoutCount: Int
  public let mtu: Int
  public let usesTimestamps: Bool
  public let usesSelective: Bool
  public let usesScaling: Bool
  public let sendScale: UInt8
  public let receiveScale: UInt8
}
