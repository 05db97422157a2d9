// SPDX-License-Identifier: BSD-3-Clause

extension JSONReader {
  /// Appends the characters of `string` to `result`, its escapes taken back.
  ///
  /// - Parameter string: From this reader.
  /// - Complexity: O(*n*).
  public func append(_ string: JSONString, to result: inout [UInt8]) {
    let end = min(string.extent.end, bytes.count)
    var index = string.extent.offset
    while index < end {
      let byte = bytes[index]
      index &+= 1
      guard byte == UInt8(ascii: "\\"), index < end else {
        result.append(byte)
        continue
      }
      let letter = bytes[index]
      index &+= 1
      switch letter {
      case UInt8(ascii: "b"): result.append(0x08)
      case UInt8(ascii: "f"): result.append(0x0c)
      case UInt8(ascii: "n"): result.append(0x0a)
      case UInt8(ascii: "r"): result.append(0x0d)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "u"):
        var code = hexadecimal(at: index) ?? 0xfffd
        index &+= 4
        if code & 0xfc00 == 0xd800, let low = hexadecimal(at: index &+ 2) {
          code = 0x10000 &+ (code & 0x3ff) &<< 10 &+ (low & 0x3ff)
          index &+= 6
        }
        append(code, to: &result)
      default: result.append(letter)
      }
    }
  }

  /// A string that begins at `position` with its quote.
  ///
  /// Source: RFC 8259 section 7.
  mutating func string() throws(JSONError) -> JSONString {
    let start = position &+ 1
    var hasEscapes = false
    position = start
    while position < bytes.count {
      let byte = bytes[position]
      switch byte {
      case UInt8(ascii: "\""):
        position &+= 1
        return JSONString(extent: Extent(start..<(position &- 1)), hasEscapes: hasEscapes)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        try skipEscape()
      case 0..<0x20: throw JSONError(.controlCharacter, at: position)
      default:
        let count = bytes.utf8Length(at: position)
        if count == 0 { throw JSONError(.badUTF8, at: position) }
        position &+= count
      }
    }
    throw JSONError(.unexpectedEnd, at: position)
  }

  private mutating func skipEscape() throws(JSONError) {
    guard position &+ 1 < bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count) }
    switch bytes[position &+ 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
      UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      position &+= 2
    case UInt8(ascii: "u"):
      guard let code = hexadecimal(at: position &+ 2) else {
        throw JSONError(.badEscape, at: position)
      }
      if code & 0xf800 == 0xd800 {
        // RFC 8259 section 8.2 leaves lone surrogates open; readers differ, so they are refused.
        guard code < 0xdc00, position &+ 7 < bytes.count,
          bytes[position &+ 6] == UInt8(ascii: "\\"),
          bytes[position &+ 7] == UInt8(ascii: "u"), let low = hexadecimal(at: position &+ 8),
          low & 0xfc00 == 0xdc00
        else { throw JSONError(.badEscape, at: position) }
        position &+= 6
      }
      position &+= 6
    default: throw JSONError(.badEscape, at: position)
    }
  }

  /// Source: RFC 8259 section 6.
  mutating func number() throws(JSONError) -> Extent {
    let start = position
    if bytes[position] == UInt8(ascii: "-") { position &+= 1 }
    if position < bytes.count, bytes[position] == UInt8(ascii: "0") {
      position &+= 1
    } else {
      try digits()
    }
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      position &+= 1
      try digits()
    }
    if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
      position &+= 1
      if position < bytes.count,
        bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-")
      {
        position &+= 1
      }
      try digits()
    }
    return Extent(start..<position)
  }

  /// One digit or more.
  private mutating func digits() throws(JSONError) {
    guard position < bytes.count else { throw JSONError(.unexpectedEnd, at: position) }
    guard bytes[position].decimalDigit != nil else { throw JSONError(.unexpected, at: position) }
    while position < bytes.count, bytes[position].decimalDigit != nil { position &+= 1 }
  }

  private func hexadecimal(at offset: Int) -> Int? {
    guard offset &+ 4 <= bytes.count else { return nil }
    var value = 0
    for index in offset..<(offset &+ 4) {
      guard let digit = bytes[index].hexadecimalDigit else { return nil }
      value = value &<< 4 | digit
    }
    return value
  }

  /// Source: RFC 3629 section 3.
  private func append(_ code: Int, to result: inout [UInt8]) {
    func tail(_ shift: Int) -> UInt8 { 0x80 | UInt8(truncatingIfNeeded: code &>> shift) & 0x3f }
    let value = UInt32(truncatingIfNeeded: code)
    switch value {
    case 0..<0x80: result.append(UInt8(truncatingIfNeeded: value))
    case 0x80..<0x800:
      result.append(0xc0 | UInt8(truncatingIfNeeded: value &>> 6))
      result.append(tail(0))
    case 0x800..<0x10000:
      result.append(0xe0 | UInt8(truncatingIfNeeded: value &>> 12))
      result.append(tail(6))
      result.append(tail(0))
    default:
      result.append(0xf0 | UInt8(truncatingIfNeeded: value &>> 18))
      result.append(tail(12))
      result.append(tail(6))
      result.append(tail(0))
    }
  }
}
