// SPDX-License-Identifier: BSD-3-Clause

/// Up to eight ASCII characters in one integer, the last in the low byte: what `Span.word` makes of
/// the same bytes. With literals it is a constant, so a `switch` compares integers.
@inline(__always)
func word(
  _ a: Unicode.Scalar, _ b: Unicode.Scalar = "\0", _ c: Unicode.Scalar = "\0",
  _ d: Unicode.Scalar = "\0", _ e: Unicode.Scalar = "\0", _ f: Unicode.Scalar = "\0",
  _ g: Unicode.Scalar = "\0", _ h: Unicode.Scalar = "\0"
) -> UInt64 {
  var value = UInt64(a.value)
  if b.value != 0 { value = value &<< 8 | UInt64(b.value) }
  if c.value != 0 { value = value &<< 8 | UInt64(c.value) }
  if d.value != 0 { value = value &<< 8 | UInt64(d.value) }
  if e.value != 0 { value = value &<< 8 | UInt64(e.value) }
  if f.value != 0 { value = value &<< 8 | UInt64(f.value) }
  if g.value != 0 { value = value &<< 8 | UInt64(g.value) }
  if h.value != 0 { value = value &<< 8 | UInt64(h.value) }
  return value
}

extension Span where Element == UInt8 {
  /// The bytes of `extent` as one integer, the last in the low byte; 0 when there are more than
  /// eight, none, or they lie outside.
  @inline(__always)
  func word(_ extent: Extent) -> UInt64 {
    guard extent.count <= 8, extent.end <= count else { return 0 }
    var value: UInt64 = 0
    var index = extent.offset
    let last = extent.end > count ? count : extent.end
    while index < last {
      value = value &<< 8 | UInt64(self[index])
      index &+= 1
    }
    return value
  }
}
