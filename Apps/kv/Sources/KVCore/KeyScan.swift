// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// The key behind a command's name of three letters and a space, found and hashed in one pass of
/// eight bytes a step.
struct KeyScan: BitwiseCopyable {
  /// Where the key begins.
  @inline(__always)
  static var start: Int { 4 }

  /// Below 128.
  let byteCount: Int
  /// What follows the key.
  let separator: UInt8
  let hash: UInt32
  /// The bytes of the key behind its last whole eight, the first in the lowest place.
  let last: UInt64

  /// The place behind the key.
  var end: Int {
    @inline(__always) get { Self.start &+ byteCount }
  }

  /// Finds the key of a command that `input` begins with, and has at least 8 bytes of. Nil when it is
  /// not the usual one: empty, as long as a chunk of the store, without a space or a carriage return
  /// behind it, or with another byte below 33 in it.
  @inline(__always)
  init?(_ input: RawSpan, _ seed: UInt64) {
    let byteCount = input.byteCount
    guard byteCount >= 8 else { return nil }
    var state = seed
    var whole = 0
    var word: UInt64
    var below: UInt64
    while true {
      guard whole < ItemStore.chunkByteCount else { return nil }
      let missing = whole &+ Self.start &+ 8 &- byteCount
      if missing <= 0 {
        word = input.littleEndian(at: whole &+ Self.start)
      } else {
        // The end of the input, with zeros behind it.
        guard missing < 8 else { return nil }
        let bits = UInt64(truncatingIfNeeded: missing) &<< 3
        word = input.littleEndian(at: byteCount &- 8, as: UInt64.self) &>> bits
      }
      // The lowest bit that is set marks the first byte below 33.
      below = (word &- 0x2121_2121_2121_2121) & ~word & 0x8080_8080_8080_8080
      if below != 0 { break }
      state = ItemStore.mix(state ^ word)
      whole &+= 8
    }
    let bits = UInt64(truncatingIfNeeded: below.trailingZeroBitCount) & 0x38
    separator = UInt8(truncatingIfNeeded: word &>> bits)
    let count = (whole &+ Int(truncatingIfNeeded: bits &>> 3)) & 0x7f
    // The zeros are none of the two.
    guard count > 0, separator == 32 || separator == 13 else { return nil }
    self.byteCount = count
    last = word & ((1 &<< bits) &- 1)
    hash = ItemStore.finish(state, last, byteCount: count)
  }
}

extension ItemStore {
  /// A number from the key's bytes and the seed, as `KeyScan` makes it.
  @inline(__always)
  func hash(_ key: RawSpan) -> UInt32 {
    var state = seed
    var offset = 0
    while offset &+ 8 <= key.byteCount {
      state = Self.mix(state ^ key.littleEndian(at: offset, as: UInt64.self))
      offset &+= 8
    }
    return Self.finish(state, key.last(from: offset), byteCount: key.byteCount)
  }

  /// The hash after all whole eights of a key went into `state`; the length goes in with the rest,
  /// which has seven bytes at most.
  @inline(__always)
  static func finish(_ state: UInt64, _ last: UInt64, byteCount: Int) -> UInt32 {
    let length = UInt64(truncatingIfNeeded: byteCount) &<< 56
    return UInt32(truncatingIfNeeded: mix(state ^ last ^ length) &>> 32)
  }

  @inline(__always)
  static func mix(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
    return product.high ^ product.low
  }
}

extension RawSpan {
  /// The bytes from `offset` on, seven at most, the first in the lowest place.
  @inline(__always)
  func last(from offset: Int) -> UInt64 {
    let count = byteCount &- offset
    if count == 0 { return 0 }
    if byteCount >= 8 {
      return littleEndian(at: byteCount &- 8, as: UInt64.self) &>> UInt64(64 &- 8 &* count)
    }
    var word: UInt64 = 0
    for index in 0..<count {
      word |= UInt64(byte(at: offset &+ index)) &<< UInt64(8 &* index)
    }
    return word
  }
}
