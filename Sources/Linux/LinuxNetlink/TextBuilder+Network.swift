// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes
import VFS

extension TextBuilder {
  /// A number in capital hexadecimal digits, at least `digits` of them (`%08X`).
  mutating func append(capitals value: UInt64, digits: Int) {
    var count = digits
    while count < 16, value >> UInt64(count * 4) != 0 { count += 1 }
    while count > 0 {
      count -= 1
      let digit = UInt8(value >> UInt64(count * 4) & 15)
      append(byte: digit < 10 ? 0x30 + digit : 0x37 + digit)
    }
  }

  /// Bytes as they stand in memory, each word of four the other way round, as Linux prints them.
  mutating func append(wordsOf address: IPAddress, isVersion6: Bool) {
    guard isVersion6 else {
      append(capitals: UInt64((address.ipv4 ?? .any).rawValue.byteSwapped), digits: 8)
      return
    }
    for part in [address.mapped.high, address.mapped.low] {
      append(capitals: UInt64(UInt32(truncatingIfNeeded: part >> 32).byteSwapped), digits: 8)
      append(capitals: UInt64(UInt32(truncatingIfNeeded: part).byteSwapped), digits: 8)
    }
  }

  mutating func append(_ endpoint: Endpoint, isVersion6: Bool) {
    append(wordsOf: endpoint.address, isVersion6: isVersion6)
    append(":")
    append(capitals: UInt64(endpoint.port), digits: 4)
  }

  /// Thirty-two digits without a colon.
  mutating func append(_ address: IPv6Address) {
    append(hexadecimal: address.high, digits: 16)
    append(hexadecimal: address.low, digits: 16)
  }

  mutating func append(_ address: MACAddress) {
    for index in 0..<6 {
      if index > 0 { append(":") }
      append(hexadecimal: address.rawValue >> UInt64(40 - 8 * index) & 255, digits: 2)
    }
  }

  /// Text on the right of `width` columns (`%8s`).
  mutating func append(right text: [UInt8], width: Int) {
    for _ in stride(from: text.count, to: width, by: 1) { append(" ") }
    append(text)
  }

  /// Numbers with spaces between.
  mutating func append(row values: [UInt64]) {
    for value in values {
      append(" ")
      append(decimal: value)
    }
    endLine()
  }
}
