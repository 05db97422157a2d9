// SPDX-License-Identifier: BSD-3-Clause

import Base

/// What one connection knows of timestamps (RFC 7323): its own clock, and the other side's.
struct TimestampState: BitwiseCopyable, Sendable {
  /// Both sides have offered the option.
  var isOn = false
  /// Added to the clock so that it tells nothing about this machine (RFC 7323 section 7.1).
  var offset: UInt32 = 0
  /// TS.Recent.
  var recent: UInt32 = 0
  /// When `recent` was taken.
  var recentAt = Instant.start

  /// After so long the other side's clock may have gone halfway round (section 5.5).
  static let staleAfter = Nanoseconds(seconds: 24 * 86400)

  /// The value to send: milliseconds (section 5.4).
  @inline(__always)
  func value(at now: Instant) -> UInt32 {
    UInt32(truncatingIfNeeded: now.nanoseconds / 1_000_000) &+ offset
  }

  /// PAWS: whether a segment with `timestamp` is from the past (section 5.3, R1).
  @inline(__always)
  func isOld(_ timestamp: UInt32, now: Instant) -> Bool {
    Int32(truncatingIfNeeded: timestamp &- recent) < 0 && now - recentAt < Self.staleAfter
  }

  @inline(__always)
  mutating func take(_ timestamp: UInt32, now: Instant) {
    recent = timestamp
    recentAt = now
  }

  /// The time since this side sent `echo`; nil when it cannot be one of its values.
  func elapsed(since echo: UInt32, now: Instant) -> Nanoseconds? {
    let span = Int32(truncatingIfNeeded: value(at: now) &- echo)
    guard span >= 0, span < 3_600_000 else { return nil }
    return .milliseconds(Int64(max(1, span)))
  }
}
