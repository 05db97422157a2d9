// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// A generator with fast key erasure: the first 32 bytes of every block sequence become the next
/// key, so that what was given out cannot be computed again from a later state.
///
/// Values in, values out; it knows no source of its own. Source: D. J. Bernstein,
/// "Fast-key-erasure random-number generators", 2017, with ChaCha20.
public struct RandomGenerator: Sendable {
  private var key = InlineArray<8, UInt32>(repeating: 0)

  public init() {}

  /// Mixes a word of seed in. The order matters; nothing already mixed in gets lost.
  public mutating func mix(_ word: UInt64) {
    key[0] ^= UInt32(truncatingIfNeeded: word)
    key[1] ^= UInt32(truncatingIfNeeded: word >> 32)
    advance()
  }

  /// Mixes bytes of seed in.
  public mutating func mix(_ bytes: RawSpan) {
    var offset = 0
    while offset < bytes.byteCount {
      var word: UInt64 = 0
      for index in 0..<min(8, bytes.byteCount - offset) {
        word |= UInt64(bytes.byte(at: offset + index)) << UInt64(index * 8)
      }
      mix(word)
      offset += 8
    }
    mix(UInt64(bytes.byteCount))
  }

  /// Fills all of `bytes`.
  ///
  /// - Complexity: one ChaCha20 block for each 64 bytes, and one for the next key.
  public mutating func fill(_ bytes: inout MutableRawSpan) {
    let nonce = InlineArray<3, UInt32>(repeating: 0)
    var offset = 0
    var counter: UInt32 = 1
    var current = key
    // A call of its own key, erased before anything is given out.
    advance()
    while offset < bytes.byteCount {
      let block = ChaCha20.block(key: current, counter: counter, nonce: nonce)
      counter &+= 1
      // After 2^32 blocks, 256 GiB, the counter would repeat.
      if counter == 0 {
        current = key
        advance()
        counter = 1
      }
      offset = Self.store(block, into: &bytes, at: offset)
    }
  }

  /// Eight random bytes.
  public mutating func next() -> UInt64 {
    let block = ChaCha20.block(
      key: key, counter: 1, nonce: InlineArray<3, UInt32>(repeating: 0))
    advance()
    return UInt64(block[0]) | UInt64(block[1]) << 32
  }

  private mutating func advance() {
    let block = ChaCha20.block(
      key: key, counter: 0, nonce: InlineArray<3, UInt32>(repeating: 0))
    for index in 0..<8 { key[index] = block[index] }
  }

  private static func store(
    _ block: borrowing InlineArray<16, UInt32>, into bytes: inout MutableRawSpan, at start: Int
  ) -> Int {
    var offset = start
    for index in 0..<16 {
      if offset &+ 4 <= bytes.byteCount {
        bytes.storeLittleEndian(block[index], at: offset)
        offset &+= 4
      } else {
        var word = block[index]
        while offset < bytes.byteCount && offset < start + index * 4 + 4 {
          bytes.storeLittleEndian(UInt8(truncatingIfNeeded: word), at: offset)
          word >>= 8
          offset &+= 1
        }
        return offset
      }
    }
    return offset
  }
}
