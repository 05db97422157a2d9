// SPDX-License-Identifier: BSD-3-Clause

/// The number of a byte in one direction of a connection (RFC 9293 section 3.4): arithmetic is
/// modulo 2^32.
///
/// The order is that of the shorter way round the circle, so it holds for numbers less than 2^31
/// apart; it is no total order, hence no `Comparable`.
public struct SequenceNumber: Equatable, Sendable, BitwiseCopyable {
  public let rawValue: UInt32

  @inline(__always)
  public init(_ rawValue: UInt32) {
    self.rawValue = rawValue
  }

  @inline(__always)
  public static func + (number: Self, count: Int) -> Self {
    Self(number.rawValue &+ UInt32(truncatingIfNeeded: count))
  }

  @inline(__always)
  public static func - (number: Self, count: Int) -> Self {
    Self(number.rawValue &- UInt32(truncatingIfNeeded: count))
  }

  @inline(__always)
  public static func += (number: inout Self, count: Int) { number = number + count }

  /// How many bytes `later` is ahead of `earlier`, from -2^31 to 2^31 - 1.
  @inline(__always)
  public static func - (later: Self, earlier: Self) -> Int {
    Int(Int32(truncatingIfNeeded: later.rawValue &- earlier.rawValue))
  }

  @inline(__always)
  public static func < (left: Self, right: Self) -> Bool { left - right < 0 }
  @inline(__always)
  public static func <= (left: Self, right: Self) -> Bool { left - right <= 0 }
  @inline(__always)
  public static func > (left: Self, right: Self) -> Bool { left - right > 0 }
  @inline(__always)
  public static func >= (left: Self, right: Self) -> Bool { left - right >= 0 }

  /// The later of two.
  @inline(__always)
  static func later(_ left: Self, _ right: Self) -> Self { left < right ? right : left }
  /// The earlier of two.
  @inline(__always)
  static func earlier(_ left: Self, _ right: Self) -> Self { left < right ? left : right }
}

/// A stretch of sequence numbers, the end not included.
public struct SequenceRange: Equatable, Sendable, BitwiseCopyable {
  public var start: SequenceNumber
  public var end: SequenceNumber

  @inline(__always)
  public init(_ start: SequenceNumber, _ end: SequenceNumber) {
    self.start = start
    self.end = end
  }

  @inline(__always)
  public init(_ start: SequenceNumber, count: Int) {
    self.init(start, start + count)
  }

  @inline(__always)
  public var count: Int { end - start }

  @inline(__always)
  public func contains(_ number: SequenceNumber) -> Bool { start <= number && number < end }
}
