// SPDX-License-Identifier: BSD-3-Clause

/// Makes of a target's path one that can be looked up in a tree of files.
public enum TargetPath {
  /// Why a path was refused; a server answers 400, or 404 to `encodedSlash`.
  public enum Failure: Error, Equatable, Sendable {
    /// It does not begin with `/`.
    case notAbsolute
    /// `%` without two hexadecimal digits behind it. RFC 3986 section 2.1.
    case badEncoding
    /// NUL or another control character, plain or encoded.
    case controlCharacter
    /// `%2F`, which would become a separator that the client did not write as one.
    case encodedSlash
  }

  /// What becomes of `%2F`.
  public enum EncodedSlash: Sendable {
    /// The path is refused.
    case refused
    /// The three characters stay as they are.
    case kept
  }

  /// Decodes `%XX`, joins several slashes, and takes `.` and `..` away, also those that were
  /// encoded.
  ///
  /// The result begins with `/` and has no empty, `.` or `..` segment, but it ends with `/` when
  /// the path did or ended with a dot segment. `..` at the root stays at the root, so the result
  /// never leads out of it. It is bytes: UTF-8 is not checked.
  ///
  /// - Parameters:
  ///   - path: Without the query, such as `RequestHead.path`; empty stands for `/`.
  ///   - result: Is overwritten; its storage is used again. On a failure it holds nothing of use.
  /// - Complexity: O(*n*).
  ///
  /// Source: RFC 3986 sections 2.1, 5.2.4 and 6.2.2.
  public static func normalize(
    _ path: RawSpan, into result: inout [UInt8], encodedSlash: EncodedSlash = .refused
  ) throws(Failure) {
    let bytes = path.octets
    result.removeAll(keepingCapacity: true)
    result.append(UInt8(ascii: "/"))
    if bytes.isEmpty { return }
    guard bytes[0] == UInt8(ascii: "/") else { throw .notAbsolute }
    // Where the segment in hand begins in the result; always behind a slash.
    var start = 1
    var index = 1
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "/") {
        endSegment(&result, &start, isLast: false)
        index &+= 1
      } else if byte == UInt8(ascii: "%") {
        let decoded = try decode(bytes, index)
        if decoded == UInt8(ascii: "/") {
          if encodedSlash == .refused { throw .encodedSlash }
          for offset in 0..<3 { result.append(bytes[index &+ offset]) }
        } else {
          result.append(decoded)
        }
        index &+= 3
      } else {
        if byte.isControl { throw .controlCharacter }
        result.append(byte)
        index &+= 1
      }
    }
    endSegment(&result, &start, isLast: true)
  }

  /// Splits a target at its first `?`: the query is nil when there is none.
  public static func split(_ target: RawSpan) -> (path: Extent, query: Extent?) {
    let bytes = target.octets
    for index in bytes.indices where bytes[index] == UInt8(ascii: "?") {
      return (Extent(0..<index), Extent((index &+ 1)..<bytes.count))
    }
    return (Extent(0..<bytes.count), nil)
  }

  private static func decode(_ bytes: Span<UInt8>, _ index: Int) throws(Failure) -> UInt8 {
    guard index &+ 2 < bytes.count, let high = bytes[index &+ 1].hexadecimalDigit,
      let low = bytes[index &+ 2].hexadecimalDigit
    else { throw .badEncoding }
    let decoded = UInt8(high << 4 | low)
    if decoded.isControl { throw .controlCharacter }
    return decoded
  }

  /// Takes back a segment that is empty or dots; else ends it with a slash, but not the last.
  private static func endSegment(_ result: inout [UInt8], _ start: inout Int, isLast: Bool) {
    let count = result.count - start
    let dot = UInt8(ascii: ".")
    if count == 0 { return }
    if count == 1, result[start] == dot {
      result.removeLast()
    } else if count == 2, result[start] == dot, result[start + 1] == dot {
      result.removeLast(2)
      // The segment before, unless this is the root: its slash is at `start - 1`.
      if start > 1 {
        result.removeLast()
        while result[result.count - 1] != UInt8(ascii: "/") { result.removeLast() }
      }
    } else if !isLast {
      result.append(UInt8(ascii: "/"))
    }
    start = result.count
  }
}

extension UInt8 {
  /// An ASCII control character.
  fileprivate var isControl: Bool { self < 0x20 || self == 0x7f }
}
