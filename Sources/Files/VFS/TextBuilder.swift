// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// Puts text together from constants, bytes and numbers, without strings.
public struct TextBuilder {
  public private(set) var bytes: [UInt8] = []
  private var lineStart = 0

  public init() {}

  /// How many bytes stand in the last line.
  public var column: Int { bytes.count - lineStart }

  public mutating func append(_ text: StaticString) {
    let span = text.bytes
    bytes.reserveCapacity(bytes.count + span.byteCount)
    for offset in 0..<span.byteCount { append(byte: span.byte(at: offset)) }
  }

  public mutating func append(_ text: [UInt8]) {
    for byte in text { append(byte: byte) }
  }

  public mutating func append(byte: UInt8) {
    bytes.append(byte)
    if byte == UInt8(ascii: "\n") { lineStart = bytes.count }
  }

  public mutating func endLine() { append(byte: UInt8(ascii: "\n")) }

  /// A number in decimal digits, right-aligned in `width` columns.
  public mutating func append(decimal value: UInt64, width: Int = 0) {
    append(value, base: 10, width: width, fill: UInt8(ascii: " "))
  }

  /// A number in decimal digits.
  public mutating func append(decimal value: Int, width: Int = 0) {
    guard value < 0 else { return append(decimal: UInt64(value), width: width) }
    append(byte: UInt8(ascii: "-"))
    append(decimal: UInt64(value.magnitude))
  }

  public mutating func append(decimal value: Int32) { append(decimal: Int(value)) }

  /// A number in decimal digits, at least `digits` of them.
  public mutating func append(decimal value: UInt64, digits: Int) {
    append(value, base: 10, width: digits, fill: UInt8(ascii: "0"))
  }

  /// A number in lower-case hexadecimal digits, at least `digits` of them.
  public mutating func append(hexadecimal value: UInt64, digits: Int = 1) {
    append(value, base: 16, width: digits, fill: UInt8(ascii: "0"))
  }

  /// A number in octal digits, at least `digits` of them.
  public mutating func append(octal value: UInt64, digits: Int = 1) {
    append(value, base: 8, width: digits, fill: UInt8(ascii: "0"))
  }

  /// Fills the line with spaces up to `column`; nothing when it is longer already.
  public mutating func pad(to column: Int) {
    while self.column < column { bytes.append(UInt8(ascii: " ")) }
  }

  private mutating func append(_ value: UInt64, base: UInt64, width: Int, fill: UInt8) {
    var digits = InlineArray<24, UInt8>(repeating: 0)
    var count = 0
    var rest = value
    repeat {
      let digit = UInt8(rest % base)
      digits[count] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
      count += 1
      rest /= base
    } while rest > 0
    for _ in stride(from: count, to: width, by: 1) { bytes.append(fill) }
    while count > 0 {
      count -= 1
      bytes.append(digits[count])
    }
  }
}
