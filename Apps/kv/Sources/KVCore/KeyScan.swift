// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// A key at the place of a command line where one stands, found and hashed in one pass of eight
/// bytes a step.
struct KeyScan: BitwiseCopyable {
  /// Where the key begins, and the place behind it.
  let start: Int
  let end: Int
  let hash: UInt32
  /// The bytes of the key behind its last whole eight, the first in the lowest place.
  let last: UInt64

  var byteCount: Int {
    @inline(__always) get { end &- start }
  }

  /// Finds the key at `start`. Nil when it is not the usual one: empty, longer than a chunk of the
  /// store, without a space, a carriage return or a line feed behind it in `input`, or with another
  /// byte below 32 in it. Needs eight bytes of input.
  @inline(__always)
  init?(_ input: RawSpan, from start: Int, _ seed: UInt64) {
    let byteCount = input.byteCount
    var state = seed
    var place = start
    var word: UInt64
    var separator: UInt64
    while true {
      guard place &- start < ItemStore.chunkByteCount else { return nil }
      if place &+ 8 <= byteCount {
        word = input.littleEndian(at: place)
      } else {
        // The end of the input, with zeros behind it.
        let missing = place &+ 8 &- byteCount
        guard missing < 8, byteCount >= 8 else { return nil }
        word = input.littleEndian(at: byteCount &- 8, as: UInt64.self) &>> UInt64(8 &* missing)
      }
      // The lowest bit that is set marks the first byte below 33.
      separator = (word &- 0x2121_2121_2121_2121) & ~word & 0x8080_8080_8080_8080
      if separator != 0 { break }
      state = ItemStore.mix(state ^ word)
      place &+= 8
    }
    let bits = UInt64(truncatingIfNeeded: separator.trailingZeroBitCount) & 0x38
    let end = place &+ Int(bits &>> 3)
    let byte = UInt8(truncatingIfNeeded: word &>> bits)
    guard byte == 32 || byte == 13 || byte == 10, end > start, end < byteCount,
      end &- start <= ItemStore.chunkByteCount
    else { return nil }
    self.start = start
    self.end = end
    last = word & ((1 &<< bits) &- 1)
    hash = ItemStore.finish(state, last, byteCount: end &- start)
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
