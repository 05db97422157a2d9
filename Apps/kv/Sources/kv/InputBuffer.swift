// SPDX-License-Identifier: BSD-3-Clause

import KVCore
import Martlet

/// What a client has sent and its session has not taken yet.
struct InputBuffer: ~Copyable {
  private var bytes: [UInt8]
  /// The bytes that wait.
  private var start = 0
  private var end = 0

  /// - Parameter byteCount: more than the longest line of a command.
  init(byteCount: Int) {
    bytes = [UInt8](repeating: 0, count: byteCount)
  }

  /// Waits for more bytes; false when the client sends no more.
  mutating func read(from connection: inout TCPConnection) throws(NetworkError) -> Bool {
    if start > 0 {
      // At most the beginning of a line.
      for index in start..<end { bytes[index - start] = bytes[index] }
      end -= start
      start = 0
    }
    let from = end
    let limit = bytes.count
    var elements = bytes.mutableSpan
    var all = MutableRawSpan(_elements: &elements)
    var part = all._mutatingExtracting(from..<limit)
    let count = try connection.read(into: &part)
    end = from + count
    return count > 0
  }

  /// Lets a session take what it can.
  mutating func advance(
    _ session: inout Session, now: UInt32, to replies: inout ConnectionBuffer
  ) -> Session.Progress {
    var consumed = start
    defer { start = consumed }
    return session.advance(
      RawSpan(_elements: bytes.span).extracting(0..<end), &consumed, now: now, to: &replies)
  }
}
