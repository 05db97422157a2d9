// SPDX-License-Identifier: BSD-3-Clause

extension UInt8 {
  /// A space or a tab.
  @inline(__always)
  var isBlank: Bool { self == 0x20 || self == 0x09 }

  /// An ASCII letter.
  @inline(__always)
  var isLetter: Bool { (self | 0x20) &- UInt8(ascii: "a") < 26 }

  /// The value of a decimal digit.
  @inline(__always)
  var decimalDigit: Int? {
    let value = self &- UInt8(ascii: "0")
    return value < 10 ? Int(value) : nil
  }

  /// The value of a hexadecimal digit, in either case.
  @inline(__always)
  var hexadecimalDigit: Int? {
    if let digit = decimalDigit { return digit }
    let value = (self | 0x20) &- UInt8(ascii: "a")
    return value < 6 ? Int(value) &+ 10 : nil
  }

  /// Carriage return, line feed, space.
  @inline(__always) static var carriageReturn: UInt8 { 0x0d }
  @inline(__always) static var lineFeed: UInt8 { 0x0a }
  @inline(__always) static var space: UInt8 { 0x20 }
}
