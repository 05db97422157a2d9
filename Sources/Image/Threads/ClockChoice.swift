// SPDX-License-Identifier: BSD-3-Clause

#if REAL_TIME_CLOCK
  import RealTimeClock
#endif

/// The time of day by the machine's clock, in nanoseconds since 1970.
func readRealTimeClock() -> Int64? {
  #if REAL_TIME_CLOCK
    return RealTimeClock()?.secondsSince1970().map { $0 &* 1_000_000_000 }
  #else
    return nil
  #endif
}
