// SPDX-License-Identifier: BSD-3-Clause

extension RawSpan {
  /// The byte at `offset`. Traps when it is out of bounds.
  @inline(__always)
  public func byte(at offset: Int) -> UInt8 {
    precondition(offset >= 0 && offset < byteCount, "offset out of bounds")
    // SAFETY: the bounds were checked above; any byte is a valid UInt8.
    return unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
  }

  /// The little-endian integer at `offset`, which need not be aligned. Traps when any of its
  /// bytes is out of bounds.
  @inline(__always)
  public func littleEndian<T: FixedWidthInteger & BitwiseCopyable>(
    at offset: Int, as type: T.Type = T.self
  ) -> T {
    precondition(
      offset >= 0 && byteCount >= MemoryLayout<T>.size
        && offset <= byteCount &- MemoryLayout<T>.size,
      "offset out of bounds")
    // SAFETY: the bounds were checked above; every bit pattern is a valid integer.
    return T(littleEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: T.self))
  }

  /// The big-endian (network order) integer at `offset`. Traps when out of bounds.
  @inline(__always)
  public func bigEndian<T: FixedWidthInteger & BitwiseCopyable>(
    at offset: Int, as type: T.Type = T.self
  ) -> T {
    T(bigEndian: littleEndian(at: offset, as: T.self))
  }

  /// Whether both hold the same bytes. Complexity: O(*n*).
  public func holdsSameBytes(as other: RawSpan) -> Bool {
    guard byteCount == other.byteCount else { return false }
    var offset = 0
    while offset &+ 8 <= byteCount {
      if littleEndian(at: offset, as: UInt64.self) != other.littleEndian(at: offset) {
        return false
      }
      offset &+= 8
    }
    while offset < byteCount {
      if byte(at: offset) != other.byte(at: offset) { return false }
      offset &+= 1
    }
    return true
  }
}

extension MutableRawSpan {
  /// The byte at `offset`. Traps when it is out of bounds.
  @inline(__always)
  public func byte(at offset: Int) -> UInt8 {
    bytes.byte(at: offset)
  }

  /// The little-endian integer at `offset`. Traps when out of bounds.
  @inline(__always)
  public func littleEndian<T: FixedWidthInteger & BitwiseCopyable>(
    at offset: Int, as type: T.Type = T.self
  ) -> T {
    bytes.littleEndian(at: offset, as: T.self)
  }

  /// Stores `value` in little-endian order at `offset`, which need not be aligned. Traps when any
  /// of its bytes is out of bounds.
  @inline(__always)
  public mutating func storeLittleEndian<T: FixedWidthInteger & BitwiseCopyable>(
    _ value: T, at offset: Int
  ) {
    precondition(
      offset >= 0 && byteCount >= MemoryLayout<T>.size
        && offset <= byteCount &- MemoryLayout<T>.size,
      "offset out of bounds")
    // SAFETY: the bounds were checked above.
    unsafe storeBytes(of: value.littleEndian, toByteOffset: offset, as: T.self)
  }

  /// Stores `value` in network order at `offset`. Traps when out of bounds.
  @inline(__always)
  public mutating func storeBigEndian<T: FixedWidthInteger & BitwiseCopyable>(
    _ value: T, at offset: Int
  ) {
    storeLittleEndian(value.bigEndian.littleEndian, at: offset)
  }

  /// Copies `source` to `offset`. Traps when it does not fit. Complexity: O(*n*).
  @inline(__always)
  public mutating func copy(_ source: RawSpan, at offset: Int = 0) {
    precondition(
      offset >= 0 && offset <= byteCount && source.byteCount <= byteCount &- offset,
      "copy out of bounds")
    // SAFETY: the bounds were checked above; a mutable span overlaps no other span.
    unsafe self.withUnsafeMutableBytes { to in
      unsafe source.withUnsafeBytes { from in
        guard let target = to.baseAddress, let origin = from.baseAddress else {
          return
        }
        unsafe target.advanced(by: offset).copyMemory(from: origin, byteCount: from.count)
      }
    }
  }

  /// Sets every byte to zero. Complexity: O(*n*).
  public mutating func zero() {
    // SAFETY: the closure stays inside the buffer's own count.
    unsafe self.withUnsafeMutableBytes { buffer in
      guard let base = buffer.baseAddress else { return }
      unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: buffer.count)
    }
  }
}
