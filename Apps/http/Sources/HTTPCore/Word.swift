// SPDX-License-Identifier: BSD-3-Clause

/// Up to eight ASCII characters in one integer, the first in the low byte, as `WordView` and
/// `FieldNameKey` load them. With literals it is a constant, so a `switch` compares integers.
@inline(__always)
func word(
  _ a: Unicode.Scalar, _ b: Unicode.Scalar = "\0", _ c: Unicode.Scalar = "\0",
  _ d: Unicode.Scalar = "\0", _ e: Unicode.Scalar = "\0", _ f: Unicode.Scalar = "\0",
  _ g: Unicode.Scalar = "\0", _ h: Unicode.Scalar = "\0"
) -> UInt64 {
  let low = UInt64(a.value) | UInt64(b.value) &<< 8 | UInt64(c.value) &<< 16
  let middle = UInt64(d.value) &<< 24 | UInt64(e.value) &<< 32 | UInt64(f.value) &<< 40
  return low | middle | UInt64(g.value) &<< 48 | UInt64(h.value) &<< 56
}

extension Span where Element == UInt8 {
  /// The bytes of `extent` as one integer, the first in the low byte; 0 when there are more than
  /// eight, none, or they lie outside.
  @inline(__always)
  func word(_ extent: Extent) -> UInt64 {
    guard extent.count <= 8, extent.end <= count else { return 0 }
    var value: UInt64 = 0
    var index = extent.offset
    let last = extent.end > count ? count : extent.end
    var shift: UInt64 = 0
    while index < last {
      value |= UInt64(self[index]) &<< shift
      index &+= 1
      shift &+= 8
    }
    return value
  }
}
