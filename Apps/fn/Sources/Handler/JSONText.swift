// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// A text that grows, in UTF-8.
struct JSONText {
  private(set) var bytes: [UInt8] = []

  /// Adds a text as it is.
  mutating func add(_ text: StaticString) {
    let added = text.bytes
    for offset in 0..<added.byteCount { bytes.append(added.byte(at: offset)) }
  }

  /// Adds a number that is not negative, in decimal digits.
  mutating func add(_ number: Int) {
    var unit = 1
    while number / unit >= 10 { unit *= 10 }
    while unit > 0 {
      bytes.append(UInt8(48 + number / unit % 10))
      unit /= 10
    }
  }

  /// Adds a JSON string (RFC 8259 section 7). What is not printable ASCII is written as the code point
  /// of the same number, so that any bytes give valid JSON.
  mutating func add(quoting text: ArraySlice<UInt8>) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text {
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      } else if byte < 32 || byte > 126 {
        add("\\u00")
        bytes.append(Self.digit(byte >> 4))
        bytes.append(Self.digit(byte & 15))
      } else {
        bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? 48 + value : 87 + value
  }
}
