// SPDX-License-Identifier: BSD-3-Clause

/// What a byte may be part of: a set of the kinds below, from a table, so that a scan costs few
/// instructions for each byte. `ByteClassTests` compares the table with the grammar.
enum ByteClass {
  /// `tchar`: what methods and field names are made of. RFC 9110 section 5.6.2.
  static var token: UInt8 { 1 }
  /// What a request target may hold: visible ASCII without `"`, `#`, `<` and `>`. RFC 3986 section
  /// 3.3 also leaves out `\ ^ { | }` and the backquote; browsers send those in queries. RFC 9112
  /// section 3.2.
  static var target: UInt8 { 2 }
  /// `field-vchar`, space or tab: no other control character. RFC 9110 section 5.5.
  static var fieldValue: UInt8 { 4 }
  /// What a host may hold outside brackets: unreserved, sub-delims and `%`. The comma is left out:
  /// it is what a proxy makes of two Host fields. RFC 3986 section 3.2.2.
  static var host: UInt8 { 8 }
  /// A target's characters without `?`, which ends its path.
  static var path: UInt8 { 16 }

  /// The kinds of each byte.
  static let table: InlineArray<256, UInt8> = [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    4, 31, 4, 5, 31, 31, 31, 31, 30, 30, 31, 31, 22, 31, 31, 22,
    31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 22, 30, 4, 30, 4, 6,
    22, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31,
    31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 22, 22, 22, 23, 31,
    23, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31,
    31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 22, 23, 22, 31, 0,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
  ]
}

extension UInt8 {
  /// Whether the byte is of that kind.
  @inline(__always)
  func isOf(_ kind: UInt8) -> Bool { ByteClass.table[Int(self)] & kind != 0 }
}

extension Span where Element == UInt8 {
  /// The first offset from `start` on, and before `end`, of a byte that is not of that kind; `end`
  /// without one. `end` is at most `count` and `start` at most `end`.
  @inline(__always)
  func end(of kind: UInt8, from start: Int, to end: Int) -> Int {
    // Both bounds are said again here, so that the compiler leaves the checks out of the loop.
    let last = end > count ? count : end
    var index = start
    guard index >= 0 else { return end }
    while index < last, self[index].isOf(kind) { index &+= 1 }
    return index
  }
}
