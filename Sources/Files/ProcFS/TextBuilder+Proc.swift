// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import VFS

extension TextBuilder {
  /// A space and a number, as the fields of `stat` files are.
  mutating func field(_ value: UInt64) {
    append(byte: UInt8(ascii: " "))
    append(decimal: value)
  }

  mutating func field(_ value: Int) {
    append(byte: UInt8(ascii: " "))
    append(decimal: value)
  }

  /// A line of a name, a number right-aligned in `width`, and " kB".
  mutating func kilobytes(_ name: StaticString, _ value: Int, width: Int) {
    append(name)
    append(decimal: UInt64(max(value, 0)), width: width)
    append(" kB\n")
  }

  /// A line of a name and a number.
  mutating func line(_ name: StaticString, _ value: Int) {
    append(name)
    append(decimal: value)
    endLine()
  }

  /// A line of a name and 16 hexadecimal digits.
  mutating func mask(_ name: StaticString, _ value: UInt64) {
    append(name)
    append(hexadecimal: value, digits: 16)
    endLine()
  }

  /// A device as `MAJOR:MINOR`, in decimal digits or two or more hexadecimal ones.
  mutating func device(_ number: UInt64, hexadecimal: Bool) {
    let major = number >> 8 & 0xfff
    let minor = number & 0xff | number >> 12 & 0xfff00
    if hexadecimal { append(hexadecimal: major, digits: 2) } else { append(decimal: major) }
    append(byte: UInt8(ascii: ":"))
    if hexadecimal { append(hexadecimal: minor, digits: 2) } else { append(decimal: minor) }
  }

  /// A path with the bytes of `octal` as `\ooo` (`seq_path` of Linux).
  mutating func path(_ path: [UInt8], escaping octal: StaticString) {
    let special = octal.bytes
    for byte in path {
      var isSpecial = false
      for offset in 0..<special.byteCount where special.byte(at: offset) == byte {
        isSpecial = true
      }
      if isSpecial {
        append(byte: UInt8(ascii: "\\"))
        append(octal: UInt64(byte), digits: 3)
      } else {
        append(byte: byte)
      }
    }
  }
}

extension Nanoseconds {
  /// In units of 1/100 second (`USER_HZ`).
  var ticks: UInt64 { UInt64(max(count, 0)) / 10_000_000 }
}

extension Instant {
  var ticks: UInt64 { nanoseconds / 10_000_000 }
}
