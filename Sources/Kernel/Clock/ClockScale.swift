// SPDX-License-Identifier: BSD-3-Clause

import Base

/// How a count of processor cycles becomes a time: a line through one anchor.
///
/// `nanoseconds = anchor + (cycles - cyclesAtAnchor) * multiplier / 2^32`. The vDSO uses the same
/// four numbers, so that a program computes the same time as the kernel.
public struct ClockScale: Equatable, Sendable {
  public let cyclesAtAnchor: UInt64
  public let nanosecondsAtAnchor: UInt64
  /// Nanoseconds for each cycle, in units of 2^-32.
  public let multiplier: UInt64

  public init(cyclesAtAnchor: UInt64, nanosecondsAtAnchor: UInt64, multiplier: UInt64) {
    self.cyclesAtAnchor = cyclesAtAnchor
    self.nanosecondsAtAnchor = nanosecondsAtAnchor
    self.multiplier = multiplier
  }

  /// A scale that starts at zero at `cycles` and counts at `frequency` hertz.
  public init(startingAt cycles: UInt64, frequency: UInt64) {
    self.init(
      cyclesAtAnchor: cycles, nanosecondsAtAnchor: 0,
      multiplier: Self.multiplier(nanoseconds: 1_000_000_000, cycles: max(frequency, 1)))
  }

  @inline(__always)
  public func nanoseconds(at cycles: UInt64) -> UInt64 {
    let elapsed = cycles > cyclesAtAnchor ? cycles &- cyclesAtAnchor : 0
    let product = elapsed.multipliedFullWidth(by: multiplier)
    return nanosecondsAtAnchor &+ (product.high << 32 | product.low >> 32)
  }

  /// The same clock from `cycles` on at another rate; the time is continuous at that point.
  public func reanchored(at cycles: UInt64, multiplier: UInt64) -> ClockScale {
    ClockScale(
      cyclesAtAnchor: cycles, nanosecondsAtAnchor: nanoseconds(at: cycles), multiplier: multiplier)
  }

  /// The multiplier for a clock that passes `nanoseconds` in `cycles`, both below 2^63.
  public static func multiplier(nanoseconds: UInt64, cycles: UInt64) -> UInt64 {
    // Scale both down until the shifted dividend fits 64 bits; 2^-31 of precision remains.
    var dividend = nanoseconds
    var divisor = cycles
    while dividend >> 32 != 0 {
      dividend >>= 1
      divisor >>= 1
    }
    return divisor == 0 ? 1 << 32 : (dividend << 32) / divisor
  }
}
