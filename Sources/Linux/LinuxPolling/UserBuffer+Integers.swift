// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Memory

extension UserBuffer {
  /// The integer at `offset`. Throws `badAddress`.
  @inline(__always)
  func load<T: FixedWidthInteger & BitwiseCopyable>(
    _ type: T.Type, at offset: Int
  ) throws(SystemError) -> T {
    var words = InlineArray<1, UInt64>(repeating: 0)
    var span = words.mutableSpan
    var bytes = MutableRawSpan(_elements: &span)
    var part = bytes._mutatingExtracting(0..<MemoryLayout<T>.size)
    try copyIn(at: offset, into: &part)
    return T(truncatingIfNeeded: words[0])
  }

  /// Stores `value` at `offset`. Throws `badAddress`.
  @inline(__always)
  func store<T: FixedWidthInteger & BitwiseCopyable>(
    _ value: T, at offset: Int
  ) throws(SystemError) {
    let words = InlineArray<1, UInt64>(repeating: UInt64(truncatingIfNeeded: value))
    try copyOut(RawSpan(_elements: words.span).extracting(0..<MemoryLayout<T>.size), at: offset)
  }
}
