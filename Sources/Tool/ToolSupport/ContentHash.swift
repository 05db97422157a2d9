// SPDX-License-Identifier: BSD-3-Clause

import Foundation

/// A SHA-256 (FIPS 180-4) of what goes into a cache entry; its text names the entry.
public struct ContentHash {
  private var state: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a,
    0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]
  private var pending: [UInt8] = []
  private var byteCount: UInt64 = 0

  public init() {}

  /// Adds one field; fields do not run into each other.
  public mutating func add(_ text: String) {
    add(bytes: Array(text.utf8))
    add(bytes: [0])
  }

  /// Adds plain bytes.
  public mutating func add(bytes: [UInt8]) {
    byteCount += UInt64(bytes.count)
    pending += bytes
    var offset = 0
    while pending.count - offset >= 64 {
      compress(pending[offset..<offset + 64])
      offset += 64
    }
    pending.removeFirst(offset)
  }

  /// The 64 hexadecimal digits.
  public func finish() -> String {
    var copy = self
    let bitCount = byteCount * 8
    var tail: [UInt8] = [0x80]
    tail += [UInt8](repeating: 0, count: (119 - pending.count % 64) % 64)
    tail += (0..<8).map { UInt8(truncatingIfNeeded: bitCount >> (56 - 8 * UInt64($0))) }
    copy.add(bytes: tail)
    return copy.state.map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
  }

  /// The first 16 digits of `texts`' hash: enough to name a folder.
  public static func name(of texts: [String]) -> String {
    var hash = ContentHash()
    for text in texts { hash.add(text) }
    return String(hash.finish().prefix(16))
  }

  private mutating func compress(_ block: ArraySlice<UInt8>) {
    var words = [UInt32](repeating: 0, count: 64)
    for index in 0..<16 {
      let at = block.startIndex + 4 * index
      words[index] =
        UInt32(block[at]) << 24 | UInt32(block[at + 1]) << 16 | UInt32(block[at + 2]) << 8
        | UInt32(block[at + 3])
    }
    for index in 16..<64 {
      let a = words[index - 15]
      let b = words[index - 2]
      let low = Self.rotate(a, 7) ^ Self.rotate(a, 18) ^ a >> 3
      let high = Self.rotate(b, 17) ^ Self.rotate(b, 19) ^ b >> 10
      words[index] = words[index - 16] &+ low &+ words[index - 7] &+ high
    }
    var s = state
    for index in 0..<64 {
      let big1 = Self.rotate(s[4], 6) ^ Self.rotate(s[4], 11) ^ Self.rotate(s[4], 25)
      let choice = (s[4] & s[5]) ^ (~s[4] & s[6])
      let first = s[7] &+ big1 &+ choice &+ Self.constants[index] &+ words[index]
      let big0 = Self.rotate(s[0], 2) ^ Self.rotate(s[0], 13) ^ Self.rotate(s[0], 22)
      let majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2])
      s = [first &+ big0 &+ majority, s[0], s[1], s[2], s[3] &+ first, s[4], s[5], s[6]]
    }
    for index in 0..<8 { state[index] &+= s[index] }
  }

  private static func rotate(_ value: UInt32, _ count: UInt32) -> UInt32 {
    value >> count | value << (32 - count)
  }

  /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes, computed
  /// with integers: floor(cbrt(p) * 2^32).
  private static let constants: [UInt32] = {
    var primes: [UInt64] = []
    var candidate: UInt64 = 2
    while primes.count < 64 {
      if !primes.contains(where: { candidate % $0 == 0 }) { primes.append(candidate) }
      candidate += 1
    }
    return primes.map { prime in
      var low: UInt64 = 0
      var high: UInt64 = 8 << 32
      while high - low > 1 {
        let middle = (low + high) / 2
        let cube = UInt128(middle) * UInt128(middle) * UInt128(middle)
        if cube <= UInt128(prime) << 96 { low = middle } else { high = middle }
      }
      return UInt32(truncatingIfNeeded: low)
    }
  }()
}
