// SPDX-License-Identifier: BSD-3-Clause

/// The first 24 characters of a field name in three integers, without case: cheap to collect a byte
/// at a time and to compare.
///
/// Bit 5 is set in every byte. Among token characters only a capital letter becomes another name's
/// character by that; `_`, `^` and the like become bytes that no known name has.
struct FieldNameKey: Equatable, Sendable {
  private(set) var first: UInt64 = 0
  private(set) var second: UInt64 = 0
  private(set) var third: UInt64 = 0
  private(set) var count = 0

  init() {}

  /// The key of the name at `extent`.
  init(_ extent: Extent, of bytes: Span<UInt8>) {
    for index in extent.offset..<extent.end { append(bytes[index]) }
  }

  /// Adds one byte; those behind the 24th make the key that of no known name.
  @inline(__always)
  mutating func append(_ byte: UInt8) {
    let folded = UInt64(byte | 0x20)
    if count < 8 {
      first = first &<< 8 | folded
    } else if count < 16 {
      second = second &<< 8 | folded
    } else {
      third = third &<< 8 | folded
    }
    count = count < 24 ? count &+ 1 : 24
  }
}
