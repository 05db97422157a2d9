// SPDX-License-Identifier: BSD-3-Clause

/// A word of a zone file: as it is written, escapes not resolved, without quotes.
struct ZoneWord {
  var text: ArraySlice<UInt8>
  var line: Int
  var isQuoted = false
}

/// The words of one record or directive.
struct ZoneEntry {
  var words: [ZoneWord] = []
  /// Whether its line begins with a word, which is a name then.
  var hasOwner = false
  var line = 0
}

/// Takes a zone file apart into entries (RFC 1035 section 5.1).
struct ZoneLexer {
  private let text: [UInt8]
  private var offset = 0
  private var line = 1

  init(_ text: [UInt8]) {
    self.text = text
  }

  /// The next entry; nil at the end.
  mutating func next() throws(ZoneError) -> ZoneEntry? {
    while offset < text.count {
      let entry = try readEntry()
      if !entry.words.isEmpty { return entry }
    }
    return nil
  }

  private mutating func readEntry() throws(ZoneError) -> ZoneEntry {
    var entry = ZoneEntry(line: line)
    var parentheses: [Int] = []
    let start = offset
    while offset < text.count {
      switch text[offset] {
      case 0x0a:
        offset += 1
        line += 1
        if parentheses.isEmpty { return entry }
      case 0x20, 0x09, 0x0d: offset += 1
      case UInt8(ascii: ";"): skipComment()
      case UInt8(ascii: "("):
        parentheses.append(line)
        offset += 1
      case UInt8(ascii: ")"):
        guard parentheses.popLast() != nil else {
          throw ZoneError(.closedParenthesis, line: line, found: text[offset...offset])
        }
        offset += 1
      default:
        if entry.words.isEmpty {
          entry.hasOwner = offset == start
          entry.line = line
        }
        entry.words.append(try readWord())
      }
    }
    if let open = parentheses.last { throw ZoneError(.openParenthesis, line: open, found: [0x28]) }
    return entry
  }

  private mutating func skipComment() {
    while offset < text.count, text[offset] != 0x0a { offset += 1 }
  }

  private mutating func readWord() throws(ZoneError) -> ZoneWord {
    let isQuoted = text[offset] == UInt8(ascii: "\"")
    if isQuoted { offset += 1 }
    let start = offset
    while offset < text.count {
      let byte = text[offset]
      if byte == UInt8(ascii: "\\") {
        // What is escaped ends no word; that it is well formed is seen later.
        offset += 1
        guard offset < text.count, text[offset] != 0x0a else {
          throw ZoneError(.badEscape, line: line, found: text[start..<offset])
        }
        offset += 1
        continue
      }
      if isQuoted {
        if byte == UInt8(ascii: "\"") {
          offset += 1
          return ZoneWord(text: text[start..<(offset - 1)], line: line, isQuoted: true)
        }
        if byte == 0x0a { break }
      } else if Self.endsWord(byte) {
        break
      }
      offset += 1
    }
    if isQuoted { throw ZoneError(.openQuote, line: line, found: text[start..<offset]) }
    return ZoneWord(text: text[start..<offset], line: line)
  }

  private static func endsWord(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x20, 0x09, 0x0a, 0x0d, UInt8(ascii: ";"), UInt8(ascii: "("), UInt8(ascii: ")"),
      UInt8(ascii: "\""):
      true
    default: false
    }
  }
}
