// SPDX-License-Identifier: BSD-3-Clause

import Bytes

extension IPv4Address {
  /// Parses `a.b.c.d`: four decimal numbers of at most three digits, nothing before or behind.
  public init?(text: RawSpan) {
    var value: UInt32 = 0
    var part: UInt32 = 0
    var digits = 0
    var dots = 0
    for offset in 0..<text.byteCount {
      let byte = text.byte(at: offset)
      if byte == 0x2e {
        guard digits > 0, dots < 3 else { return nil }
        value = value << 8 | part
        (part, digits, dots) = (0, 0, dots + 1)
      } else {
        guard byte >= 0x30, byte <= 0x39, digits < 3, !(digits == 1 && part == 0) else {
          return nil
        }
        part = part * 10 + UInt32(byte - 0x30)
        digits += 1
        guard part < 256 else { return nil }
      }
    }
    guard dots == 3, digits > 0 else { return nil }
    self.init(value << 8 | part)
  }

  /// Appends `a.b.c.d`.
  public func appendText(to text: inout [UInt8]) {
    var shift: UInt32 = 24
    while true {
      appendDecimal(UInt8(truncatingIfNeeded: rawValue >> shift), to: &text)
      if shift == 0 { return }
      text.append(0x2e)
      shift -= 8
    }
  }
}

extension IPv6Address {
  /// Parses the forms of RFC 4291 section 2.2, the one with a version 4 address at the end
  /// included; no zone, nothing before or behind.
  public init?(text: RawSpan) {
    var groups = InlineArray<8, UInt16>(repeating: 0)
    var count = 0
    var gap = -1
    var offset = 0
    let end = text.byteCount
    guard end >= 2 else { return nil }
    if text.byte(at: 0) == 0x3a {
      guard text.byte(at: 1) == 0x3a else { return nil }
      (gap, offset) = (0, 2)
    }
    while offset < end {
      guard count < 8 else { return nil }
      let start = offset
      var value: UInt32 = 0
      while offset < end, let digit = hexadecimalValue(text.byte(at: offset)) {
        guard offset - start < 4 else { return nil }
        value = value << 4 | UInt32(digit)
        offset += 1
      }
      if offset < end, text.byte(at: offset) == 0x2e {
        guard count <= 6, let tail = IPv4Address(text: text.extracting(start..<end)) else {
          return nil
        }
        groups[count] = UInt16(truncatingIfNeeded: tail.rawValue >> 16)
        groups[count + 1] = UInt16(truncatingIfNeeded: tail.rawValue)
        count += 2
        offset = end
        break
      }
      guard offset > start else { return nil }
      groups[count] = UInt16(value)
      count += 1
      guard offset < end else { break }
      guard text.byte(at: offset) == 0x3a, offset + 1 < end else { return nil }
      offset += 1
      if text.byte(at: offset) == 0x3a {
        guard gap < 0 else { return nil }
        (gap, offset) = (count, offset + 1)
      }
    }
    guard gap >= 0 ? count < 8 : count == 8 else { return nil }
    self.init(groups: groups, count: count, gap: gap < 0 ? 8 : gap)
  }

  /// Places `count` groups, with zeros from group `gap` on as many as are missing.
  private init(groups: InlineArray<8, UInt16>, count: Int, gap: Int) {
    var high: UInt64 = 0
    var low: UInt64 = 0
    for position in 0..<8 {
      let missing = 8 - count
      let value: UInt16 =
        position < gap
        ? groups[position] : position < gap + missing ? 0 : groups[position - missing]
      if position < 4 {
        high = high << 16 | UInt64(value)
      } else {
        low = low << 16 | UInt64(value)
      }
    }
    self.init(high: high, low: low)
  }

  private func group(_ position: Int) -> UInt16 {
    let half = position < 4 ? high : low
    return UInt16(truncatingIfNeeded: half >> UInt64(48 - 16 * (position & 3)))
  }

  /// Appends the one text form that RFC 5952 recommends.
  public func appendText(to text: inout [UInt8]) {
    // The longest run of at least two zero groups, the first of equals, becomes "::".
    var best = 8
    var bestCount = 1
    var position = 0
    while position < 8 {
      var end = position
      while end < 8, group(end) == 0 { end += 1 }
      if end - position > bestCount { (best, bestCount) = (position, end - position) }
      position = max(end, position + 1)
    }
    if isMappedIPv4 {
      StaticString("::ffff:").byteArray.forEach { text.append($0) }
      IPv4Address(UInt32(truncatingIfNeeded: low)).appendText(to: &text)
      return
    }
    position = 0
    while position < 8 {
      if position == best {
        text.append(0x3a)
        text.append(0x3a)
        position += bestCount
        continue
      }
      if position > 0, position != best + bestCount { text.append(0x3a) }
      appendHexadecimal(group(position), to: &text)
      position += 1
    }
  }
}

extension IPAddress {
  /// Parses either version.
  public init?(text: RawSpan) {
    if let address = IPv4Address(text: text) {
      self.init(address)
    } else if let address = IPv6Address(text: text) {
      self.init(address)
    } else {
      return nil
    }
  }

  /// Appends the text form of its version.
  public func appendText(to text: inout [UInt8]) {
    if let address = ipv4 {
      address.appendText(to: &text)
    } else {
      mapped.appendText(to: &text)
    }
  }
}

private func appendDecimal(_ value: UInt8, to text: inout [UInt8]) {
  if value >= 100 { text.append(0x30 + value / 100) }
  if value >= 10 { text.append(0x30 + value / 10 % 10) }
  text.append(0x30 + value % 10)
}

private func appendHexadecimal(_ value: UInt16, to text: inout [UInt8]) {
  var shift: UInt16 = 12
  while shift > 0, value >> shift == 0 { shift -= 4 }
  while true {
    let digit = UInt8(truncatingIfNeeded: value >> shift) & 15
    text.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
    if shift == 0 { return }
    shift -= 4
  }
}

private func hexadecimalValue(_ byte: UInt8) -> UInt8? {
  switch byte {
  case 0x30...0x39: byte - 0x30
  case 0x41...0x46: byte - 0x37
  case 0x61...0x66: byte - 0x57
  default: nil
  }
}
