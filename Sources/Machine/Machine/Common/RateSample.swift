// SPDX-License-Identifier: BSD-3-Clause

/// How far the cycle counter and a reference timer got in the same stretch of time.
///
/// The two cannot be read at once, and between the readings anything may happen: an exit to the
/// hypervisor, a wait there. So the counter is read before and after each access to the timer, and
/// a stretch is known but for the sum of both gaps. Stretches are compared, never added up: what
/// each of them is wrong by always goes the same way.
public struct RateSample: Equatable, Sendable {
  /// In the middle of what is possible.
  public let cycles: UInt64
  public let nanoseconds: UInt64
  /// Within how many cycles the true number lies.
  public let uncertainty: UInt64

  /// - Parameters:
  ///   - begin: the counter before and after the timer was started.
  ///   - end: the counter before and after it was read.
  ///   - nanoseconds: what the timer counted.
  public init(
    begin: (before: UInt64, after: UInt64), end: (before: UInt64, after: UInt64),
    nanoseconds: UInt64
  ) {
    let longest = end.after &- begin.before
    uncertainty = (end.after &- end.before) &+ (begin.after &- begin.before)
    cycles = longest &- uncertainty / 2
    self.nanoseconds = nanoseconds
  }

  /// Whether this tells the rate more closely: the share that is uncertain is smaller.
  public func isBetter(than other: RateSample) -> Bool {
    let own = uncertainty.multipliedFullWidth(by: other.nanoseconds)
    let others = other.uncertainty.multipliedFullWidth(by: nanoseconds)
    return (own.high, own.low) < (others.high, others.low)
  }

  /// Whether the rate is known to ten millionths, half a second in a day.
  public var isPrecise: Bool { uncertainty < cycles / 100_000 }
}
