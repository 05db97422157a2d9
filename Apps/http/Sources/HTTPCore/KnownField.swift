// SPDX-License-Identifier: BSD-3-Clause

/// A header field that a server must understand.
public enum KnownField: UInt8, CaseIterable, Sendable {
  /// RFC 9110 section 7.2.
  case host
  /// RFC 9110 section 8.6.
  case contentLength
  /// RFC 9112 section 6.1.
  case transferEncoding
  /// RFC 9110 section 7.6.1.
  case connection
  /// RFC 9110 section 10.1.1.
  case expect
  /// RFC 9110 section 14.2.
  case range
  /// RFC 9110 section 13.1.5.
  case ifRange
  /// RFC 9110 section 13.1.1.
  case ifMatch
  /// RFC 9110 section 13.1.2.
  case ifNoneMatch
  /// RFC 9110 section 13.1.3.
  case ifModifiedSince
  /// RFC 9110 section 13.1.4.
  case ifUnmodifiedSince

  /// The field of that name, which is made of token characters; nil when it is none of these.
  init?(_ name: FieldNameKey) {
    switch (name.first, name.second, name.third) {
    case (word("h", "o", "s", "t"), 0, 0): self = .host
    case (word("c", "o", "n", "t", "e", "n", "t", "-"), word("l", "e", "n", "g", "t", "h"), 0):
      self = .contentLength
    case (
      word("t", "r", "a", "n", "s", "f", "e", "r"), word("-", "e", "n", "c", "o", "d", "i", "n"),
      word("g")
    ):
      self = .transferEncoding
    case (word("c", "o", "n", "n", "e", "c", "t", "i"), word("o", "n"), 0): self = .connection
    case (word("e", "x", "p", "e", "c", "t"), 0, 0): self = .expect
    case (word("r", "a", "n", "g", "e"), 0, 0): self = .range
    case (word("i", "f", "-", "r", "a", "n", "g", "e"), 0, 0): self = .ifRange
    case (word("i", "f", "-", "m", "a", "t", "c", "h"), 0, 0): self = .ifMatch
    case (word("i", "f", "-", "n", "o", "n", "e", "-"), word("m", "a", "t", "c", "h"), 0):
      self = .ifNoneMatch
    case (
      word("i", "f", "-", "m", "o", "d", "i", "f"), word("i", "e", "d", "-", "s", "i", "n", "c"),
      word("e")
    ):
      self = .ifModifiedSince
    case (
      word("i", "f", "-", "u", "n", "m", "o", "d"), word("i", "f", "i", "e", "d", "-", "s", "i"),
      word("n", "c", "e")
    ):
      self = .ifUnmodifiedSince
    default: return nil
    }
  }

  /// Whether a name of that length can be one of these: most others need no closer look.
  @inline(__always)
  static func hasName(ofLength count: Int) -> Bool {
    // 4, 5, 6, 8, 10, 13, 14, 17 and 19.
    count < 20 && (0b1010_0110_0101_0111_0000 as UInt32 &>> UInt32(truncatingIfNeeded: count)) & 1 != 0
  }

  /// Whether the field frames or routes a message, and so may not stand in a trailer section.
  ///
  /// Source: RFC 9110 section 6.5.1.
  var isForbiddenInTrailers: Bool {
    self == .contentLength || self == .transferEncoding || self == .host
  }
}
