// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// Reads the value of one word from its first byte to its end.
///
/// Offsets count from the start of the whole text, so that errors can name the place.
struct TextCursor: ~Escapable {
  let text: RawSpan
  var offset: Int
  let end: Int

  /// A cursor over `text[start..<end]`.
  @_lifetime(copy text)
  init(_ text: RawSpan, from start: Int, to end: Int) {
    self.text = text
    self.offset = start
    self.end = end
  }

  var isAtEnd: Bool { offset == end }

  /// The next byte, or nil at the end.
  var next: UInt8? { offset < end ? text.byte(at: offset) : nil }

  /// Whether the rest is exactly `word`.
  func rests(on word: StaticString) -> Bool {
    let word = word.bytes
    guard end &- offset == word.byteCount else { return false }
    var index = 0
    while index < word.byteCount {
      if text.byte(at: offset &+ index) != word.byte(at: index) { return false }
      index &+= 1
    }
    return true
  }

  /// Steps over `byte`, if it is next.
  @_lifetime(self: copy self)
  mutating func skip(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    offset &+= 1
    return true
  }

  /// The rest of the value with its percent encoding undone.
  @_lifetime(self: copy self)
  mutating func decodedText() throws(CommandLineError) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(end &- offset)
    while offset < end {
      var byte = text.byte(at: offset)
      var length = 1
      if byte == UInt8(ascii: "%") {
        guard end &- offset >= 3, let high = hexadecimalDigit(text.byte(at: offset &+ 1)),
          let low = hexadecimalDigit(text.byte(at: offset &+ 2))
        else { throw CommandLineError(.badPercentEncoding, at: offset) }
        byte = high << 4 | low
        length = 3
      }
      if byte == 0 { throw CommandLineError(.zeroByte, at: offset) }
      result.append(byte)
      offset &+= length
    }
    return result
  }

  /// The rest of the value as pairs of hexadecimal digits.
  @_lifetime(self: copy self)
  mutating func hexadecimalBytes() throws(CommandLineError) -> [UInt8] {
    var result: [UInt8] = []
    while offset < end {
      guard end &- offset >= 2, let high = hexadecimalDigit(text.byte(at: offset)),
        let low = hexadecimalDigit(text.byte(at: offset &+ 1))
      else { throw CommandLineError(.badNumber, at: offset) }
      result.append(high << 4 | low)
      offset &+= 2
    }
    return result
  }

  /// A decimal number, or a hexadecimal one after `0x`. Stops at the first foreign character.
  @_lifetime(self: copy self)
  mutating func number() throws(CommandLineError) -> UInt64 {
    let start = offset
    var radix: UInt64 = 10
    if skip(UInt8(ascii: "0")) {
      if skip(UInt8(ascii: "x")) { radix = 16 } else { offset = start }
    }
    let firstDigit = offset
    var value: UInt64 = 0
    while let byte = next, let digit = hexadecimalDigit(byte), digit < radix {
      let (product, overflow) = value.multipliedReportingOverflow(by: radix)
      let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
      if overflow || carry { throw CommandLineError(.badNumber, at: start) }
      value = sum
      offset &+= 1
    }
    if offset == firstDigit { throw CommandLineError(.badNumber, at: start) }
    return value
  }
}

/// The value of a hexadecimal digit of either case, or nil.
func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte &- UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte &- UInt8(ascii: "a") &+ 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte &- UInt8(ascii: "A") &+ 10
  default: nil
  }
}
