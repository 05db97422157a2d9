// SPDX-License-Identifier: BSD-3-Clause

extension RawSpan {
  /// The ones' complement sum of the bytes as 16-bit words in memory order, folded to 16 bits; an
  /// odd last byte counts as if a zero followed it.
  ///
  /// Bytes of the result are in memory order as well: on this little-endian machine swap them to
  /// get the number that RFC 1071 speaks of.
  ///
  /// - Complexity: O(*n*), eight bytes a step.
  public func onesComplementSum() -> UInt16 {
    var sum: UInt64 = 0
    var carries: UInt64 = 0
    let count = byteCount
    // SAFETY: every load is inside the span: `offset + size <= count` is the loops' condition.
    unsafe self.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress else { return }
      var offset = 0
      while offset &+ 32 <= count {
        let a = unsafe base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        let b = unsafe base.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt64.self)
        let c = unsafe base.loadUnaligned(fromByteOffset: offset &+ 16, as: UInt64.self)
        let d = unsafe base.loadUnaligned(fromByteOffset: offset &+ 24, as: UInt64.self)
        sum = Self.add(a, to: sum, &carries)
        sum = Self.add(b, to: sum, &carries)
        sum = Self.add(c, to: sum, &carries)
        sum = Self.add(d, to: sum, &carries)
        offset &+= 32
      }
      while offset &+ 8 <= count {
        let word = unsafe base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        sum = Self.add(word, to: sum, &carries)
        offset &+= 8
      }
      var last: UInt64 = 0
      var shift: UInt64 = 0
      while offset < count {
        last |= UInt64(unsafe base.load(fromByteOffset: offset, as: UInt8.self)) &<< shift
        shift &+= 8
        offset &+= 1
      }
      sum = Self.add(last, to: sum, &carries)
    }
    var folded = (sum & 0xffff_ffff) &+ (sum >> 32) &+ carries
    folded = (folded & 0xffff) &+ (folded >> 16)
    folded = (folded & 0xffff) &+ (folded >> 16)
    folded = (folded & 0xffff) &+ (folded >> 16)
    return UInt16(truncatingIfNeeded: folded)
  }

  @inline(__always)
  private static func add(_ word: UInt64, to sum: UInt64, _ carries: inout UInt64) -> UInt64 {
    let (result, overflow) = sum.addingReportingOverflow(word)
    carries &+= overflow ? 1 : 0
    return result
  }
}
