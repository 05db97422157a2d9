// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base

/// The paths whose largest packet is smaller than the interface's (RFC 1191, RFC 8201).
///
/// Some dozens are remembered, for ten minutes each as Linux does; a new one pushes the oldest out.
public struct PathMTUCache {
  private struct Entry {
    var target: IPAddress
    var mtu: Int
    var expiry: Instant
  }

  private var entries: [Entry] = []
  private let limit: Int

  /// Below this, a report about an IPv4 path is not believed (Linux `min_pmtu`).
  public static var minimumIPv4: Int { 552 }
  /// Every IPv6 path takes packets of this size (RFC 8200 section 5).
  public static var minimumIPv6: Int { 1280 }
  /// How long an entry holds.
  public static var lifetime: Nanoseconds { Nanoseconds(seconds: 600) }

  public init(limit: Int = 32) {
    self.limit = max(1, limit)
  }

  @inline(__always)
  public var isEmpty: Bool { entries.isEmpty }

  /// The largest packet to `target`: `mtu` of the interface, unless a smaller one is known.
  @inline(__always)
  public func mtu(to target: IPAddress, interface mtu: Int) -> Int {
    entries.isEmpty ? mtu : search(target, mtu)
  }

  private func search(_ target: IPAddress, _ mtu: Int) -> Int {
    for entry in entries where entry.target == target { return min(mtu, entry.mtu) }
    return mtu
  }

  /// Notes that a path takes no larger packets than `mtu`. One that is not smaller than what is
  /// known changes nothing. Returns whether anything changed.
  public mutating func lower(
    _ target: IPAddress, to mtu: Int, interface: Int, now: Instant
  ) -> Bool {
    let floor = target.isIPv4 ? Self.minimumIPv4 : Self.minimumIPv6
    let mtu = max(mtu, floor)
    guard mtu < self.mtu(to: target, interface: interface) else { return false }
    let entry = Entry(target: target, mtu: mtu, expiry: now + Self.lifetime)
    for index in entries.indices where entries[index].target == target {
      entries[index] = entry
      return true
    }
    if entries.count == limit {
      var oldest = 0
      for index in entries.indices where entries[index].expiry < entries[oldest].expiry {
        oldest = index
      }
      entries[oldest] = entry
    } else {
      entries.append(entry)
    }
    return true
  }

  /// When the next entry is forgotten.
  public var nextDeadline: Instant {
    var next = Instant.never
    for entry in entries { next = min(next, entry.expiry) }
    return next
  }

  public mutating func advance(to now: Instant) {
    entries.removeAll { $0.expiry <= now }
  }
}
