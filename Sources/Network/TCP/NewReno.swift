// SPDX-License-Identifier: BSD-3-Clause

import Base

/// The standard congestion control (RFC 5681, RFC 6582), with byte counting (RFC 3465).
struct NewReno: CongestionControl, BitwiseCopyable, Sendable {
  private(set) var window: Int
  private(set) var threshold = Self.largestWindow
  private var segmentSize: Int
  /// Bytes acknowledged towards the next increase by one segment.
  private var acknowledged = 0

  init(segmentSize: Int) {
    self.segmentSize = segmentSize
    window = Self.initialWindow(segmentSize: segmentSize)
  }

  mutating func acknowledged(_ byteCount: Int, roundTrip: Nanoseconds, now: Instant) {
    if window < threshold {
      // Slow start with L = 2 (RFC 3465 section 2.2).
      window = min(window + min(byteCount, 2 * segmentSize), Self.largestWindow)
      return
    }
    acknowledged += byteCount
    guard acknowledged >= window else { return }
    acknowledged -= window
    window = min(window + segmentSize, Self.largestWindow)
  }

  mutating func beginRecovery(inFlight: Int, now: Instant) {
    threshold = max(inFlight / 2, 2 * segmentSize)
    window = threshold
    acknowledged = 0
  }

  mutating func endRecovery() {
    window = threshold
    acknowledged = 0
  }

  mutating func timedOut(inFlight: Int, isRepeated: Bool) {
    // RFC 5681 section 3.1, equation 4, and not twice for the same data.
    if !isRepeated { threshold = max(inFlight / 2, 2 * segmentSize) }
    window = segmentSize
    acknowledged = 0
  }

  mutating func restart() {
    window = min(window, Self.initialWindow(segmentSize: segmentSize))
  }

  mutating func setSegmentSize(_ size: Int) {
    segmentSize = size
    window = max(window, size)
  }
}
