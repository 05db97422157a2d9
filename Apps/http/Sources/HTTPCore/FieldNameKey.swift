// SPDX-License-Identifier: BSD-3-Clause

/// A field name or an option of at most 24 bytes in three integers, without case: cheap to collect
/// and to compare.
///
/// Bit 5 is set in every byte. In text without control characters only capital letters become
/// letters by that and only a hyphen a hyphen, so a key that is equal to that of a name of letters,
/// digits and hyphens belongs to that name.
struct FieldNameKey: Sendable {
  private(set) var first: UInt64 = 0
  private(set) var second: UInt64 = 0
  private(set) var third: UInt64 = 0
  private var count = 0

  init() {}

  /// The key of the text at `extent`, which lies in `bytes`; an empty key when it is longer.
  init(_ extent: Extent, of bytes: Span<UInt8>) {
    guard extent.count <= 24 else { return }
    let start = extent.offset
    let end = extent.end
    count = extent.count
    first = bytes.foldedWord(start, min(end, start &+ 8))
    if count > 8 { second = bytes.foldedWord(start &+ 8, min(end, start &+ 16)) }
    if count > 16 { third = bytes.foldedWord(start &+ 16, end) }
  }

  /// The same, of eight bytes at a time where that is possible.
  @inline(__always)
  init(_ extent: Extent, of bytes: Span<UInt8>, _ words: borrowing WordView) {
    self.init()
    let start = extent.offset
    guard extent.count >= 8, words.canLoad(at: start) else {
      self.init(extent, of: bytes)
      return
    }
    guard extent.count <= 24 else { return }
    count = extent.count
    first = words.load(at: start) | 0x2020_2020_2020_2020
    second = bytes.foldedWord(start &+ 8, min(extent.end, start &+ 16))
    if count > 16 { third = bytes.foldedWord(start &+ 16, extent.end) }
  }

  /// Adds one byte. With more than 24 it is the key of no name.
  @inline(__always)
  mutating func append(_ byte: UInt8) {
    let folded = UInt64(byte | 0x20) &<< (UInt64(truncatingIfNeeded: count & 7) &* 8)
    if count < 8 {
      first |= folded
    } else if count < 16 {
      second |= folded
    } else {
      third = count < 24 ? third | folded : .max
    }
    count &+= 1
  }

  /// Whether it is `close`.
  var isClose: Bool { first == word("c", "l", "o", "s", "e") && second == 0 }

  /// Whether it is `keep-alive`.
  var isKeepAlive: Bool {
    first == word("k", "e", "e", "p", "-", "a", "l", "i") && second == word("v", "e") && third == 0
  }
}

extension Span where Element == UInt8 {
  /// The bytes between two offsets, at most eight, with bit 5 set, the first in the low byte.
  @inline(__always)
  fileprivate func foldedWord(_ start: Int, _ end: Int) -> UInt64 {
    var index = end > count ? count : end
    var value: UInt64 = 0
    guard start >= 0 else { return 0 }
    while index > start {
      index &-= 1
      value = value &<< 8 | UInt64(self[index] | 0x20)
    }
    return value
  }
}
