// SPDX-License-Identifier: BSD-3-Clause

extension RequestParser {
  /// Longer than this is no registered method (the longest has 17 characters).
  private static var methodLimit: Int { 24 }

  /// Source: RFC 9112 section 3.1.
  mutating func scanMethod(_ bytes: Span<UInt8>) throws(RequestError) -> Bool {
    let limit = min(sectionLimit, mark &+ Self.methodLimit)
    let end = min(bytes.count, limit)
    let index = bytes.end(of: ByteClass.token, from: position, to: end)
    position = index
    if index >= limit {
      throw error(limit == sectionLimit ? .longRequestLine : .longMethod, index)
    }
    guard index < bytes.count else { return false }
    guard bytes[index] == .space, index > mark else { throw error(.badMethod, index) }
    head.methodText = Extent(mark..<index)
    let name = bytes.word(head.methodText)
    if name == word("C", "O", "N", "N", "E", "C", "T") { throw error(.connectMethod, mark) }
    head.method = Method(name)
    position = index &+ 1
    mark = position
    phase = .target
    return true
  }

  /// Source: RFC 9112 section 3.2.
  mutating func scanTarget(_ bytes: Span<UInt8>) throws(RequestError) -> Bool {
    let end = min(bytes.count, sectionLimit)
    var index = position
    if queryMark == 0 {
      index = bytes.end(of: ByteClass.path, from: index, to: end)
      if index < end, bytes[index] == UInt8(ascii: "?") { queryMark = index }
    }
    if queryMark != 0 { index = bytes.end(of: ByteClass.target, from: index, to: end) }
    position = index
    if index >= sectionLimit { throw error(.longRequestLine, index) }
    guard index < bytes.count else { return false }
    guard bytes[index] == .space, index > mark else { throw error(.badTarget, index) }
    try takeTarget(bytes, Extent(mark..<index))
    position = index &+ 1
    mark = position
    phase = .version
    return true
  }

  /// Tells the forms of a target apart.
  private mutating func takeTarget(
    _ bytes: Span<UInt8>, _ target: Extent
  ) throws(RequestError) {
    head.target = target
    let pathEnd = queryMark == 0 ? target.end : queryMark
    head.query = queryMark == 0 ? nil : Extent((queryMark &+ 1)..<target.end)
    head.targetForm = .origin
    if bytes[target.offset] == UInt8(ascii: "/") {
      head.path = Extent(target.offset..<pathEnd)
    } else if bytes[target.offset] == UInt8(ascii: "*"), target.count == 1 {
      guard head.method == .options else { throw error(.badTarget, target.offset) }
      head.targetForm = .asterisk
      head.path = target
    } else {
      var start = target.offset
      while start < pathEnd, bytes[start] != UInt8(ascii: ":") { start &+= 1 }
      let scheme = Extent(target.offset..<start)
      guard
        bytes.equalsIgnoringCase(scheme, "http") || bytes.equalsIgnoringCase(scheme, "https"),
        start &+ 2 < pathEnd, bytes[start &+ 1] == UInt8(ascii: "/"),
        bytes[start &+ 2] == UInt8(ascii: "/")
      else { throw error(.badTarget, target.offset) }
      start &+= 3
      var slash = start
      while slash < pathEnd, bytes[slash] != UInt8(ascii: "/") { slash &+= 1 }
      let authority = Extent(start..<slash)
      guard bytes.isAuthority(authority) else { throw error(.badHost, start) }
      head.targetForm = .absolute
      head.authority = authority
      head.path = Extent(slash..<pathEnd)
    }
  }

  /// The version and its line end, ten bytes.
  ///
  /// Source: RFC 9112 section 2.3.
  mutating func scanVersion(_ bytes: Span<UInt8>) throws(RequestError) -> Bool {
    let end = min(bytes.count, sectionLimit)
    while position < end {
      let byte = bytes[position]
      let isRight =
        switch position &- mark {
        case 0: byte == UInt8(ascii: "H")
        case 1, 2: byte == UInt8(ascii: "T")
        case 3: byte == UInt8(ascii: "P")
        case 4: byte == UInt8(ascii: "/")
        case 5, 7: byte.decimalDigit != nil
        case 6: byte == UInt8(ascii: ".")
        case 8: byte == .carriageReturn
        default: byte == .lineFeed
        }
      guard isRight else {
        throw error(position &- mark == 9 ? .bareCarriageReturn : .badVersion, position)
      }
      position &+= 1
      if position &- mark == 8 { try checkVersion(bytes) }
      if position &- mark == 10 {
        startFields(bytes[mark &+ 7] == UInt8(ascii: "0") ? .http10 : .http11)
        return true
      }
    }
    if position >= sectionLimit { throw error(.longRequestLine, position) }
    return false
  }

  mutating func startFields(_ version: RequestHead.Version) {
    head.version = version
    head.fieldsOffset = position
    sectionLimit = position &+ limits.fieldsByteCount
    phase = .fieldStart
  }

  /// A higher minor version is refused too: 1.1 is the last there will be (RFC 9112 is its last
  /// edition; RFC 9110 section 2.5 would let us read it as 1.1).
  private func checkVersion(_ bytes: Span<UInt8>) throws(RequestError) {
    let minor = bytes[mark &+ 7]
    guard bytes[mark &+ 5] == UInt8(ascii: "1"),
      minor == UInt8(ascii: "0") || minor == UInt8(ascii: "1")
    else { throw error(.unsupportedVersion, mark) }
  }
}
