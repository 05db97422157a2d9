// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Memory

extension UserBuffer {
  /// Stores an integer in little-endian order.
  func store(_ value: UInt64, at offset: Int = 0) throws(SystemError) {
    var word = InlineArray<1, UInt64>(repeating: value.littleEndian)
    var words = word.mutableSpan
    let bytes = MutableRawSpan(_elements: &words)
    try copyOut(bytes.bytes, at: offset)
  }

  func store(_ value: UInt32, at offset: Int = 0) throws(SystemError) {
    var word = InlineArray<1, UInt32>(repeating: value.littleEndian)
    var words = word.mutableSpan
    let bytes = MutableRawSpan(_elements: &words)
    try copyOut(bytes.bytes, at: offset)
  }
}
