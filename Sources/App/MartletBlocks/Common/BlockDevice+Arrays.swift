// SPDX-License-Identifier: BSD-3-Clause

extension BlockDevice {
  /// Reads so many blocks from a block on, as an array.
  ///
  /// - Throws: as `read(at:into:)`.
  public func read(at block: Int, count: Int) throws(BlockDeviceError) -> [UInt8] {
    guard count >= 0, count <= blockCount else { throw .outOfRange }
    var bytes = [UInt8](repeating: 0, count: count * blockSize)
    var elements = bytes.mutableSpan
    var span = MutableRawSpan(_elements: &elements)
    try read(at: block, into: &span)
    return bytes
  }

  /// Writes whole blocks from a block on.
  ///
  /// - Throws: as `write(at:_:)` of a span.
  public func write(at block: Int, _ bytes: [UInt8]) throws(BlockDeviceError) {
    try write(at: block, RawSpan(_elements: bytes.span))
  }
}
