// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// What words that changed do to an Internet checksum over them (RFC 1624 equation 3).
struct ChecksumChange: BitwiseCopyable {
  /// The sum of all old words' complements and all new words.
  private var sum: UInt32 = 0

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func replace(_ old: UInt16, by new: UInt16) {
    sum &+= UInt32(~old) &+ UInt32(new)
  }

  @inline(__always)
  mutating func replace(_ old: UInt32, by new: UInt32) {
    sum &+= (~old >> 16) &+ (~old & 0xffff) &+ (new >> 16) &+ (new & 0xffff)
  }

  /// The checksum after the change.
  @inline(__always)
  func applied(to checksum: UInt16) -> UInt16 {
    var folded = sum &+ UInt32(~checksum)
    folded = (folded & 0xffff) &+ (folded >> 16)
    folded = (folded & 0xffff) &+ (folded >> 16)
    return ~UInt16(truncatingIfNeeded: folded)
  }

  /// Brings the checksum at `offset` up to date.
  @inline(__always)
  func apply(to frame: inout MutableRawSpan, at offset: Int) {
    let old: UInt16 = frame.bytes.bigEndian(at: offset)
    frame.storeBigEndian(applied(to: old), at: offset)
  }
}

extension RawSpan {
  /// The checksum of all bytes (RFC 1071); 0 when they hold a right one.
  var internetChecksum: UInt16 { ~onesComplementSum().byteSwapped }
}
