// SPDX-License-Identifier: BSD-3-Clause

import Base

/// The estimate of the round-trip time, and the retransmission timeout made of it (RFC 6298).
///
/// Linux differs from the RFC in its least timeout, 200 ms instead of 1 s; so does this.
public struct RoundTripTime: BitwiseCopyable, Sendable {
  /// Before anything was measured (RFC 6298 section 2.1).
  public static let initialTimeout = Nanoseconds(1_000_000_000)
  public static let minimumTimeout = Nanoseconds(200_000_000)
  public static let maximumTimeout = Nanoseconds(120_000_000_000)
  /// What a lost SYN makes the timeout of the data (RFC 6298 section 5.7).
  static let timeoutAfterLostSynchronize = Nanoseconds(3_000_000_000)
  /// The clock's granularity that the RFC calls G.
  private static let granularity: Int64 = 1_000_000

  /// SRTT; zero before the first measurement.
  public private(set) var smoothed = Nanoseconds.zero
  /// RTTVAR.
  public private(set) var variation = Nanoseconds.zero
  /// The shortest measured.
  public private(set) var minimum = Nanoseconds(.max)
  /// RTO without back-off.
  public private(set) var base = Self.initialTimeout
  /// How often the timeout was doubled since the last acknowledgement.
  public private(set) var backoffCount = 0

  public init() {}

  /// RTO with back-off, at most 120 s.
  public var timeout: Nanoseconds {
    guard backoffCount > 0 else { return base }
    let shifted = base.count << Int64(min(backoffCount, 10))
    return min(Nanoseconds(shifted), Self.maximumTimeout)
  }

  public var isMeasured: Bool { smoothed.count > 0 }

  /// Takes a measurement of a segment that was sent once (Karn's algorithm, section 3).
  public mutating func measured(_ span: Nanoseconds) {
    let sample = max(1, span.count)
    minimum = min(minimum, Nanoseconds(sample))
    if smoothed.count == 0 {
      smoothed = Nanoseconds(sample)
      variation = Nanoseconds(sample / 2)
    } else {
      let error = smoothed.count - sample
      let distance = error < 0 ? -error : error
      variation = Nanoseconds(variation.count - (variation.count >> 2) + (distance >> 2))
      smoothed = Nanoseconds(max(1, smoothed.count - (smoothed.count >> 3) + (sample >> 3)))
    }
    base = Nanoseconds(smoothed.count + max(Self.granularity, 4 * variation.count))
    base = min(max(base, Self.minimumTimeout), Self.maximumTimeout)
    backoffCount = 0
  }

  /// Doubles the timeout (section 5.5).
  public mutating func backOff() {
    backoffCount += 1
  }

  /// Forgets the doubling: it was for a closed window, which has opened.
  public mutating func endBackoff() {
    backoffCount = 0
  }

  /// The SYN had to be sent again and nothing was measured (section 5.7).
  mutating func synchronizeWasLost() {
    backoffCount = 0
    if !isMeasured { base = Self.timeoutAfterLostSynchronize }
  }
}
