// SPDX-License-Identifier: BSD-3-Clause

@_exported import Base
import Machine

/// What time it is, and waiting for a later one (see the sibling for the guest).
public enum Time {
  /// The monotonic clock: it never goes back, and nobody sets it.
  public static func now() -> Instant { Instant(nanoseconds: HostClock.monotonicNanoseconds) }

  /// The time of day in nanoseconds since 1970-01-01 UTC.
  public static func wallTime() -> Int64 { HostClock.wallNanoseconds }

  /// Lets other threads run until then.
  public static func sleep(until instant: Instant) {
    while now() < instant { _ = HostThreads.waitForChange(until: instant.nanoseconds) }
  }
}
