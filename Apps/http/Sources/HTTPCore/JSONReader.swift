// SPDX-License-Identifier: BSD-3-Clause

/// Why a JSON text was refused, and at which byte.
public struct JSONError: Error, Equatable, Sendable {
  public enum Reason: UInt8, Sendable {
    /// Something else than the grammar has at this place, or more behind the text.
    case unexpected
    /// The text ends too early.
    case unexpectedEnd
    /// Arrays and objects are nested deeper than the limit.
    case tooDeep
    /// A control character in a string.
    case controlCharacter
    /// A backslash with nothing right behind it, or half a surrogate pair.
    case badEscape
    /// A string is not UTF-8.
    case badUTF8
  }

  public let reason: Reason
  /// Counts from the text's first byte.
  public let offset: Int

  init(_ reason: Reason, at offset: Int) {
    self.reason = reason
    self.offset = offset
  }
}

/// One step through a JSON text.
public enum JSONEvent: Equatable, Sendable {
  case startObject, endObject, startArray, endArray
  /// The name of the value that comes next.
  case key(JSONString)
  case string(JSONString)
  /// A number as it is written; `JSONReader.integer` reads it when it is one.
  case number(Extent)
  case bool(Bool)
  case null
}

/// A string within a JSON text, still with its escapes.
public struct JSONString: Equatable, Sendable {
  /// What stands between the quotes.
  public let extent: Extent
  /// Whether there is a backslash in it; if not, its bytes are the string.
  public let hasEscapes: Bool
}

/// Goes through a JSON text that is there as a whole, event by event, and refuses what is not
/// exactly RFC 8259: no comments, no trailing commas, no other numbers, UTF-8 only. Names that come
/// twice in an object are given twice. Nothing is allocated, nothing is recursive.
///
/// Source: RFC 8259.
public struct JSONReader: ~Escapable {
  /// What may come next.
  private enum State {
    case value, firstElement, firstKey, key, colon, comma, end
  }

  let bytes: Span<UInt8>
  var position = 0
  private var state = State.value
  private var depth = 0
  /// A bit for each open bracket, the innermost lowest: set for an object.
  private var objects: UInt64 = 0
  private let maximumDepth: Int

  /// Reads `text`, in which brackets are nested at most so deeply (64 at most, what is more is cut
  /// to that).
  @_lifetime(copy text)
  public init(_ text: RawSpan, maximumDepth: Int = 32) {
    bytes = text.octets
    self.maximumDepth = min(maximumDepth, 64)
  }

  /// The next event; nil when the text has ended as it should.
  ///
  /// - Complexity: O(bytes of the event).
  public mutating func next() throws(JSONError) -> JSONEvent? {
    while true {
      skipBlanks()
      guard position < bytes.count else {
        if state == .end { return nil }
        throw JSONError(.unexpectedEnd, at: position)
      }
      let byte = bytes[position]
      switch state {
      case .end: throw unexpected()
      case .colon:
        guard byte == UInt8(ascii: ":") else { throw unexpected() }
        position &+= 1
        state = .value
      case .comma:
        if let event = try takeComma(byte) { return event }
      case .firstKey where byte == UInt8(ascii: "}"), .firstElement where byte == UInt8(ascii: "]"):
        return close()
      case .firstKey, .key:
        guard byte == UInt8(ascii: "\"") else { throw unexpected() }
        state = .colon
        return .key(try string())
      case .firstElement, .value: return try value(byte)
      }
    }
  }

  /// The integer that a number's extent holds; nil when it has a fraction or an exponent, or does
  /// not fit.
  public func integer(_ number: Extent) -> Int? {
    guard !number.isEmpty, number.end <= bytes.count else { return nil }
    guard bytes[number.offset] == UInt8(ascii: "-") else { return bytes.decimal(number) }
    // Counts down, for the smallest integer has no positive twin.
    var value = 0
    for index in (number.offset &+ 1)..<number.end {
      guard let digit = bytes[index].decimalDigit else { return nil }
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (difference, borrow) = product.subtractingReportingOverflow(digit)
      if overflow || borrow { return nil }
      value = difference
    }
    return value
  }

  private func unexpected() -> JSONError { JSONError(.unexpected, at: position) }

  private mutating func skipBlanks() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0a, 0x0d: position &+= 1
      default: return
      }
    }
  }

  private mutating func takeComma(_ byte: UInt8) throws(JSONError) -> JSONEvent? {
    let isObject = objects & 1 != 0
    if byte == UInt8(ascii: ",") {
      position &+= 1
      state = isObject ? .key : .value
      return nil
    }
    guard byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else { throw unexpected() }
    return close()
  }

  private mutating func open(_ kind: UInt64) throws(JSONError) -> JSONEvent {
    guard depth < maximumDepth else { throw JSONError(.tooDeep, at: position) }
    position &+= 1
    depth &+= 1
    objects = objects &<< 1 | kind
    state = kind == 1 ? .firstKey : .firstElement
    return kind == 1 ? .startObject : .startArray
  }

  private mutating func close() -> JSONEvent {
    let isObject = objects & 1 != 0
    position &+= 1
    depth &-= 1
    objects &>>= 1
    endValue()
    return isObject ? .endObject : .endArray
  }

  private mutating func endValue() { state = depth == 0 ? .end : .comma }

  private mutating func value(_ byte: UInt8) throws(JSONError) -> JSONEvent {
    switch byte {
    case UInt8(ascii: "{"): return try open(1)
    case UInt8(ascii: "["): return try open(0)
    default: break
    }
    let event: JSONEvent
    switch byte {
    case UInt8(ascii: "\""): event = .string(try string())
    case UInt8(ascii: "t"): event = try literal("true", .bool(true))
    case UInt8(ascii: "f"): event = try literal("false", .bool(false))
    case UInt8(ascii: "n"): event = try literal("null", .null)
    default: event = .number(try number())
    }
    endValue()
    return event
  }

  private mutating func literal(
    _ text: String, _ event: JSONEvent
  ) throws(JSONError) -> JSONEvent {
    let wanted = text.utf8Span.span
    for index in wanted.indices {
      guard position < bytes.count else { throw JSONError(.unexpectedEnd, at: position) }
      guard bytes[position] == wanted[index] else { throw unexpected() }
      position &+= 1
    }
    return event
  }
}
