// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes

/// What stands behind a record's type.
extension ZoneWords {
  /// The record's data as it is on the wire, names not compressed.
  mutating func data(of type: RecordType, origin: DomainName?) throws(ZoneError) -> [UInt8] {
    if let word = peek, !word.isQuoted, word.text.holds("\\#") { return try generic(type) }
    var data: [UInt8] = []
    switch type {
    case .a: try appendAddress(to: &data)
    case .aaaa: try appendAddress6(to: &data)
    case .ns, .cname, .ptr: data = try name(origin).bytes
    case .mx:
      data.append(bigEndian: UInt16(try number(limit: 0xffff)))
      data += try name(origin).bytes
    case .srv:
      for _ in 0..<3 { data.append(bigEndian: UInt16(try number(limit: 0xffff))) }
      data += try name(origin).bytes
    case .soa:
      data = try name(origin).bytes + name(origin).bytes
      data.append(bigEndian: try number(limit: .max))
      for _ in 0..<4 { data.append(bigEndian: try lifetime()) }
    case .txt:
      repeat {
        let text = try text(limit: 255)
        data.append(UInt8(text.count))
        data += text
      } while peek != nil
    case .caa: try appendAuthorization(to: &data)
    default:
      // RFC 3597 section 5: what has no form of its own is written as bytes.
      let word = try word()
      throw ZoneError(.badGeneric, line: word.line, found: word.text)
    }
    guard data.count <= 65_535 else { throw ZoneError(.longData, line: line) }
    return data
  }

  private mutating func appendAddress(to data: inout [UInt8]) throws(ZoneError) {
    let word = try word()
    guard let address = IPv4Address(text: RawSpan(_elements: word.text.span)) else {
      throw ZoneError(.notAddress, line: word.line, found: word.text)
    }
    data.append(bigEndian: address.rawValue)
  }

  private mutating func appendAddress6(to data: inout [UInt8]) throws(ZoneError) {
    let word = try word()
    guard let address = IPv6Address(text: RawSpan(_elements: word.text.span)) else {
      throw ZoneError(.notAddress6, line: word.line, found: word.text)
    }
    for half in [address.high, address.low] {
      data.append(bigEndian: UInt32(truncatingIfNeeded: half >> 32))
      data.append(bigEndian: UInt32(truncatingIfNeeded: half))
    }
  }

  /// `FLAGS TAG VALUE` (RFC 8659 section 4.1).
  private mutating func appendAuthorization(to data: inout [UInt8]) throws(ZoneError) {
    data.append(UInt8(try number(limit: 255)))
    guard let word = peek else { throw ZoneError(.tooFew, line: line) }
    let tag = try text(limit: 255)
    let isTag = tag.allSatisfy { byte in
      let small = byte.lowercased
      return (0x30...0x39).contains(byte) || (0x61...0x7a).contains(small)
    }
    guard isTag, !tag.isEmpty else { throw ZoneError(.notTag, line: word.line, found: word.text) }
    data.append(UInt8(tag.count))
    data += tag
    data += try text(limit: 65_535 - data.count)
  }

  /// `\# LENGTH HEX...` (RFC 3597 section 5).
  private mutating func generic(_ type: RecordType) throws(ZoneError) -> [UInt8] {
    skip()
    let count = Int(try number(limit: 0xffff))
    var data: [UInt8] = []
    var half: UInt8?
    while let word = peek {
      skip()
      for byte in word.text {
        guard let digit = Self.hexadecimal(byte) else {
          throw ZoneError(.badGeneric, line: word.line, found: word.text)
        }
        if let high = half {
          data.append(high << 4 | digit)
          half = nil
        } else {
          half = digit
        }
      }
    }
    guard half == nil, data.count == count, Self.isData(data, of: type) else {
      throw ZoneError(.badGeneric, line: line)
    }
    return data
  }

  private static func hexadecimal(_ byte: UInt8) -> UInt8? {
    switch byte.lowercased {
    case 0x30...0x39: byte - 0x30
    case 0x61...0x66: byte.lowercased - 0x57
    default: nil
    }
  }

  /// Whether bytes are what records of a known type hold; the server relies on it.
  private static func isData(_ data: [UInt8], of type: RecordType) -> Bool {
    var reader = MessageReader(data, at: 0)
    switch type {
    case .a: return data.count == 4
    case .aaaa: return data.count == 16
    case .ns, .cname, .ptr: break
    case .mx: guard reader.skip(2) else { return false }
    case .srv: guard reader.skip(6) else { return false }
    case .soa:
      guard reader.name(allowingPointers: false) != nil,
        reader.name(allowingPointers: false) != nil
      else { return false }
      return reader.skip(20) && reader.isAtEnd
    case .txt:
      var offset = 0
      while offset < data.count { offset += Int(data[offset]) + 1 }
      return offset == data.count && offset > 0
    case .caa: return data.count > 2 && data[1] > 0 && data.count >= 2 + Int(data[1])
    default: return true
    }
    return reader.name(allowingPointers: false) != nil && reader.isAtEnd
  }
}
