// SPDX-License-Identifier: BSD-3-Clause

/// Where some bytes lie in a text: an offset and a count, both in bytes.
///
/// It does not hold the text, and does not know which text it belongs to; the functions that make
/// one say so. Texts of 4 GiB and more are not for it.
public struct Extent: Equatable, Sendable {
  private var first: UInt32
  private var length: UInt32

  /// No bytes at offset 0.
  public init() {
    first = 0
    length = 0
  }

  /// The bytes of `range`. Traps when a bound is negative or does not fit 32 bits.
  @inline(__always)
  public init(_ range: Range<Int>) {
    first = UInt32(range.lowerBound)
    length = UInt32(range.upperBound &- range.lowerBound)
  }

  /// The offset of the first byte.
  @inline(__always)
  public var offset: Int { Int(first) }

  /// How many bytes.
  @inline(__always)
  public var count: Int { Int(length) }

  /// The offset behind the last byte.
  @inline(__always)
  public var end: Int { Int(first) &+ Int(length) }

  /// Whether it has no byte.
  public var isEmpty: Bool { length == 0 }

  /// The bytes themselves. Traps when `text` is shorter than `end`.
  @_lifetime(copy text)
  public func bytes(of text: RawSpan) -> RawSpan { text.extracting(offset..<end) }
}
