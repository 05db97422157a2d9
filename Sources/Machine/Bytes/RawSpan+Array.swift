// SPDX-License-Identifier: BSD-3-Clause

extension RawSpan {
  /// A copy of the bytes. Complexity: O(*n*).
  public var byteArray: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: byteCount)
    var elements = bytes.mutableSpan
    var target = MutableRawSpan(_elements: &elements)
    target.copy(self)
    return bytes
  }
}
