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

  /// Whether a name of `length` bytes that begins with `letter` can be one of these: most others
  /// need no closer look.
  @inline(__always)
  static func mayBe(_ letter: UInt8, length: Int) -> Bool {
    // A bit for each length.
    let lengths: UInt32 =
      switch letter | 0x20 {
      case UInt8(ascii: "h"): 1 << 4
      case UInt8(ascii: "c"): 1 << 10 | 1 << 14
      case UInt8(ascii: "t"): 1 << 17
      case UInt8(ascii: "e"): 1 << 6
      case UInt8(ascii: "r"): 1 << 5
      case UInt8(ascii: "i"): 1 << 8 | 1 << 13 | 1 << 17 | 1 << 19
      default: 0
      }
    return length < 32 && (lengths &>> UInt32(truncatingIfNeeded: length)) & 1 != 0
  }

  /// Whether the field frames or routes a message, and so may not stand in a trailer section.
  ///
  /// Source: RFC 9110 section 6.5.1.
  var isForbiddenInTrailers: Bool {
    self == .contentLength || self == .transferEncoding || self == .host
  }
}
