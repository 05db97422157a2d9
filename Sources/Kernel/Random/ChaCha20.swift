// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// The ChaCha20 block function (RFC 8439 section 2.3).
public struct ChaCha20: Sendable {
  public static let keyByteCount = 32
  public static let blockByteCount = 64

  /// One block of the key stream. `key` holds eight little-endian words.
  public static func block(
    key: InlineArray<8, UInt32>, counter: UInt32, nonce: InlineArray<3, UInt32>
  ) -> InlineArray<16, UInt32> {
    var initial = InlineArray<16, UInt32>(repeating: 0)
    // "expand 32-byte k"
    initial[0] = 0x6170_7865
    initial[1] = 0x3320_646e
    initial[2] = 0x7962_2d32
    initial[3] = 0x6b20_6574
    for index in 0..<8 { initial[4 + index] = key[index] }
    initial[12] = counter
    for index in 0..<3 { initial[13 + index] = nonce[index] }
    var state = initial
    for _ in 0..<10 {
      quarterRound(&state, 0, 4, 8, 12)
      quarterRound(&state, 1, 5, 9, 13)
      quarterRound(&state, 2, 6, 10, 14)
      quarterRound(&state, 3, 7, 11, 15)
      quarterRound(&state, 0, 5, 10, 15)
      quarterRound(&state, 1, 6, 11, 12)
      quarterRound(&state, 2, 7, 8, 13)
      quarterRound(&state, 3, 4, 9, 14)
    }
    for index in 0..<16 { state[index] &+= initial[index] }
    return state
  }

  @inline(__always)
  private static func quarterRound(
    _ s: inout InlineArray<16, UInt32>, _ a: Int, _ b: Int, _ c: Int, _ d: Int
  ) {
    s[a] &+= s[b]
    s[d] = rotated(s[d] ^ s[a], by: 16)
    s[c] &+= s[d]
    s[b] = rotated(s[b] ^ s[c], by: 12)
    s[a] &+= s[b]
    s[d] = rotated(s[d] ^ s[a], by: 8)
    s[c] &+= s[d]
    s[b] = rotated(s[b] ^ s[c], by: 7)
  }

  @inline(__always)
  private static func rotated(_ word: UInt32, by count: UInt32) -> UInt32 {
    word << count | word >> (32 - count)
  }
}
