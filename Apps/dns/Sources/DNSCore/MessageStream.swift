// SPDX-License-Identifier: BSD-3-Clause

/// Messages in a stream of bytes, each behind its length in two bytes (RFC 1035 section 4.2.2).
///
/// It holds no more than one message and what has come with it.
public struct MessageStream {
  private var bytes: [UInt8] = []

  public init() {}

  /// Adds what has come.
  public mutating func append(_ part: ArraySlice<UInt8>) {
    bytes += part
  }

  /// The next message that is whole; nil when more has to come first.
  public mutating func next() -> [UInt8]? {
    guard bytes.count >= 2 else { return nil }
    let end = 2 + Int(bytes.bigEndian16(at: 0))
    guard bytes.count >= end else { return nil }
    let message = Array(bytes[2..<end])
    bytes.removeSubrange(..<end)
    return message
  }

  /// A message behind its length, in one piece, so that it goes out in one segment (RFC 7766
  /// section 8).
  public static func framed(_ message: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(message.count + 2)
    result.append(bigEndian: UInt16(message.count))
    result += message
    return result
  }
}
