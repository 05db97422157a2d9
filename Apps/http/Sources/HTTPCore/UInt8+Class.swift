// SPDX-License-Identifier: BSD-3-Clause

extension UInt8 {
  /// Whether bit `self` is set in a table of 128 bits; bytes of 128 and above are in no table.
  @inline(__always)
  private func isIn(_ low: UInt64, _ high: UInt64) -> Bool {
    let word = self < 64 ? low : high
    return self < 128 && (word &>> UInt64(self & 63)) & 1 != 0
  }

  /// `tchar`: what methods and field names are made of.
  ///
  /// Source: RFC 9110 section 5.6.2.
  @inline(__always)
  var isToken: Bool {
    // ! # $ % & ' * + - . 0-9 and A-Z ^ _ ` a-z | ~
    isIn(0x03ff_6cfa_0000_0000, 0x57ff_ffff_c7ff_fffe)
  }

  /// What a request target may hold: visible ASCII without `"`, `#`, `<` and `>`.
  ///
  /// RFC 3986 also leaves out `\ ^ { | }` and the backquote; browsers send those in queries.
  ///
  /// Source: RFC 9112 section 3.2, RFC 3986 section 3.3.
  @inline(__always)
  var isTarget: Bool { isIn(0xafff_fff2_0000_0000, 0x7fff_ffff_ffff_ffff) }

  /// What the host of an authority may hold outside brackets: unreserved, sub-delims and `%`.
  ///
  /// The comma is left out: it is what a proxy makes of two Host fields.
  ///
  /// Source: RFC 3986 section 3.2.2.
  var isHost: Bool {
    isLetter || decimalDigit != nil
      || isIn(0x2800_6ff2_0000_0000, 0x4000_0000_8000_0000)
  }

  /// `field-vchar`, space or tab: no other control character.
  ///
  /// Source: RFC 9110 section 5.5.
  @inline(__always)
  var isFieldValue: Bool { (self >= 0x20 && self != 0x7f) || self == 0x09 }

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
