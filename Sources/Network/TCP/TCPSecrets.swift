// SPDX-License-Identifier: BSD-3-Clause

/// The secrets of one TCP: random numbers of a strong source, never shown.
public struct TCPSecrets: Sendable {
  let sequence: SipKey
  let cookie: SipKey
  let ports: SipKey
  let timestamps: SipKey
  let table: UInt64
  /// Seeds the small generator that randomises limits and probes.
  let noise: UInt64

  /// - Parameter words: where random words come from.
  public init(words: () -> UInt64) {
    sequence = SipKey(low: words(), high: words())
    cookie = SipKey(low: words(), high: words())
    ports = SipKey(low: words(), high: words())
    timestamps = SipKey(low: words(), high: words())
    table = words() | 1
    noise = words()
  }
}
