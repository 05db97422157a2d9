// SPDX-License-Identifier: BSD-3-Clause

/// Reads the words of an entry one after the other.
struct ZoneWords {
  private let entry: ZoneEntry
  private var next: Int

  init(_ entry: ZoneEntry, from next: Int) {
    self.entry = entry
    self.next = next
  }

  /// The line of the word that was taken last.
  var line: Int { entry.words[max(0, min(next, entry.words.count) - 1)].line }

  var peek: ZoneWord? { next < entry.words.count ? entry.words[next] : nil }

  mutating func skip() { next += 1 }

  mutating func word() throws(ZoneError) -> ZoneWord {
    guard let word = peek else { throw ZoneError(.tooFew, line: line) }
    next += 1
    return word
  }

  func expectEnd() throws(ZoneError) {
    if let word = peek { throw ZoneError(.tooMany, line: word.line, found: word.text) }
  }

  /// A name; relative ones are below `origin`.
  mutating func name(_ origin: DomainName?) throws(ZoneError) -> DomainName {
    let word = try word()
    do throws(NameProblem) {
      return try DomainName(text: word.text, origin: origin)
    } catch {
      let problem: ZoneError.Problem =
        switch error {
        case .noOrigin: .noOrigin
        case .empty: .badName
        case .emptyLabel: .emptyLabel
        case .tooLong: .longName
        case .badEscape: .badEscape
        }
      throw ZoneError(problem, line: word.line, found: word.text)
    }
  }

  /// Seconds, or numbers with units as BIND takes them: `1w2d3h4m5s`.
  mutating func lifetime() throws(ZoneError) -> UInt32 {
    let word = try word()
    guard let seconds = Self.seconds(word.text), seconds <= 0x7fff_ffff else {
      throw ZoneError(.badLifetime, line: word.line, found: word.text)
    }
    return UInt32(seconds)
  }

  private static func seconds(_ text: ArraySlice<UInt8>) -> UInt64? {
    var total: UInt64 = 0
    var value: UInt64?
    for byte in text {
      if byte >= 0x30, byte <= 0x39 {
        value = (value ?? 0) * 10 + UInt64(byte - 0x30)
        guard value ?? 0 < 1 << 40 else { return nil }
        continue
      }
      let unit: UInt64
      switch byte.lowercased {
      case UInt8(ascii: "s"): unit = 1
      case UInt8(ascii: "m"): unit = 60
      case UInt8(ascii: "h"): unit = 3600
      case UInt8(ascii: "d"): unit = 86_400
      case UInt8(ascii: "w"): unit = 604_800
      default: return nil
      }
      guard let count = value else { return nil }
      total += count * unit
      guard total < 1 << 40 else { return nil }
      value = nil
    }
    guard let value else { return text.isEmpty || total == 0 && text.count < 2 ? nil : total }
    // A bare number is seconds, alone or behind the units.
    return total + value
  }

  /// A number of at most so many bits.
  mutating func number(limit: UInt32) throws(ZoneError) -> UInt32 {
    let word = try word()
    guard let value = word.text.decimal, value <= limit else {
      throw ZoneError(.notNumber, line: word.line, found: word.text)
    }
    return value
  }

  /// The bytes of a text, escapes resolved.
  mutating func text(limit: Int) throws(ZoneError) -> [UInt8] {
    let word = try word()
    var result: [UInt8] = []
    var index = word.text.startIndex
    while index < word.text.endIndex {
      guard let byte = Escape.next(in: word.text, at: &index)?.byte else {
        throw ZoneError(.badEscape, line: word.line, found: word.text)
      }
      result.append(byte)
    }
    guard result.count <= limit else {
      throw ZoneError(.longText, line: word.line, found: word.text)
    }
    return result
  }
}

/// Why some text is no name.
enum NameProblem: Error {
  case noOrigin, empty, emptyLabel, tooLong, badEscape
}

/// A character of a zone file: itself, or escaped as `\X` or `\DDD` (RFC 1035 section 5.1).
enum Escape {
  /// The character at `index`, which moves behind it; nil for an escape that is none.
  static func next(
    in text: ArraySlice<UInt8>, at index: inout Int
  ) -> (byte: UInt8, isEscaped: Bool)? {
    let byte = text[index]
    index += 1
    guard byte == UInt8(ascii: "\\") else { return (byte, false) }
    guard index < text.endIndex else { return nil }
    guard text[index] >= 0x30, text[index] <= 0x39 else {
      index += 1
      return (text[index - 1], true)
    }
    guard index + 3 <= text.endIndex, let value = text[index..<(index + 3)].decimal, value < 256
    else { return nil }
    index += 3
    return (UInt8(value), true)
  }
}

extension DomainName {
  /// Reads a name of a zone file.
  init(text: ArraySlice<UInt8>, origin: DomainName?) throws(NameProblem) {
    guard !text.isEmpty else { throw .empty }
    if text.holds("@") {
      guard let origin else { throw .noOrigin }
      self = origin
      return
    }
    if text.holds(".") {
      self = .root
      return
    }
    var wire: [UInt8] = []
    var label: [UInt8] = []
    var isAbsolute = false
    var index = text.startIndex
    while index < text.endIndex {
      guard let (byte, isEscaped) = Escape.next(in: text, at: &index) else { throw .badEscape }
      isAbsolute = false
      guard byte == UInt8(ascii: "."), !isEscaped else {
        label.append(byte)
        continue
      }
      guard !label.isEmpty else { throw .emptyLabel }
      guard label.count <= Self.labelLimit else { throw .tooLong }
      wire.append(UInt8(label.count))
      wire += label
      label = []
      isAbsolute = true
    }
    guard label.count <= Self.labelLimit else { throw .tooLong }
    if !label.isEmpty {
      wire.append(UInt8(label.count))
      wire += label
    }
    if isAbsolute {
      wire.append(0)
    } else {
      guard let origin else { throw .noOrigin }
      wire += origin.bytes
    }
    guard wire.count <= Self.byteLimit else { throw .tooLong }
    self.init(wire: wire)
  }

  /// The name that a text such as `example.org` stands for, with or without a dot at its end; nil
  /// when it is none.
  public init?(text: [UInt8]) {
    do throws(NameProblem) {
      try self.init(text: text[...], origin: .root)
    } catch {
      return nil
    }
  }
}
