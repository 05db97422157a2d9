// SPDX-License-Identifier: BSD-3-Clause

extension RequestParser {
  /// One field line after the other, until the empty line has begun (true) or the bytes are used up
  /// (false). In one function, so that a line that came whole is read without saving the state
  /// between its parts.
  ///
  /// Source: RFC 9112 section 5.
  mutating func scanFields(
    _ bytes: Span<UInt8>, _ words: borrowing WordView
  ) throws(RequestError) -> Bool {
    let end = min(bytes.count, sectionLimit)
    while position < end {
      switch phase {
      case .fieldStart:
        try takeUsualFields(bytes, words, end)
        if position < end { try startField(bytes[position]) }
      case .name: try scanName(bytes, end)
      case .valueStart:
        while position < end, bytes[position].isBlank { position &+= 1 }
        mark = position
        if position < end { phase = .value }
      case .value: try scanValue(bytes, end)
      case .valueEnd:
        guard bytes[position] == .lineFeed else { throw error(.bareCarriageReturn, position - 1) }
        position &+= 1
        phase = .fieldStart
        if KnownField.mayBe(bytes[nameExtent.offset], length: nameExtent.count) {
          try takeField(bytes, words)
        }
      default: return true
      }
    }
    if position >= sectionLimit { throw error(.longFields, position) }
    return phase == .fieldsEnd && position < bytes.count
  }

  /// The first byte of a line: of a name, of the empty line, or of what may not be.
  @inline(__always)
  private mutating func startField(_ byte: UInt8) throws(RequestError) {
    if byte == .carriageReturn {
      position &+= 1
      phase = .fieldsEnd
      return
    }
    if byte.isBlank { throw error(fieldCount == 0 ? .leadingBlank : .foldedLine, position) }
    if byte == .lineFeed { throw error(.bareLineFeed, position) }
    if fieldCount >= limits.fieldCount { throw error(.manyFields, position) }
    fieldCount &+= 1
    mark = position
    phase = .name
  }

  @inline(__always)
  private mutating func scanName(_ bytes: Span<UInt8>, _ end: Int) throws(RequestError) {
    let index = bytes.end(of: ByteClass.token, from: position, to: end)
    position = index
    guard index < end else { return }
    guard bytes[index] == UInt8(ascii: ":"), index > mark else { throw error(.badFieldName, index) }
    nameExtent = Extent(mark..<index)
    position = index &+ 1
    phase = .valueStart
  }

  @inline(__always)
  private mutating func scanValue(_ bytes: Span<UInt8>, _ end: Int) throws(RequestError) {
    let index = bytes.end(of: ByteClass.fieldValue, from: position, to: end)
    position = index
    guard index < end else { return }
    guard bytes[index] == .carriageReturn else {
      throw error(bytes[index] == .lineFeed ? .bareLineFeed : .badFieldValue, index)
    }
    var last = index
    while last > mark, bytes[last &- 1].isBlank { last &-= 1 }
    valueExtent = Extent(mark..<last)
    position = index &+ 1
    phase = .valueEnd
  }

  /// Notes the field in hand when it is a known one, and checks those on which framing, routing and
  /// the connection depend.
  mutating func takeField(
    _ bytes: Span<UInt8>, _ words: borrowing WordView
  ) throws(RequestError) {
    guard let field = KnownField(FieldNameKey(nameExtent, of: bytes, words)) else { return }
    let isFirst = head.record(field, valueExtent)
    let offset = nameExtent.offset
    switch field {
    case .host:
      guard isFirst else { throw error(.duplicateHost, offset) }
      guard bytes.isAuthority(valueExtent) else { throw error(.badHost, valueExtent.offset) }
    case .contentLength:
      // An equal second one is refused too: readers in a chain differ about which one counts.
      guard isFirst else { throw error(.duplicateContentLength, offset) }
      guard let length = bytes.decimal(valueExtent) else {
        throw error(.badContentLength, valueExtent.offset)
      }
      head.framing = .length(length)
    case .transferEncoding:
      guard isFirst else { throw error(.badTransferEncoding, offset) }
      try takeTransferEncoding(bytes)
    case .connection: takeConnection(bytes, words)
    case .expect:
      guard isFirst, bytes.equalsIgnoringCase(valueExtent, "100-continue") else {
        throw error(.unknownExpectation, valueExtent.offset)
      }
      head.expectsContinue = true
    default: break
    }
  }

  /// Source: RFC 9110 section 7.6.1.
  private mutating func takeConnection(_ bytes: Span<UInt8>, _ words: borrowing WordView) {
    // Mostly it says this and nothing else.
    if FieldNameKey(valueExtent, of: bytes, words).isKeepAlive {
      saysKeepAlive = true
      return
    }
    var cursor = valueExtent.offset
    while let option = bytes.nextListElement(in: valueExtent, from: &cursor) {
      let key = FieldNameKey(option, of: bytes)
      if key.isClose { saysClose = true }
      if key.isKeepAlive { saysKeepAlive = true }
    }
  }

  /// Only `chunked` alone is taken.
  ///
  /// Source: RFC 9112 sections 6.1 and 6.3.
  private mutating func takeTransferEncoding(_ bytes: Span<UInt8>) throws(RequestError) {
    if bytes.equalsIgnoringCase(valueExtent, "chunked") { return }
    var cursor = valueExtent.offset
    var last = Extent()
    while let coding = bytes.nextListElement(in: valueExtent, from: &cursor) { last = coding }
    let isFramed = bytes.equalsIgnoringCase(last, "chunked")
    throw error(
      isFramed ? .unsupportedTransferEncoding : .badTransferEncoding, valueExtent.offset)
  }

  /// What can only be said when all fields are known.
  mutating func finish(_ bytes: Span<UInt8>) throws(RequestError) {
    let isOld = head.version == .http10
    if let coding = head[.transferEncoding] {
      if isOld { throw error(.transferEncodingInOldVersion, coding.offset) }
      if head[.contentLength] != nil { throw error(.lengthAndTransferEncoding, coding.offset) }
      head.framing = .chunked
    }
    if let host = head[.host] {
      // The authority of an absolute target wins over Host: RFC 9112 section 3.2.2.
      if head.targetForm != .absolute { head.authority = host }
    } else if !isOld {
      throw error(.missingHost, head.byteCount &- 2)
    }
    // RFC 9110 section 10.1.1: a server ignores the expectation of a 1.0 client.
    if isOld || head.framing == .none || head.framing == .length(0) {
      head.expectsContinue = false
    }
    head.keepsAlive = !saysClose && (!isOld || saysKeepAlive)
  }
}
