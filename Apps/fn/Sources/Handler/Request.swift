// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// One HTTP/1.1 request, as much of it as a handler needs (RFC 9112).
public struct Request {
  /// What the bytes that have come are.
  public enum Arrival {
    /// The start of a request: more must come.
    case unfinished
    case whole(Request)
    /// No request, or one that is too large; with the status of the answer.
    case refused(status: Int)
  }

  /// The most bytes of a request, its head and its body together.
  public static let limit = 8192

  /// The method, such as `GET`.
  public let method: ArraySlice<UInt8>
  /// The target, such as `/name?query`.
  public let target: ArraySlice<UInt8>
  public let body: ArraySlice<UInt8>

  /// Looks whether `bytes` hold a whole request. Bytes behind it are left alone.
  public static func read(_ bytes: ArraySlice<UInt8>) -> Arrival {
    guard let headEnd = endOfHead(bytes) else {
      return bytes.count < limit ? .unfinished : .refused(status: 431)
    }
    let head = bytes[..<headEnd]
    let lineEnd = head.firstIndex(of: 13) ?? headEnd
    let words = spaces(in: head[..<lineEnd])
    guard let words, words.first > bytes.startIndex, words.second > words.first + 1,
      head[words.first + 1] == UInt8(ascii: "/")
    else { return .refused(status: 400) }
    guard let length = bodyLength(head[lineEnd...]) else { return .refused(status: 400) }
    guard length <= limit - head.count else { return .refused(status: 413) }
    guard bytes.endIndex - headEnd >= length else { return .unfinished }
    return .whole(
      Request(
        method: bytes[..<words.first], target: bytes[words.first + 1..<words.second],
        body: bytes[headEnd..<headEnd + length]))
  }

  /// Behind the empty line.
  private static func endOfHead(_ bytes: ArraySlice<UInt8>) -> Int? {
    var index = bytes.startIndex
    while index + 4 <= bytes.endIndex {
      if bytes[index] == 13, bytes[index + 1] == 10, bytes[index + 2] == 13, bytes[index + 3] == 10
      {
        return index + 4
      }
      index += 1
    }
    return nil
  }

  /// The two spaces of a request line that ends with the version; nil for any other line.
  private static func spaces(in line: ArraySlice<UInt8>) -> (first: Int, second: Int)? {
    let version: StaticString = " HTTP/1."
    guard let first = line.firstIndex(of: 32), line.count > version.utf8CodeUnitCount else {
      return nil
    }
    let second = line.endIndex - version.utf8CodeUnitCount - 1
    guard second > first, line[second] == 32, line[(first + 1)..<second].firstIndex(of: 32) == nil,
      starts(line[second...], with: version)
    else { return nil }
    return (first, second)
  }

  /// The number behind `Content-Length`; 0 without one, nil for what is no number or is unclear.
  private static func bodyLength(_ fields: ArraySlice<UInt8>) -> Int? {
    var length: Int?
    var index = fields.startIndex
    while index < fields.endIndex {
      let end = fields[index...].firstIndex(of: 10) ?? fields.endIndex
      let line = fields[index..<end]
      // A body in pieces has its length nowhere: it is not for so small a handler.
      if starts(line, with: "transfer-encoding:") { return nil }
      if starts(line, with: "content-length:") {
        guard length == nil, let number = number(line.dropFirst(15)) else { return nil }
        length = number
      }
      index = end < fields.endIndex ? end + 1 : end
    }
    return length ?? 0
  }

  private static func number(_ text: ArraySlice<UInt8>) -> Int? {
    var value = 0
    var hasDigit = false
    for byte in text where byte != 32 && byte != 9 && byte != 13 {
      guard byte >= 48, byte <= 57, value < 1 << 32 else { return nil }
      value = value * 10 + Int(byte - 48)
      hasDigit = true
    }
    return hasDigit ? value : nil
  }

  /// Whether a line starts so, large and small letters alike; `text` has small ones only where it is
  /// to match both.
  private static func starts(_ line: ArraySlice<UInt8>, with text: StaticString) -> Bool {
    guard line.count >= text.utf8CodeUnitCount else { return false }
    let wanted = text.bytes
    for offset in 0..<wanted.byteCount {
      let own = line[line.startIndex + offset]
      let small = own >= 65 && own <= 90 ? own | 32 : own
      let byte = wanted.byte(at: offset)
      guard small == byte || own == byte else { return false }
    }
    return true
  }
}
