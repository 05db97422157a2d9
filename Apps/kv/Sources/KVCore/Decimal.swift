// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// The decimal digits of a number.
struct Decimal {
  static var limit: Int { 20 }
  var bytes = InlineArray<20, UInt8>(repeating: 0)
  /// Where the first digit is; the last is at the end.
  private(set) var start = limit

  @inline(__always)
  init(_ number: UInt64) {
    var rest = number
    repeat {
      start &-= 1
      bytes[start] = UInt8(truncatingIfNeeded: 48 &+ rest % 10)
      rest /= 10
    } while rest > 0
  }

  /// Writes a number's digits; returns the place behind them.
  @inline(__always)
  static func write(_ number: UInt64, in target: inout MutableRawSpan, at offset: Int) -> Int {
    if number < 10 {
      target.storeLittleEndian(UInt8(truncatingIfNeeded: 48 &+ number), at: offset)
      return offset &+ 1
    }
    var count = 1
    var limit: UInt64 = 10
    while number >= limit {
      count &+= 1
      let (next, overflow) = limit.multipliedReportingOverflow(by: 10)
      if overflow { break }
      limit = next
    }
    var rest = number
    var place = offset &+ count
    while place > offset {
      place &-= 1
      target.storeLittleEndian(UInt8(truncatingIfNeeded: 48 &+ rest % 10), at: place)
      rest /= 10
    }
    return offset &+ count
  }

  /// The digits of a number below 1000, the first in the lowest place, and how many bits they have.
  @inline(__always)
  static func digits(ofSmall number: UInt64) -> (word: UInt64, bitCount: UInt64) {
    if number < 10 { return (48 &+ number, 8) }
    // A tenth and a hundredth: right for all numbers that are so small.
    let tens = (number &* 205) >> 11
    if number < 100 { return (0x3030 &+ tens &+ (number &- tens &* 10) << 8, 16) }
    let hundreds = (number &* 656) >> 16
    let rest = number &- hundreds &* 100
    let middle = (rest &* 205) >> 11
    return (0x30_3030 &+ hundreds &+ middle << 8 &+ (rest &- middle &* 10) << 16, 24)
  }

  /// The number that decimal digits say, and nothing else; nil when it is none or needs more than
  /// 64 bits.
  @inline(__always)
  static func parse(_ text: RawSpan) -> UInt64? {
    guard text.byteCount > 0, text.byteCount <= limit else { return nil }
    var value: UInt64 = 0
    for offset in 0..<text.byteCount {
      let digit = UInt64(text.byte(at: offset)) &- 48
      guard digit < 10 else { return nil }
      if text.byteCount < limit {
        value = value &* 10 &+ digit
      } else {
        let (product, isTooMuch) = value.multipliedReportingOverflow(by: 10)
        let (sum, isTooMuchMore) = product.addingReportingOverflow(digit)
        if isTooMuch || isTooMuchMore { return nil }
        value = sum
      }
    }
    return value
  }

  /// The same with a sign.
  static func parseSigned(_ text: RawSpan) -> Int64? {
    guard text.byteCount > 0 else { return nil }
    if text.byte(at: 0) == UInt8(ascii: "-") {
      guard let value = parse(text.extracting(1..<text.byteCount)) else { return nil }
      return value <= UInt64(Int64.max) ? -Int64(value) : nil
    }
    return parse(text).flatMap { Int64(exactly: $0) }
  }
}
