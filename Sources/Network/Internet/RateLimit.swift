// SPDX-License-Identifier: BSD-3-Clause

import Base

/// A token bucket: so many per second, and so many at once after a rest.
public struct RateLimit {
  private let interval: UInt64
  private let burst: UInt64
  /// The time up to which tokens have been used; a token is `interval` of it.
  private var used: UInt64 = 0

  /// - Parameters:
  ///   - perSecond: at least 1.
  ///   - burst: at least 1.
  public init(perSecond: Int, burst: Int) {
    interval = 1_000_000_000 / UInt64(max(1, perSecond))
    self.burst = UInt64(max(1, burst))
  }

  /// Takes a token; false when there is none.
  public mutating func take(now: Instant) -> Bool {
    let span = interval &* burst
    let time = now.nanoseconds &+ span
    let earliest = time &- span
    if used < earliest { used = earliest }
    guard used &+ interval <= time else { return false }
    used &+= interval
    return true
  }
}
