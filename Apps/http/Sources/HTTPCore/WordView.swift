// SPDX-License-Identifier: BSD-3-Clause

/// A view of some bytes, eight at a time, for scans that do not look at each byte.
///
/// Array elements of eight bytes need no alignment, so the view is safe; it leaves out the bytes
/// behind the last whole eight. (`RawSpan` itself has only unsafe loads.)
struct WordView: ~Escapable {
  private let words: Span<InlineArray<8, UInt8>>

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) {
    words = Span<InlineArray<8, UInt8>>(_bytes: bytes.extracting(0..<(bytes.byteCount & ~7)))
  }

  /// Whether `load(at: offset)` may be called: with up to 15 bytes behind `offset` it may not.
  @inline(__always)
  func canLoad(at offset: Int) -> Bool { offset &>> 3 &+ 1 < words.count }

  /// The eight bytes at `offset`, the first in the low byte. Traps unless `canLoad` is true.
  @inline(__always)
  func load(at offset: Int) -> UInt64 {
    let index = offset &>> 3
    let shift = UInt64(truncatingIfNeeded: offset & 7) &* 8
    // Two shifts, because one by 64 would be one by 0.
    return aligned(index) &>> shift | (aligned(index &+ 1) &<< 1) &<< (63 &- shift)
  }

  /// The first offset from `start` on of a byte that ends a field value: a control character, also
  /// a tab; or, when the whole eights end before one, the offset at which they end (`start` itself
  /// when it lies behind them).
  @inline(__always)
  func endOfPlainText(from start: Int) -> Int {
    var index = start &>> 3
    guard index >= 0, index < words.count else { return start }
    var mask = UInt64.max &<< (UInt64(truncatingIfNeeded: start & 7) &* 8)
    while true {
      let stops = Self.controls(aligned(index)) & mask
      if stops != 0 { return index &<< 3 &+ stops.trailingZeroBitCount &>> 3 }
      index &+= 1
      mask = .max
      if index >= words.count { return index &<< 3 }
    }
  }

  @inline(__always)
  private func aligned(_ index: Int) -> UInt64 {
    let bytes = words[index]
    return UInt64(bytes[0]) | UInt64(bytes[1]) &<< 8 | UInt64(bytes[2]) &<< 16
      | UInt64(bytes[3]) &<< 24 | UInt64(bytes[4]) &<< 32 | UInt64(bytes[5]) &<< 40
      | UInt64(bytes[6]) &<< 48 | UInt64(bytes[7]) &<< 56
  }

  /// Sets the top bit of bytes below 0x20 and of 0x7f. Right up to the first such byte; a borrow
  /// may set more bits above it.
  @inline(__always)
  private static func controls(_ word: UInt64) -> UInt64 {
    let delete = word ^ 0x7f7f_7f7f_7f7f_7f7f
    let below = (word &- 0x2020_2020_2020_2020) & ~word
    let equal = (delete &- 0x0101_0101_0101_0101) & ~delete
    return (below | equal) & 0x8080_8080_8080_8080
  }
}
