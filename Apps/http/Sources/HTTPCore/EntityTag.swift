// SPDX-License-Identifier: BSD-3-Clause

/// An entity tag, such as `"33a64df5"` or `W/"1"`: a view of the bytes that it is written in.
///
/// Source: RFC 9110 section 8.8.3.
public struct EntityTag: ~Escapable {
  /// Whether equal tags stand only for equivalent, not for equal bytes.
  public let isWeak: Bool
  /// What stands between the quotes.
  private let opaque: Span<UInt8>

  /// Reads a tag and nothing else; nil when `text` is none.
  @_lifetime(copy text)
  public init?(parsing text: RawSpan) {
    let bytes = text.octets
    var cursor = 0
    guard let extent = bytes.nextEntityTag(from: &cursor), extent.count == bytes.count else {
      return nil
    }
    self.init(bytes, extent)
  }

  /// A tag that `nextEntityTag` found.
  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>, _ extent: Extent) {
    isWeak = bytes[extent.offset] == UInt8(ascii: "W")
    opaque = bytes.extracting((extent.offset &+ (isWeak ? 3 : 1))..<(extent.end &- 1))
  }

  /// Strong comparison: both are strong and the same.
  ///
  /// Source: RFC 9110 section 8.8.3.2.
  public func matchesStrongly(_ other: borrowing EntityTag) -> Bool {
    !isWeak && !other.isWeak && matchesWeakly(other)
  }

  /// Weak comparison: the same but for `W/`.
  ///
  /// Source: RFC 9110 section 8.8.3.2.
  public func matchesWeakly(_ other: borrowing EntityTag) -> Bool {
    opaque.holds(
      Extent(0..<opaque.count), sameAs: other.opaque, Extent(0..<other.opaque.count))
  }
}

extension Span where Element == UInt8 {
  /// The tag at `position`, with its quotes, and moves `position` behind it; nil when there is
  /// none.
  func nextEntityTag(from position: inout Int) -> Extent? {
    let start = position
    var index = start
    if index &+ 1 < count, self[index] == UInt8(ascii: "W"), self[index &+ 1] == UInt8(ascii: "/") {
      index &+= 2
    }
    guard index < count, self[index] == UInt8(ascii: "\"") else { return nil }
    index &+= 1
    // etagc: visible without the quote, and obs-text.
    while index < count, self[index] > 0x20, self[index] != 0x7f, self[index] != UInt8(ascii: "\"")
    {
      index &+= 1
    }
    guard index < count, self[index] == UInt8(ascii: "\"") else { return nil }
    position = index &+ 1
    return Extent(start..<position)
  }
}
