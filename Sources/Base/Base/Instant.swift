// SPDX-License-Identifier: BSD-3-Clause

/// A point on the kernel's monotonic clock, in nanoseconds since the kernel was entered.
public struct Instant: Hashable, Comparable, Sendable, BitwiseCopyable {
  public let nanoseconds: UInt64

  @inline(__always)
  public init(nanoseconds: UInt64) {
    self.nanoseconds = nanoseconds
  }

  public static let start = Instant(nanoseconds: 0)
  /// Later than any time that comes.
  public static let never = Instant(nanoseconds: .max)

  @inline(__always)
  public static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

  /// Saturates at `never`.
  @inline(__always)
  public static func + (instant: Self, span: Nanoseconds) -> Self {
    let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(
      UInt64(bitPattern: max(span.count, 0)))
    return overflow ? .never : Self(nanoseconds: sum)
  }

  /// The time from `earlier` to `later`; negative the other way round.
  @inline(__always)
  public static func - (later: Self, earlier: Self) -> Nanoseconds {
    Nanoseconds(Int64(bitPattern: later.nanoseconds &- earlier.nanoseconds))
  }
}

/// A length of time in nanoseconds, up to 292 years.
///
/// The standard library's `Duration` has 128 bits; the kernel counts in one word.
public struct Nanoseconds: Hashable, Comparable, Sendable, BitwiseCopyable {
  public let count: Int64

  @inline(__always)
  public init(_ count: Int64) {
    self.count = count
  }

  /// Saturates.
  public init(seconds: Int64, nanoseconds: Int64 = 0) {
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, carry) = product.addingReportingOverflow(nanoseconds)
    count = overflow || carry ? (seconds < 0 ? .min : .max) : sum
  }

  public static let zero = Nanoseconds(0)

  public static func microseconds(_ count: Int64) -> Self { Self(count &* 1000) }
  public static func milliseconds(_ count: Int64) -> Self { Self(count &* 1_000_000) }

  @inline(__always)
  public static func < (left: Self, right: Self) -> Bool { left.count < right.count }
}
