// SPDX-License-Identifier: BSD-3-Clause

/// Short cuts for what nearly all requests say, when it came in one piece. Each takes a whole
/// element that the ordinary way would take too, or leaves everything as it is: what is an error,
/// and where, is said in the ordinary way only.
extension RequestParser {
  /// A whole request line for GET, an origin target and version 1.1.
  ///
  /// Source: RFC 9112 section 3.
  @_optimize(speed)
  mutating func takeUsualLine(_ bytes: Span<UInt8>, _ words: borrowing WordView) -> Bool {
    let start = mark &+ 4
    let end = min(bytes.count, sectionLimit)
    guard position == mark, start < end, words.canLoad(at: mark), bytes[start] == UInt8(ascii: "/"),
      UInt32(truncatingIfNeeded: words.load(at: mark))
        == UInt32(truncatingIfNeeded: word("G", "E", "T", " "))
    else { return false }
    let pathEnd = bytes.end(of: ByteClass.path, from: start, to: end)
    let targetEnd = bytes.end(of: ByteClass.target, from: pathEnd, to: end)
    let version = targetEnd &+ 1
    guard version &+ 10 <= end, bytes[targetEnd] == .space, words.canLoad(at: version),
      words.load(at: version) == word("H", "T", "T", "P", "/", "1", ".", "1"),
      bytes[version &+ 8] == .carriageReturn, bytes[version &+ 9] == .lineFeed
    else { return false }
    head.methodText = Extent(mark..<(mark &+ 3))
    head.method = .get
    head.target = Extent(start..<targetEnd)
    head.targetForm = .origin
    head.path = Extent(start..<pathEnd)
    head.query = pathEnd == targetEnd ? nil : Extent((pathEnd &+ 1)..<targetEnd)
    position = version &+ 10
    startFields(.http11)
    return true
  }

  /// Whole field lines before `end`, as many as there are of this kind: a name, a colon, at most
  /// one space, a value that is not empty and has no blanks at its ends, and a line end. Stays at
  /// the beginning of a line.
  @_optimize(speed)
  mutating func takeUsualFields(
    _ bytes: Span<UInt8>, _ words: borrowing WordView, _ end: Int
  ) throws(RequestError) {
    while fieldCount < limits.fieldCount {
      let start = position
      let colon = bytes.end(of: ByteClass.token, from: start, to: end)
      guard colon > start, colon &+ 1 < end, bytes[colon] == UInt8(ascii: ":") else { return }
      var valueStart = colon &+ 1
      if bytes[valueStart] == .space { valueStart &+= 1 }
      var valueEnd = words.endOfPlainText(from: valueStart)
      if valueEnd >= end || bytes[valueEnd] != .carriageReturn {
        valueEnd = bytes.end(of: ByteClass.fieldValue, from: min(valueEnd, end), to: end)
      }
      guard valueEnd > valueStart, valueEnd &+ 1 < end, bytes[valueEnd] == .carriageReturn,
        bytes[valueEnd &+ 1] == .lineFeed,
        // Of what may stand in a value, only blanks are not above a space.
        bytes[valueStart] > .space, bytes[valueEnd &- 1] > .space
      else { return }
      fieldCount &+= 1
      position = valueEnd &+ 2
      if KnownField.mayBe(bytes[start], length: colon &- start) {
        nameExtent = Extent(start..<colon)
        valueExtent = Extent(valueStart..<valueEnd)
        try takeField(bytes, words)
      }
    }
  }
}
