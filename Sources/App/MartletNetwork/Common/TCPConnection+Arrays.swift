// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import MartletTime

extension TCPConnection {
  /// Reads what has come into the start of `buffer`, whose length does not change.
  ///
  /// - Returns: how many bytes; 0 when the other side sends no more.
  /// - Throws: `timedOut` when nothing has come by `deadline`; `reset`.
  public mutating func read(
    into buffer: inout [UInt8], deadline: Instant = .never
  ) throws(NetworkError) -> Int {
    var elements = buffer.mutableSpan
    var bytes = MutableRawSpan(_elements: &elements)
    return try read(into: &bytes, deadline: deadline)
  }

  /// Writes all bytes of a part of an array.
  public mutating func write(
    _ bytes: ArraySlice<UInt8>, deadline: Instant = .never
  ) throws(NetworkError) {
    try write(RawSpan(_elements: bytes.span), deadline: deadline)
  }

  /// Writes a text that is known when the application is compiled.
  public mutating func write(
    _ text: StaticString, deadline: Instant = .never
  ) throws(NetworkError) {
    try write(text.bytes, deadline: deadline)
  }

  /// Writes a text in UTF-8.
  @_disfavoredOverload
  public mutating func write(_ text: String, deadline: Instant = .never) throws(NetworkError) {
    try write(RawSpan(_elements: text.utf8Span.span), deadline: deadline)
  }
}
