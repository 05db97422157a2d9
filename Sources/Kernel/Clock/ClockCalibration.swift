// SPDX-License-Identifier: BSD-3-Clause

import Base

/// When to measure the cycle counter against the reference timer, and what follows from it.
///
/// Values in, values out: the samples are both counters' progress since the kernel was entered.
struct ClockCalibration {
  /// How many measurements have been made.
  private(set) var count = 0
  private var next = Instant.start

  /// After this many measurements the rate is as good as the reference.
  static let limit = 5

  var isFinished: Bool { count >= Self.limit }

  func isDue(at now: Instant) -> Bool { now >= next }

  /// The multiplier that a sample implies, or nil when it is too short to mean anything.
  mutating func multiplier(cycles: UInt64, referenceNanoseconds: UInt64) -> UInt64? {
    guard referenceNanoseconds >= 10_000, cycles > 0 else { return nil }
    count += 1
    return ClockScale.multiplier(nanoseconds: referenceNanoseconds, cycles: cycles)
  }

  /// Each interval is ten times the one before: 1 ms, 10 ms, … 10 s, when the reference's grain of
  /// a microsecond is a ten-millionth.
  mutating func scheduleNext(after now: Instant) {
    var interval: Int64 = 1_000_000
    for _ in 1..<max(count, 1) { interval *= 10 }
    next = now + Nanoseconds(interval)
  }
}
