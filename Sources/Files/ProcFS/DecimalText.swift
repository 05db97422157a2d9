// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// Reads numbers from names and from what programs write.
enum DecimalText {
  /// A number without sign or leading zeros, below 2^31; nil for anything else.
  static func number(_ text: RawSpan) -> Int32? {
    guard text.byteCount > 0, text.byteCount <= 10 else { return nil }
    if text.byte(at: 0) == UInt8(ascii: "0") && text.byteCount > 1 { return nil }
    var value = 0
    for offset in 0..<text.byteCount {
      let digit = text.byte(at: offset) &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      value = value * 10 + Int(digit)
    }
    return Int32(exactly: value)
  }

  /// A number that may have a sign and spaces around it. Throws `invalidArgument`.
  static func signedNumber(_ text: [UInt8]) throws(SystemError) -> Int {
    var value = 0
    var isNegative = false
    var digitCount = 0
    var hasEnded = false
    for byte in text {
      if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\n") {
        hasEnded = digitCount > 0
        continue
      }
      if byte == UInt8(ascii: "-") && digitCount == 0 && !isNegative {
        isNegative = true
        continue
      }
      let digit = byte &- UInt8(ascii: "0")
      guard digit < 10, !hasEnded, digitCount < 18 else { throw .invalidArgument }
      value = value * 10 + Int(digit)
      digitCount += 1
    }
    guard digitCount > 0 else { throw .invalidArgument }
    return isNegative ? -value : value
  }

  /// The decimal digits of a number.
  static func bytes(of number: Int32) -> [UInt8] {
    var digits: [UInt8] = []
    var rest = number.magnitude
    repeat {
      digits.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    digits.reverse()
    return digits
  }
}
