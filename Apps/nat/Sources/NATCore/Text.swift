// SPDX-License-Identifier: BSD-3-Clause

import Bytes

extension Array where Element == UInt8 {
  /// Appends a text that is known when the program is compiled.
  mutating func append(_ text: StaticString) {
    let bytes = text.bytes
    for offset in 0..<bytes.byteCount { append(bytes.byte(at: offset)) }
  }

  /// Appends a number that is not negative.
  mutating func append(decimal value: Int) {
    var divisor = 1
    while value / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
      append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / divisor % 10))
      divisor /= 10
    }
  }

  /// Whether these are the bytes of `text`.
  func holds(_ text: StaticString) -> Bool {
    RawSpan(_elements: span).holdsSameBytes(as: text.bytes)
  }
}
