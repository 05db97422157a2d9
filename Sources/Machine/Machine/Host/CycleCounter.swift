// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// A counter of simulated nanoseconds: it moves when a test advances it, when the kernel waits for
/// the timer, and by one at each look, so that time never stands still.
public enum CycleCounter {
  private static let count = KernelGlobal<UInt64>(0)
  private static let rate = KernelGlobal<UInt64>(1_000_000_000)

  public static func read() -> UInt64 {
    count.value &+= 1
    return count.value
  }

  /// Lets time pass.
  public static func advance(nanoseconds: UInt64) {
    count.value &+= nanoseconds
  }

  public static var cyclesAtEntry: UInt64 { 0 }

  public static var frequency: UInt64? { rate.value == 0 ? nil : rate.value }

  public static func discover() {}

  public static func setFrequency(_ hertz: UInt64) {
    rate.value = hertz
  }
}
