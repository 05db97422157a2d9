// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// The words of a line, which spaces separate, one after the other.
struct Words: ~Escapable {
  private let line: RawSpan
  private var offset = 0

  @_lifetime(copy line)
  init(_ line: RawSpan) {
    self.line = line
  }

  /// The next word; nil behind the last one.
  @_lifetime(copy self)
  mutating func next() -> RawSpan? {
    skipSpaces()
    guard offset < line.byteCount else { return nil }
    let start = offset
    offset = line.firstIndex(of: 32, from: start) ?? line.byteCount
    return line.extracting(start..<offset)
  }

  private mutating func skipSpaces() {
    while offset < line.byteCount, line.byte(at: offset) == 32 { offset &+= 1 }
  }

  /// How many words are still to come.
  var count: Int {
    var count = 0
    var place = offset
    while place < line.byteCount {
      if line.byte(at: place) == 32 {
        place &+= 1
      } else {
        count &+= 1
        place = line.firstIndex(of: 32, from: place) ?? line.byteCount
      }
    }
    return count
  }

  /// Whether the last of the words to come is `text`.
  func lastIs(_ text: StaticString) -> Bool {
    var end = line.byteCount
    while end > offset, line.byte(at: end &- 1) == 32 { end &-= 1 }
    let start = end &- text.bytes.byteCount
    guard start > offset, line.byte(at: start &- 1) == 32 else { return false }
    return line.extracting(start..<end).isText(text)
  }

  /// Whether the input begins with a retrieval other than `get `, and which; moves `consumed` to its
  /// keys.
  static func retrieval(_ input: RawSpan, _ consumed: inout Int) -> Session.Retrieval? {
    // Nothing else begins with a "g".
    guard consumed < input.byteCount, input.byte(at: consumed) == 0x67 else { return nil }
    var words = Words(input.extracting(consumed..<input.byteCount))
    guard let name = words.next(), name.byteCount >= 3, name.byteCount <= 4,
      words.isInside
    else { return nil }
    var retrieval = Session.Retrieval()
    if name.isText("get") || name.isText("gets") {
      retrieval.isUnique = name.byteCount == 4
    } else if name.isText("gat") || name.isText("gats") {
      retrieval.isUnique = name.byteCount == 4
      retrieval.touches = true
      guard let time = words.next(), words.isInside, let seconds = Decimal.parseSigned(time) else {
        return nil
      }
      retrieval.seconds = seconds
    } else {
      return nil
    }
    consumed &+= words.offset
    return retrieval
  }

  /// Whether the line goes on with a space behind the last word.
  private var isInside: Bool {
    offset < line.byteCount && line.byte(at: offset) == 32
  }
}

extension RawSpan {
  /// The first place of a byte, from `start` on. Looks at eight bytes at a time.
  @inline(__always)
  func firstIndex(of byte: UInt8, from start: Int) -> Int? {
    let pattern = UInt64(byte) &* 0x0101_0101_0101_0101
    var offset = start
    while offset &+ 8 <= byteCount {
      // A byte of zeros is where the byte is; what is above the lowest such may be wrong.
      let difference = littleEndian(at: offset, as: UInt64.self) ^ pattern
      let found =
        (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
      if found != 0 { return offset &+ found.trailingZeroBitCount >> 3 }
      offset &+= 8
    }
    while offset < byteCount {
      if self.byte(at: offset) == byte { return offset }
      offset &+= 1
    }
    return nil
  }

  /// Whether these are the bytes of a text.
  @inline(__always)
  func isText(_ text: StaticString) -> Bool {
    holdsSameBytes(as: text.bytes)
  }
}
