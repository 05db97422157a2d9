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
    while offset < line.byteCount, line.byte(at: offset) != 32 { offset &+= 1 }
    return line.extracting(start..<offset)
  }

  private mutating func skipSpaces() {
    while offset < line.byteCount, line.byte(at: offset) == 32 { offset &+= 1 }
  }

  /// How many words are still to come.
  var count: Int {
    var count = 0
    var isInWord = false
    for place in offset..<line.byteCount {
      let isSpace = line.byte(at: place) == 32
      if !isSpace, !isInWord { count &+= 1 }
      isInWord = !isSpace
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
  /// Whether these are the bytes of a text.
  @inline(__always)
  func isText(_ text: StaticString) -> Bool {
    holdsSameBytes(as: text.bytes)
  }
}
