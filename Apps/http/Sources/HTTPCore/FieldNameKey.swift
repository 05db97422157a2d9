// SPDX-License-Identifier: BSD-3-Clause

/// A field name or an option of at most 24 bytes in three integers, without case: cheap to collect a
/// byte at a time and to compare.
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

  /// Adds one byte. With more than 24 it is the key of no name.
  @inline(__always)
  mutating func append(_ byte: UInt8) {
    let folded = UInt64(byte | 0x20)
    if count < 8 {
      first = first &<< 8 | folded
    } else if count < 16 {
      second = second &<< 8 | folded
    } else {
      third = count < 24 ? third &<< 8 | folded : .max
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
  @inline(__always)
  fileprivate func foldedWord(_ start: Int, _ end: Int) -> UInt64 {
    let last = end > count ? count : end
    var index = start
    var value: UInt64 = 0
    guard index >= 0 else { return 0 }
    while index < last {
      value = value &<< 8 | UInt64(self[index] | 0x20)
      index &+= 1
    }
    return value
  }
}
