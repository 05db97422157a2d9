// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// The simulated one-shot timer.
public enum LocalTimer {
  /// When it rings, by the cycle counter; nil when it is not set.
  static let deadline = KernelGlobal<UInt64?>(nil)

  public static func enable() {}

  /// Interrupts once, on line `timer`, after `nanoseconds`; replaces what was set before.
  public static func arm(after nanoseconds: UInt64) {
    deadline.value = CycleCounter.read() &+ nanoseconds
  }
}

/// The simulated counter has a known rate: there is nothing to measure.
public enum TimeReference {
  public static func sample() -> RateSample? { nil }

  public static func stop() {}
}
