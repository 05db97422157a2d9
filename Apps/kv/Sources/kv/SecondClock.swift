// SPDX-License-Identifier: BSD-3-Clause

import Martlet

/// Seconds since 1970 for who knows the monotonic time already: looks at the time of day once a
/// second.
final class SecondClock {
  private var seconds: UInt32 = 0
  /// When the next second begins.
  private var end = Instant.start

  @inline(__always)
  func seconds(at now: Instant) -> UInt32 {
    if now >= end { look(at: now) }
    return seconds
  }

  @inline(never)
  private func look(at now: Instant) {
    let time = Time.wallTime()
    seconds = UInt32(clamping: time / 1_000_000_000)
    end = now + Nanoseconds(1_000_000_000 - time % 1_000_000_000)
  }
}
