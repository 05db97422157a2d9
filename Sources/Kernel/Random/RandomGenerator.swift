// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// A generator with fast key erasure: the first 32 bytes of every block sequence become the next
/// key, so that what was given out cannot be computed again from a later state.
///
/// Values in, values out; it knows no source of its own. Source: D. J. Bernstein,
/// "Fast-key-erasure random-number generators", 2017, with ChaCha20.
public struct RandomGenerator: Sendable {
  private var key = InlineArray<8, UInt32>(repeating: 0)
  /// Words for `next`: the rest of the block that made the key. Each is erased as it is given out.
  private var words = InlineArray<4, UInt64>(repeating: 0)
  private var wordCount = 0

  public init() {}

  /// Mixes a word of seed in. The order matters; nothing already mixed in gets lost.
  public mutating func mix(_ word: UInt64) {
    key[0] ^= UInt32(truncatingIfNeeded: word)
    key[1] ^= UInt32(truncatingIfNeeded: word >> 32)
    advance()
  }

  /// Mixes bytes of seed in, a key's length at a time, and how many they are.
  public mutating func mix(_ bytes: RawSpan) {
    var offset = 0
    while offset < bytes.byteCount {
      if offset > 0 { advance() }
      let count = min(32, bytes.byteCount - offset)
      for index in 0..<count {
        key[index / 4] ^= UInt32(bytes.byte(at: offset + index)) << UInt32(index % 4 * 8)
      }
      offset += count
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
    if wordCount == 0 { advance() }
    wordCount &-= 1
    let word = words[wordCount]
    words[wordCount] = 0
    return word
  }

  /// One block: the next key, and four words to give out.
  private mutating func advance() {
    let block = ChaCha20.block(
      key: key, counter: 0, nonce: InlineArray<3, UInt32>(repeating: 0))
    for index in 0..<8 { key[index] = block[index] }
    for index in 0..<4 {
      words[index] = UInt64(block[8 + 2 * index]) | UInt64(block[9 + 2 * index]) << 32
    }
    wordCount = 4
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
