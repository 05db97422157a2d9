// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// A counter of the host's nanoseconds.
public enum CycleCounter {
  private static let start = ContinuousClock.now
  private static let rate = KernelGlobal<UInt64>(1_000_000_000)

  public static func read() -> UInt64 {
    // The first use makes `start`, so it must come before the present time.
    let start = start
    let passed = (ContinuousClock.now - start).components
    return UInt64(passed.seconds) &* 1_000_000_000 &+ UInt64(passed.attoseconds / 1_000_000_000)
  }

  public static var cyclesAtEntry: UInt64 { 0 }

  public static var frequency: UInt64? { rate.value == 0 ? nil : rate.value }

  public static func discover() {}

  public static func setFrequency(_ hertz: UInt64) {
    rate.value = hertz
  }
}
