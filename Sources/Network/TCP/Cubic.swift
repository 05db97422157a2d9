// SPDX-License-Identifier: BSD-3-Clause

import Base

/// CUBIC (RFC 9438) in integers: bytes and milliseconds. C = 0.4, beta = 0.7.
struct Cubic: CongestionControl, BitwiseCopyable, Sendable {
  private(set) var window: Int
  private(set) var threshold = Self.largestWindow
  private var segmentSize: Int

  /// W_max, in bytes.
  private var maximum = 0
  /// cwnd before the last reduction, in bytes.
  private var prior = 0
  /// When the present period of growth began; nil when it begins with the next acknowledgement.
  private var epoch: Instant?
  /// K, in milliseconds.
  private var plateau: Int64 = 0
  /// W_est of section 4.3, in bytes.
  private var estimate = 0
  /// What is left over of increases of less than a byte.
  private var windowRest = 0
  private var estimateRest = 0

  init(segmentSize: Int) {
    self.segmentSize = segmentSize
    window = Self.initialWindow(segmentSize: segmentSize)
  }

  mutating func acknowledged(_ byteCount: Int, roundTrip: Nanoseconds, now: Instant) {
    if window < threshold {
      window = min(window + min(byteCount, 2 * segmentSize), Self.largestWindow)
      return
    }
    let start: Instant
    if let epoch {
      start = epoch
    } else {
      start = now
      beginEpoch(now: now)
    }
    growEstimate(by: byteCount)
    let elapsed = (now - start).count / 1_000_000
    let present = cubic(at: elapsed)
    if present < estimate {
      // Where standard congestion control would be ahead (section 4.3).
      window = max(window, min(estimate, Self.largestWindow))
      return
    }
    let ahead = cubic(at: elapsed + max(1, roundTrip.count / 1_000_000))
    let target = min(max(ahead, window), window + window / 2)
    // (target - cwnd) / cwnd for each segment acknowledged (section 4.4).
    windowRest += (target - window) * min(byteCount, window)
    let increase = windowRest / window
    windowRest -= increase * window
    window = min(window + increase, Self.largestWindow)
  }

  private mutating func beginEpoch(now: Instant) {
    epoch = now
    estimate = window
    estimateRest = 0
    windowRest = 0
    if window < maximum {
      // K = cbrt((W_max - cwnd) / C), here in milliseconds of bytes: C * MSS bytes a s^3.
      let bytes = UInt64(maximum - window)
      plateau = Int64(Self.cubeRoot(bytes * 10_000_000_000 / UInt64(4 * segmentSize)))
    } else {
      maximum = window
      plateau = 0
    }
  }

  /// W_cubic(t), t in milliseconds.
  private func cubic(at elapsed: Int64) -> Int {
    // Farther away the window is at its limits in any case, and the product stays in 64 bits.
    let distance = max(-100_000, min(100_000, elapsed - plateau))
    let cube = distance * distance * distance / 1000
    // C * (t - K)^3 segments, t in seconds: 0.4 * MSS / 10^9 for cubic milliseconds.
    let bytes = Int(cube) * (4 * segmentSize) / 10_000_000
    return min(max(maximum + bytes, segmentSize), Self.largestWindow)
  }

  /// W_est grows by alpha segments a round trip: 3 * (1 - beta) / (1 + beta) = 9 / 17 below the
  /// window before the reduction, 1 above (section 4.3).
  private mutating func growEstimate(by byteCount: Int) {
    let isBelow = estimate < prior
    estimateRest += segmentSize * byteCount * (isBelow ? 9 : 17)
    let unit = 17 * window
    let increase = estimateRest / unit
    estimateRest -= increase * unit
    estimate += increase
  }

  private mutating func reduce(inFlight: Int) {
    epoch = nil
    prior = window
    // Fast convergence (section 4.7).
    maximum = window < maximum ? window * 17 / 20 : window
    threshold = max(min(inFlight, window) * 7 / 10, 2 * segmentSize)
  }

  mutating func beginRecovery(inFlight: Int, now: Instant) {
    reduce(inFlight: inFlight)
    window = threshold
  }

  mutating func endRecovery() {
    window = threshold
  }

  mutating func timedOut(inFlight: Int, isRepeated: Bool) {
    if !isRepeated { reduce(inFlight: inFlight) }
    // What follows slow start begins at its own plateau (RFC 9438 section 4.8).
    maximum = 0
    window = segmentSize
  }

  mutating func restart() {
    window = min(window, Self.initialWindow(segmentSize: segmentSize))
    epoch = nil
  }

  mutating func setSegmentSize(_ size: Int) {
    segmentSize = size
    window = max(window, size)
    epoch = nil
  }

  /// The integer part of the cube root, found bit by bit. Exact for every number.
  static func cubeRoot(_ value: UInt64) -> UInt64 {
    var rest = value
    var root: UInt64 = 0
    var shift: Int64 = 63
    while shift >= 0 {
      root = 2 * root
      let step = 3 * root * (root + 1) + 1
      if rest >> UInt64(shift) >= step {
        rest -= step << UInt64(shift)
        root += 1
      }
      shift -= 3
    }
    return root
  }
}
