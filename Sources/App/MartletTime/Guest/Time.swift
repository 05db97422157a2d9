// SPDX-License-Identifier: BSD-3-Clause

@_exported import Base
import Clock
import NativeThreads
import Scheduling

/// What time it is, and waiting for a later one.
///
/// ```swift
/// import Martlet
///
/// let start = Time.now()
/// Time.sleep(.milliseconds(20))
/// Console.output.write("\((Time.now() - start).count) ns\n")
/// ```
public enum Time {
  /// The monotonic clock: it never goes back, and nobody sets it.
  public static func now() -> Instant {
    NativeRuntime.startTime()
    return Clock.now()
  }

  /// The time of day in nanoseconds since 1970-01-01 UTC.
  public static func wallTime() -> Int64 {
    NativeRuntime.startTime()
    return Clock.wallTime()
  }

  /// Lets other threads run until then.
  public static func sleep(until instant: Instant) {
    NativeRuntime.startThreads()
    while Clock.now() < instant { _ = Scheduler.sleep(until: instant, interruptible: false) }
  }
}
