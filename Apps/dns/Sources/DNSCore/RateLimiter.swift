// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base

/// Bounds the answers that one network gets in datagrams, so that the server is no amplifier for
/// who forges addresses: a fixed number of buckets, whatever comes.
///
/// Over the limit, every second query gets an answer without content that sends honest askers to
/// TCP; the others get none.
public struct RateLimiter {
  public enum Decision: Sendable {
    case answer
    /// Without content, and with TC.
    case truncate
    case drop
  }

  private struct Bucket {
    var network: UInt64 = 0
    var tokens: Int64 = 0
    var at = Instant.start
    var turn = false
  }

  private var buckets = [Bucket](repeating: Bucket(), count: 1024)
  private let perSecond: Int64

  /// - Parameter perSecond: how many answers a network gets each second, and at once; 0 for no
  ///   limit.
  public init(perSecond: Int) {
    self.perSecond = Int64(max(0, min(perSecond, 1_000_000)))
  }

  /// Decides about one query. A network is 24 bits of an address of version 4, 56 of version 6.
  public mutating func decide(_ asker: IPAddress, at now: Instant) -> Decision {
    guard perSecond > 0 else { return .answer }
    let network =
      asker.ipv4.map { UInt64($0.rawValue >> 8) | 1 << 63 } ?? asker.mapped.high >> 8
    let index = Int(truncatingIfNeeded: (network &* 0x9e37_79b9_7f4a_7c15) >> 54)
    // Networks that share a bucket share its tokens: it is never more than the limit.
    let earned = (now - buckets[index].at).count / (1_000_000_000 / perSecond)
    if earned > 0 {
      buckets[index].tokens = min(perSecond, buckets[index].tokens + earned)
      buckets[index].at = now
    }
    if buckets[index].network == 0 {
      buckets[index].network = network
      buckets[index].tokens = perSecond
    }
    if buckets[index].tokens > 0 {
      buckets[index].tokens -= 1
      return .answer
    }
    buckets[index].turn.toggle()
    return buckets[index].turn ? .truncate : .drop
  }
}
