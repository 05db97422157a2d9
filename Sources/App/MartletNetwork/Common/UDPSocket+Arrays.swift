// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import MartletTime

extension UDPSocket {
  /// Waits for a datagram, and takes it into the start of `buffer`, whose length does not change.
  ///
  /// - Returns: how many bytes, also 0, and from whom.
  /// - Throws: as `receive(into:deadline:)` with a span.
  public mutating func receive(
    into buffer: inout [UInt8], deadline: Instant = .never
  ) throws(NetworkError) -> (count: Int, from: Endpoint) {
    var elements = buffer.mutableSpan
    var bytes = MutableRawSpan(_elements: &elements)
    return try receive(into: &bytes, deadline: deadline)
  }

  /// Takes a datagram that has come into the start of `buffer`; nil when none has.
  public mutating func receiveIfReady(
    into buffer: inout [UInt8]
  ) throws(NetworkError) -> (count: Int, from: Endpoint)? {
    var elements = buffer.mutableSpan
    var bytes = MutableRawSpan(_elements: &elements)
    return try receiveIfReady(into: &bytes)
  }

  /// Sends a part of an array as a datagram.
  public mutating func send(_ bytes: ArraySlice<UInt8>, to target: Endpoint) throws(NetworkError) {
    try send(RawSpan(_elements: bytes.span), to: target)
  }

  /// Sends a part of an array as a datagram to the peer.
  public mutating func send(_ bytes: ArraySlice<UInt8>) throws(NetworkError) {
    try send(RawSpan(_elements: bytes.span))
  }

  /// Sends a text that is known when the application is compiled.
  public mutating func send(_ text: StaticString, to target: Endpoint) throws(NetworkError) {
    try send(text.bytes, to: target)
  }

  /// Sends a text that is known when the application is compiled to the peer.
  public mutating func send(_ text: StaticString) throws(NetworkError) {
    try send(text.bytes)
  }
}
