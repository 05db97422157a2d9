// SPDX-License-Identifier: BSD-3-Clause

extension RawSpan {
  /// The same bytes with a checked subscript. (`RawSpan` itself has only unsafe loads.)
  @inline(__always)
  var octets: Span<UInt8> {
    @_lifetime(copy self) get { Span<UInt8>(_bytes: self) }
  }
}

extension Span where Element == UInt8 {
  /// Whether `extent` holds `text`, letters compared without case. `text` is in lower case and has
  /// letters, digits and hyphens only, for which setting bit 5 is enough.
  func equalsIgnoringCase(_ extent: Extent, _ text: String) -> Bool {
    let other = text.utf8Span.span
    guard extent.count == other.count, extent.end <= count else { return false }
    for index in other.indices {
      let byte = self[extent.offset &+ index]
      // Only letters may be folded: `M` with bit 5 set is `m`, but CR with bit 5 set is a hyphen.
      let folded = byte.isLetter ? byte | 0x20 : byte
      if folded != other[index] { return false }
    }
    return true
  }

  /// Whether both extents hold the same bytes, the second of `other`.
  func holds(_ extent: Extent, sameAs other: Span<UInt8>, _ second: Extent) -> Bool {
    guard extent.count == second.count, extent.end <= count, second.end <= other.count else {
      return false
    }
    for index in 0..<extent.count
    where self[extent.offset &+ index] != other[second.offset &+ index] {
      return false
    }
    return true
  }

  /// `extent` without spaces and tabs at both ends.
  ///
  /// Source: RFC 9110 section 5.6.3 (OWS).
  func trimmed(_ extent: Extent) -> Extent {
    var start = extent.offset
    var end = Swift.min(extent.end, count)
    while start < end, self[start].isBlank { start &+= 1 }
    while end > start, self[end &- 1].isBlank { end &-= 1 }
    return Extent(start..<Swift.max(start, end))
  }

  /// The next element of a comma-separated list from `position` on, without blanks around it,
  /// and moves `position` behind its comma; empty elements are skipped. Nil at the end.
  ///
  /// Commas in quoted strings are not looked for: the lists read with it have tokens only.
  ///
  /// Source: RFC 9110 section 5.6.1.2.
  func nextListElement(in list: Extent, from position: inout Int) -> Extent? {
    let end = Swift.min(list.end, count)
    while position < end {
      let start = position
      while position < end, self[position] != UInt8(ascii: ",") { position &+= 1 }
      let element = trimmed(Extent(start..<position))
      position &+= 1
      if !element.isEmpty { return element }
    }
    return nil
  }

  /// The decimal number that `extent` holds and nothing else; nil when it is empty, has anything
  /// but digits, or is larger than `Int.max`.
  func decimal(_ extent: Extent) -> Int? {
    guard !extent.isEmpty, extent.end <= count else { return nil }
    var value = 0
    for index in extent.offset..<extent.end {
      guard let digit = self[index].decimalDigit else { return nil }
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(digit)
      if overflow || carry { return nil }
      value = sum
    }
    return value
  }
}
