// SPDX-License-Identifier: BSD-3-Clause

import Base

/// How much may be under way at a time (RFC 5681). Everything counts in bytes.
///
/// What is lost, and when a loss is repaired, the sender finds out; this only says how large the
/// window is.
protocol CongestionControl {
  /// cwnd.
  var window: Int { get }
  /// ssthresh.
  var threshold: Int { get }

  init(segmentSize: Int)

  /// Data was acknowledged outside of a recovery while the window was in full use.
  mutating func acknowledged(_ byteCount: Int, roundTrip: Nanoseconds, now: Instant)
  /// A loss was seen by duplicates (fast retransmit).
  mutating func beginRecovery(inFlight: Int, now: Instant)
  /// Everything that was under way at the loss was acknowledged.
  mutating func endRecovery()
  /// The retransmission timer ran out; `isRepeated` when it is for the same data as the last time.
  mutating func timedOut(inFlight: Int, isRepeated: Bool)
  /// Nothing was sent for longer than a timeout (RFC 5681 section 4.1).
  mutating func restart()
  /// The path takes segments of another size now.
  mutating func setSegmentSize(_ size: Int)
}

extension CongestionControl {
  /// RFC 6928 section 2.
  static func initialWindow(segmentSize: Int) -> Int {
    min(10 * segmentSize, max(2 * segmentSize, 14600))
  }

  /// Larger than any window that can be in use (RFC 7323 section 2.3).
  static var largestWindow: Int { 1 << 30 }
}

/// Which congestion control a connection uses (TCP_CONGESTION).
public enum CongestionAlgorithm: UInt8, Sendable, BitwiseCopyable {
  case newReno
  case cubic
}

/// The congestion control that was chosen for a connection.
enum CongestionController: CongestionControl {
  case newReno(NewReno)
  case cubic(Cubic)

  init(segmentSize: Int) { self = .cubic(Cubic(segmentSize: segmentSize)) }

  init(_ algorithm: CongestionAlgorithm, segmentSize: Int) {
    switch algorithm {
    case .newReno: self = .newReno(NewReno(segmentSize: segmentSize))
    case .cubic: self = .cubic(Cubic(segmentSize: segmentSize))
    }
  }

  var algorithm: CongestionAlgorithm {
    switch self {
    case .newReno: .newReno
    case .cubic: .cubic
    }
  }

  var window: Int {
    switch self {
    case .newReno(let control): control.window
    case .cubic(let control): control.window
    }
  }

  var threshold: Int {
    switch self {
    case .newReno(let control): control.threshold
    case .cubic(let control): control.threshold
    }
  }

  mutating func acknowledged(_ byteCount: Int, roundTrip: Nanoseconds, now: Instant) {
    switch self {
    case .newReno(var control):
      control.acknowledged(byteCount, roundTrip: roundTrip, now: now)
      self = .newReno(control)
    case .cubic(var control):
      control.acknowledged(byteCount, roundTrip: roundTrip, now: now)
      self = .cubic(control)
    }
  }

  mutating func beginRecovery(inFlight: Int, now: Instant) {
    switch self {
    case .newReno(var control):
      control.beginRecovery(inFlight: inFlight, now: now)
      self = .newReno(control)
    case .cubic(var control):
      control.beginRecovery(inFlight: inFlight, now: now)
      self = .cubic(control)
    }
  }

  mutating func endRecovery() {
    switch self {
    case .newReno(var control):
      control.endRecovery()
      self = .newReno(control)
    case .cubic(var control):
      control.endRecovery()
      self = .cubic(control)
    }
  }

  mutating func timedOut(inFlight: Int, isRepeated: Bool) {
    switch self {
    case .newReno(var control):
      control.timedOut(inFlight: inFlight, isRepeated: isRepeated)
      self = .newReno(control)
    case .cubic(var control):
      control.timedOut(inFlight: inFlight, isRepeated: isRepeated)
      self = .cubic(control)
    }
  }

  mutating func restart() {
    switch self {
    case .newReno(var control):
      control.restart()
      self = .newReno(control)
    case .cubic(var control):
      control.restart()
      self = .cubic(control)
    }
  }

  mutating func setSegmentSize(_ size: Int) {
    switch self {
    case .newReno(var control):
      control.setSegmentSize(size)
      self = .newReno(control)
    case .cubic(var control):
      control.setSegmentSize(size)
      self = .cubic(control)
    }
  }
}
