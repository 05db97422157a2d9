// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base

/// The two ends of a connection, seen from here.
public struct ConnectionTuple: Hashable, Sendable, BitwiseCopyable {
  public let local: Endpoint
  public let remote: Endpoint

  @inline(__always)
  public init(local: Endpoint, remote: Endpoint) {
    self.local = local
    self.remote = remote
  }

  /// A keyed hash of both ends that takes 36 bytes.
  func hash(_ key: SipKey) -> UInt64 {
    var hash = SipHash(key: key)
    hash.add(local.address.mapped.high)
    hash.add(local.address.mapped.low)
    hash.add(remote.address.mapped.high)
    hash.add(remote.address.mapped.low)
    return hash.finish(UInt64(local.port) << 16 | UInt64(remote.port), byteCount: 4)
  }
}

/// Chooses where sequence numbers begin: a clock and a keyed hash of both ends (RFC 6528 section 3,
/// RFC 9293 section 3.4.1).
enum InitialSequence {
  /// ISN = M + F(local, remote, secret); M ticks every 4 microseconds.
  static func number(for tuple: ConnectionTuple, key: SipKey, now: Instant) -> SequenceNumber {
    let clock = UInt32(truncatingIfNeeded: now.nanoseconds >> 12)
    return SequenceNumber(clock &+ UInt32(truncatingIfNeeded: tuple.hash(key)))
  }
}
