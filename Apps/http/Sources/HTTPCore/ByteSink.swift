// SPDX-License-Identifier: BSD-3-Clause

/// A place that bytes are appended to: an array that grows, or an `OutputRawSpan` that does not.
///
/// What writes into one asks `freeByteCount` first, so that nothing is cut in the middle and
/// nothing traps.
public protocol ByteSink: ~Copyable, ~Escapable {
  /// How many bytes fit.
  var freeByteCount: Int { get }

  /// Appends one byte. May trap when none fits.
  @_lifetime(self: copy self)
  mutating func append(_ byte: UInt8)
}

extension Array: ByteSink where Element == UInt8 {
  /// An array grows.
  public var freeByteCount: Int { .max }
}

extension OutputRawSpan: ByteSink {
  /// What is left of the capacity.
  public var freeByteCount: Int { freeCapacity }
}

extension ByteSink where Self: ~Copyable & ~Escapable {
  /// Appends all of `bytes`; false, and nothing written, when they do not fit.
  @_lifetime(self: copy self)
  @discardableResult
  mutating func append(octets bytes: Span<UInt8>) -> Bool {
    guard bytes.count <= freeByteCount else { return false }
    var index = 0
    while index < bytes.count {
      append(bytes[index])
      index &+= 1
    }
    return true
  }

  /// Appends `value` in decimal with at least `width` digits; false when it does not fit. `value`
  /// is not negative.
  @_lifetime(self: copy self)
  @discardableResult
  mutating func append(decimal value: Int, width: Int = 1) -> Bool {
    var divisor = 1
    var count = 1
    while count < width || value / divisor >= 10 {
      divisor &*= 10
      count &+= 1
    }
    guard count <= freeByteCount else { return false }
    var rest = value
    while divisor > 0 {
      append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest / divisor))
      rest %= divisor
      divisor /= 10
    }
    return true
  }

  /// Appends `value` in hexadecimal, in small letters; false when it does not fit.
  @_lifetime(self: copy self)
  @discardableResult
  mutating func append(hexadecimal value: Int, width: Int = 1) -> Bool {
    let bits = UInt(bitPattern: value)
    let count = max(width, (UInt.bitWidth &- bits.leadingZeroBitCount &+ 3) / 4)
    guard count <= freeByteCount else { return false }
    for place in (0..<count).reversed() {
      let digit = UInt8(truncatingIfNeeded: bits &>> UInt(place &* 4)) & 15
      append(digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "a") &+ digit &- 10)
    }
    return true
  }
}
