// SPDX-License-Identifier: BSD-3-Clause

extension Span where Element == UInt8 {
  /// How many bytes, 1 to 4, the well-formed UTF-8 character at `index` takes; 0 when there is
  /// none.
  ///
  /// Source: RFC 3629 section 4.
  func utf8Length(at index: Int) -> Int {
    let lead = self[index]
    // The range of the second byte keeps out overlong forms, surrogates, and what is above
    // U+10FFFF.
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xbf
    switch lead {
    case 0..<0x80: return 1
    case 0xc2...0xdf: length = 2
    case 0xe0: (length, second) = (3, 0xa0...0xbf)
    case 0xed: (length, second) = (3, 0x80...0x9f)
    case 0xe1...0xef: length = 3
    case 0xf0: (length, second) = (4, 0x90...0xbf)
    case 0xf1...0xf3: length = 4
    case 0xf4: (length, second) = (4, 0x80...0x8f)
    default: return 0
    }
    guard count &- index >= length, second.contains(self[index &+ 1]) else { return 0 }
    if length > 2, self[index &+ 2] & 0xc0 != 0x80 { return 0 }
    if length > 3, self[index &+ 3] & 0xc0 != 0x80 { return 0 }
    return length
  }
}
