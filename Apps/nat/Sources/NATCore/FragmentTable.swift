// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// What makes the pieces of one datagram belong together (RFC 791 section 3.2).
struct FragmentName: Equatable, BitwiseCopyable {
  let addresses: UInt64
  let rest: UInt64

  init(_ flow: Flow, from side: Side) {
    addresses = UInt64(flow.source) << 32 | UInt64(flow.target)
    rest =
      UInt64(flow.identification) << 16 | UInt64(flow.number) << 8 | UInt64(side.rawValue)
  }

  var state: FrameStore.State { .fragment(addresses, rest) }
}

/// How the first pieces of datagrams went, so that the others, which have no ports, go the same
/// way: a fixed number, the newest in the place of the oldest.
struct FragmentTable {
  struct Way: BitwiseCopyable {
    var name: FragmentName
    /// The end that is rewritten is the source on the way out, the target on the way in.
    var address: UInt32
    var hop: UInt32
    var until: Instant
  }

  static var capacity: Int { 64 }
  static let lifetime = Nanoseconds(seconds: 15)

  private var ways: [Way?] = Array(repeating: nil, count: capacity)
  private var next = 0

  func find(_ name: FragmentName, at now: Instant) -> Way? {
    for index in ways.indices {
      if let way = ways[index], way.name == name, way.until > now { return way }
    }
    return nil
  }

  mutating func insert(_ name: FragmentName, address: UInt32, hop: UInt32, at now: Instant) {
    ways[next] = Way(name: name, address: address, hop: hop, until: now + Self.lifetime)
    next = (next + 1) % Self.capacity
  }
}
