// SPDX-License-Identifier: BSD-3-Clause

/// Writes one JSON text, value by value, to a place of the caller's.
///
///     var json = JSONWriter()
///     json.startObject(into: &buffer)
///     json.key("requests", into: &buffer)
///     json.value(12, into: &buffer)
///     json.end(into: &buffer)
///
/// It sets commas and brackets. Calls that make no sense (a value without key in an object, a key
/// in an array) trap: they are mistakes of the program. What does not fit is not written and makes
/// `isComplete` false for good.
///
/// Source: RFC 8259.
public struct JSONWriter: Sendable {
  /// The most that arrays and objects may be nested.
  public static var maximumDepth: Int { 64 }

  private var depth = 0
  /// A bit for each open bracket, the innermost lowest: set for an object.
  private var objects: UInt64 = 0
  private var needsComma = false
  private var hasKey = false
  private var isCut = false
  private var hasValue = false

  public init() {}

  /// Whether a whole JSON text was written.
  public var isComplete: Bool { !isCut && depth == 0 && hasValue }

  /// Begins an object; `end` ends it.
  @_lifetime(output: copy output)
  public mutating func startObject(into output: inout some ByteSink & ~Copyable & ~Escapable) {
    start(UInt8(ascii: "{"), 1, &output)
  }

  /// Begins an array; `end` ends it.
  @_lifetime(output: copy output)
  public mutating func startArray(into output: inout some ByteSink & ~Copyable & ~Escapable) {
    start(UInt8(ascii: "["), 0, &output)
  }

  /// Ends the innermost object or array.
  @_lifetime(output: copy output)
  public mutating func end(into output: inout some ByteSink & ~Copyable & ~Escapable) {
    precondition(depth > 0 && !hasKey, "no object or array to end")
    put(objects & 1 != 0 ? UInt8(ascii: "}") : UInt8(ascii: "]"), &output)
    depth &-= 1
    objects &>>= 1
    needsComma = true
  }

  /// The name of the next value of an object.
  @_lifetime(output: copy output)
  public mutating func key(
    _ name: String, into output: inout some ByteSink & ~Copyable & ~Escapable
  ) {
    precondition(depth > 0 && objects & 1 != 0 && !hasKey, "a key stands in an object")
    if needsComma { put(UInt8(ascii: ","), &output) }
    quote(name.utf8Span.span, &output)
    put(UInt8(ascii: ":"), &output)
    needsComma = false
    hasKey = true
  }

  /// A string.
  @_lifetime(output: copy output)
  public mutating func value(
    _ text: String, into output: inout some ByteSink & ~Copyable & ~Escapable
  ) {
    startValue(&output)
    quote(text.utf8Span.span, &output)
  }

  /// A string, given as UTF-8. Bytes that are none become U+FFFD, so that the text stays valid.
  @_lifetime(output: copy output)
  public mutating func value(
    utf8 text: RawSpan, into output: inout some ByteSink & ~Copyable & ~Escapable
  ) {
    startValue(&output)
    quote(text.octets, &output)
  }

  /// An integer. Readers that keep numbers as binary64 lose digits beyond 2^53.
  @_lifetime(output: copy output)
  public mutating func value(
    _ number: Int, into output: inout some ByteSink & ~Copyable & ~Escapable
  ) {
    startValue(&output)
    if number < 0 { put(UInt8(ascii: "-"), &output) }
    // The smallest integer has no positive twin: its last digit goes apart.
    let magnitude = number.magnitude
    if magnitude >= 10 { note(output.append(decimal: Int(magnitude / 10))) }
    put(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: magnitude % 10), &output)
  }

  /// `true` or `false`.
  @_lifetime(output: copy output)
  public mutating func value(
    _ truth: Bool, into output: inout some ByteSink & ~Copyable & ~Escapable
  ) {
    startValue(&output)
    note(output.append(octets: (truth ? "true" : "false").utf8Span.span))
  }

  /// `null`.
  @_lifetime(output: copy output)
  public mutating func null(into output: inout some ByteSink & ~Copyable & ~Escapable) {
    startValue(&output)
    note(output.append(octets: "null".utf8Span.span))
  }

  @_lifetime(output: copy output)
  private mutating func start(
    _ bracket: UInt8, _ kind: UInt64, _ output: inout some ByteSink & ~Copyable & ~Escapable
  ) {
    precondition(depth < Self.maximumDepth, "nested too deeply")
    startValue(&output)
    put(bracket, &output)
    depth &+= 1
    objects = objects &<< 1 | kind
    needsComma = false
  }

  @_lifetime(output: copy output)
  private mutating func startValue(_ output: inout some ByteSink & ~Copyable & ~Escapable) {
    precondition(depth > 0 || !hasValue, "a JSON text is one value")
    precondition(depth == 0 || objects & 1 == 0 || hasKey, "a value of an object needs a key")
    if needsComma, !hasKey { put(UInt8(ascii: ","), &output) }
    hasKey = false
    hasValue = true
    needsComma = true
  }

  @_lifetime(output: copy output)
  private mutating func put(
    _ byte: UInt8, _ output: inout some ByteSink & ~Copyable & ~Escapable
  ) {
    if !isCut, output.freeByteCount > 0 { output.append(byte) } else { isCut = true }
  }

  private mutating func note(_ isWritten: Bool) {
    if !isWritten { isCut = true }
  }

  /// Source: RFC 8259 section 7.
  @_lifetime(output: copy output)
  private mutating func quote(
    _ text: Span<UInt8>, _ output: inout some ByteSink & ~Copyable & ~Escapable
  ) {
    put(UInt8(ascii: "\""), &output)
    var index = 0
    while index < text.count {
      let byte = text[index]
      if byte >= 0x80 {
        let count = text.utf8Length(at: index)
        if count == 0 {
          note(output.append(octets: "\u{fffd}".utf8Span.span))
        }
        for offset in 0..<count { put(text[index &+ offset], &output) }
        index &+= max(1, count)
        continue
      }
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
        put(UInt8(ascii: "\\"), &output)
        put(byte, &output)
      } else if byte < 0x20 {
        note(output.append(octets: "\\u".utf8Span.span))
        note(output.append(hexadecimal: Int(byte), width: 4))
      } else {
        put(byte, &output)
      }
      index &+= 1
    }
    put(UInt8(ascii: "\""), &output)
  }
}
