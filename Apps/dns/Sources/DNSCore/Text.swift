// SPDX-License-Identifier: BSD-3-Clause

import Bytes

extension ArraySlice where Element == UInt8 {
  /// Whether these are the bytes of `text`, letters compared without case. `text` is in small
  /// letters.
  func holds(_ text: StaticString) -> Bool {
    let other = text.bytes
    guard count == other.byteCount else { return false }
    for offset in 0..<count where self[startIndex + offset].lowercased != other.byte(at: offset) {
      return false
    }
    return true
  }

  /// The decimal number that this is; nil when there is anything else, or more than 32 bits.
  var decimal: UInt32? {
    guard !isEmpty, count <= 10 else { return nil }
    var value: UInt64 = 0
    for byte in self {
      guard byte >= 0x30, byte <= 0x39 else { return nil }
      value = value * 10 + UInt64(byte - 0x30)
    }
    return value <= 0xffff_ffff ? UInt32(value) : nil
  }
}

extension Array where Element == UInt8 {
  mutating func append(_ text: StaticString) {
    let bytes = text.bytes
    for offset in 0..<bytes.byteCount { append(bytes.byte(at: offset)) }
  }

  /// Appends a number that is not negative.
  mutating func append(decimal value: Int) {
    var divisor = 1
    while value / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
      append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / divisor % 10))
      divisor /= 10
    }
  }

  mutating func append(bigEndian value: UInt16) {
    append(UInt8(truncatingIfNeeded: value >> 8))
    append(UInt8(truncatingIfNeeded: value))
  }

  mutating func append(bigEndian value: UInt32) {
    append(bigEndian: UInt16(truncatingIfNeeded: value >> 16))
    append(bigEndian: UInt16(truncatingIfNeeded: value))
  }

  func bigEndian16(at offset: Int) -> UInt16 {
    UInt16(self[offset]) << 8 | UInt16(self[offset + 1])
  }

  mutating func store(bigEndian value: UInt16, at offset: Int) {
    self[offset] = UInt8(truncatingIfNeeded: value >> 8)
    self[offset + 1] = UInt8(truncatingIfNeeded: value)
  }
}
