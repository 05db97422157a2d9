// SPDX-License-Identifier: BSD-3-Clause

/// SipHash-2-4 (Aumasson and Bernstein, 2012) over whole 64-bit words: a keyed function that who
/// does not know the key cannot foretell.
public struct SipHash: BitwiseCopyable, Sendable {
  private var v0: UInt64
  private var v1: UInt64
  private var v2: UInt64
  private var v3: UInt64
  private var byteCount: UInt64 = 0

  public init(key: SipKey) {
    v0 = key.low ^ 0x736f_6d65_7073_6575
    v1 = key.high ^ 0x646f_7261_6e64_6f6d
    v2 = key.low ^ 0x6c79_6765_6e65_7261
    v3 = key.high ^ 0x7465_6462_7974_6573
  }

  /// Adds eight bytes, the first one lowest.
  public mutating func add(_ word: UInt64) {
    v3 ^= word
    round()
    round()
    v0 ^= word
    byteCount &+= 8
  }

  /// Ends the message with up to seven bytes, the first one lowest, and returns its hash.
  public consuming func finish(_ rest: UInt64 = 0, byteCount restCount: UInt64 = 0) -> UInt64 {
    var hash = self
    let last = (hash.byteCount &+ restCount) << 56 | rest
    hash.v3 ^= last
    hash.round()
    hash.round()
    hash.v0 ^= last
    hash.v2 ^= 0xff
    hash.round()
    hash.round()
    hash.round()
    hash.round()
    return hash.v0 ^ hash.v1 ^ hash.v2 ^ hash.v3
  }

  private mutating func round() {
    v0 &+= v1
    v1 = v1 << 13 | v1 >> 51
    v1 ^= v0
    v0 = v0 << 32 | v0 >> 32
    v2 &+= v3
    v3 = v3 << 16 | v3 >> 48
    v3 ^= v2
    v0 &+= v3
    v3 = v3 << 21 | v3 >> 43
    v3 ^= v0
    v2 &+= v1
    v1 = v1 << 17 | v1 >> 47
    v1 ^= v2
    v2 = v2 << 32 | v2 >> 32
  }
}

/// The 128 secret bits of a `SipHash`.
public struct SipKey: BitwiseCopyable, Sendable {
  let low: UInt64
  let high: UInt64

  /// - Parameters:
  ///   - low: the key's first eight bytes, the first one lowest.
  public init(low: UInt64, high: UInt64) {
    self.low = low
    self.high = high
  }
}
