// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes

/// The words of one line of a rule file.
struct RuleLine {
  struct Word {
    let bytes: [UInt8]
    let column: Int

    func holds(_ text: StaticString) -> Bool { bytes.holds(text) }
  }

  let number: Int
  private var words: [Word] = []
  private var next = 0
  /// Behind the last word.
  private var endColumn = 1

  /// - Parameter bytes: the line without its end. What follows `#` is for people.
  init(_ bytes: ArraySlice<UInt8>, number: Int) throws(RuleError) {
    self.number = number
    var word: [UInt8] = []
    var column = 0
    for byte in bytes {
      column += 1
      if byte == UInt8(ascii: "#") { break }
      if byte == 0x20 || byte == 0x09 || byte == 0x0d {
        finish(&word, before: column)
        continue
      }
      guard byte > 0x20, byte < 0x7f else {
        throw RuleError(.badCharacter, line: number, column: column, found: [byte])
      }
      word.append(byte)
      endColumn = column + 1
    }
    finish(&word, before: endColumn)
  }

  private mutating func finish(_ word: inout [UInt8], before column: Int) {
    guard !word.isEmpty else { return }
    words.append(Word(bytes: word, column: column - word.count))
    word = []
  }

  var isAtEnd: Bool { next == words.count }

  /// An error about the word that comes, or about the end of the line.
  func error(_ problem: RuleError.Problem) -> RuleError {
    guard next < words.count else { return RuleError(problem, line: number, column: endColumn) }
    return error(problem, at: words[next])
  }

  func error(_ problem: RuleError.Problem, at word: Word) -> RuleError {
    RuleError(problem, line: number, column: word.column, found: word.bytes)
  }

  /// The next word; an error that says what was wanted at the end of the line.
  mutating func word(_ wanted: RuleError.Problem = .missingWord) throws(RuleError) -> Word {
    guard next < words.count else { throw error(wanted) }
    next += 1
    return words[next - 1]
  }

  /// Takes the next word if it is this one.
  mutating func take(_ text: StaticString) -> Bool {
    guard next < words.count, words[next].holds(text) else { return false }
    next += 1
    return true
  }

  func expectEnd(_ problem: RuleError.Problem = .tooMuch) throws(RuleError) {
    guard isAtEnd else { throw error(problem) }
  }

  /// A decimal number of a range.
  mutating func number(
    in range: ClosedRange<Int>, _ problem: RuleError.Problem
  ) throws(RuleError) -> Int {
    let word = try word(problem)
    guard let value = Self.decimal(word.bytes[...]), range.contains(value) else {
      throw error(problem, at: word)
    }
    return value
  }

  /// A port or a range of ports.
  mutating func ports() throws(RuleError) -> PortRange {
    let word = try word(.notPortRange)
    let dash = word.bytes.firstIndex(of: UInt8(ascii: "-")) ?? word.bytes.endIndex
    let last = dash < word.bytes.endIndex ? word.bytes[(dash + 1)...] : word.bytes[...]
    guard let first = Self.decimal(word.bytes[..<dash]), let last = Self.decimal(last),
      first > 0, first <= last, last <= 65_535
    else { throw error(.notPortRange, at: word) }
    return PortRange(UInt16(first), UInt16(last))
  }

  /// An address.
  mutating func address(_ problem: RuleError.Problem = .notAddress) throws(RuleError) -> (
    IPv4Address, Word
  ) {
    let word = try word(problem)
    guard let address = IPv4Address(text: RawSpan(_elements: word.bytes.span)) else {
      throw error(problem, at: word)
    }
    return (address, word)
  }

  /// `ADDRESS/LENGTH`.
  mutating func prefix(_ problem: RuleError.Problem = .notPrefix) throws(RuleError) -> (
    IPv4Prefix, Word
  ) {
    let word = try word(problem)
    guard let prefix = Self.prefix(word.bytes) else { throw error(problem, at: word) }
    return (prefix, word)
  }

  /// `any`, an address, or a network.
  mutating func network() throws(RuleError) -> IPv4Prefix {
    if take("any") { return IPv4Prefix(.any, length: 0) }
    let word = try word(.notAddressOrNetwork)
    if let address = IPv4Address(text: RawSpan(_elements: word.bytes.span)) {
      return IPv4Prefix(address, length: 32)
    }
    guard let prefix = Self.prefix(word.bytes) else { throw error(.notAddressOrNetwork, at: word) }
    guard prefix.address == prefix.network else { throw error(.hostBits, at: word) }
    return prefix
  }

  private static func prefix(_ bytes: [UInt8]) -> IPv4Prefix? {
    guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")),
      let address = IPv4Address(
        text: RawSpan(_elements: bytes.span).extracting(0..<slash)),
      let length = decimal(bytes[(slash + 1)...]), length <= 32
    else { return nil }
    return IPv4Prefix(address, length: length)
  }

  /// At most seven digits.
  private static func decimal(_ bytes: ArraySlice<UInt8>) -> Int? {
    guard !bytes.isEmpty, bytes.count <= 7 else { return nil }
    var value = 0
    for byte in bytes {
      guard byte >= 0x30, byte <= 0x39 else { return nil }
      value = value * 10 + Int(byte - 0x30)
    }
    return value
  }
}
