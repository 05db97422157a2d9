// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// Where replies go: a buffer of a connection, or datagrams.
public protocol ReplySink: ~Copyable {
  /// How many bytes it takes now.
  var room: Int { get }
  /// How many of them lie in one piece.
  var contiguousRoom: Int { get }
  /// Adds bytes, `room` at most.
  mutating func append(_ bytes: RawSpan)
  /// Lends `limit` bytes of the contiguous room; `body` fills some of the first ones and says how
  /// many.
  mutating func fill(_ limit: Int, _ body: (inout MutableRawSpan) -> Int)
}

extension ReplySink where Self: ~Copyable {
  /// Adds a text.
  @inline(__always)
  mutating func append(_ text: StaticString) {
    append(text.bytes)
  }

  /// Adds a number in decimal digits.
  mutating func append(_ number: UInt64) {
    let digits = Decimal(number)
    append(RawSpan(_elements: digits.bytes.span).extracting(digits.start..<Decimal.limit))
  }
}
