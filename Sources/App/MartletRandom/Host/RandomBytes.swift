// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// The host's generator.
enum RandomBytes {
  static func next() -> UInt64 {
    var generator = SystemRandomNumberGenerator()
    return generator.next()
  }

  static var isStrong: Bool { true }

  static func fill(_ bytes: inout MutableRawSpan) {
    var offset = 0
    while offset < bytes.byteCount {
      var word = next()
      for index in offset..<min(offset + 8, bytes.byteCount) {
        bytes.storeLittleEndian(UInt8(truncatingIfNeeded: word), at: index)
        word >>= 8
      }
      offset += 8
    }
  }
}
