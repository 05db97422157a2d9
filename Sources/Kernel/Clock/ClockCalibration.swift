// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine

/// When to measure the cycle counter against the reference timer, and what follows from it.
///
/// Values in, values out.
struct ClockCalibration {
  /// How many measurements have been made.
  private(set) var count = 0
  private var next = Instant.start

  private var isPrecise = false

  /// At least so many measurements are made; the last of them is a second after the start.
  static let minimum = 5

  /// Under load no stretch may be long enough to tell the rate closely: then it goes on.
  var isFinished: Bool { count >= Self.minimum && isPrecise }

  func isDue(at now: Instant) -> Bool { now >= next }

  /// The multiplier that a sample implies, or nil when it is too short to mean anything.
  mutating func multiplier(_ sample: RateSample) -> UInt64? {
    guard sample.nanoseconds >= 10_000, sample.cycles > 0 else { return nil }
    count += 1
    isPrecise = sample.isPrecise
    return ClockScale.multiplier(nanoseconds: sample.nanoseconds, cycles: sample.cycles)
  }

  /// Each interval is ten times the one before: 1 ms, 10 ms, … 10 s, and again 10 s.
  mutating func scheduleNext(after now: Instant) {
    var interval: Int64 = 1_000_000
    for _ in 1..<min(max(count, 1), Self.minimum) { interval *= 10 }
    next = now + Nanoseconds(interval)
  }
}
