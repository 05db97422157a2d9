// SPDX-License-Identifier: BSD-3-Clause

import Base

/// One conversation between a host inside and one outside.
struct Session: BitwiseCopyable {
  /// What has been seen of a TCP connection.
  struct Progress: OptionSet, BitwiseCopyable {
    let rawValue: UInt8
    static var insideBegan: Self { Self(rawValue: 1) }
    static var outsideBegan: Self { Self(rawValue: 2) }
    static var insideEnded: Self { Self(rawValue: 4) }
    static var outsideEnded: Self { Self(rawValue: 8) }
    static var reset: Self { Self(rawValue: 16) }
    static var stands: Self { [.insideBegan, .outsideBegan] }
    static var ended: Self { [.insideEnded, .outsideEnded] }
  }

  /// Addresses and ports as the inside sees them.
  var insideKey: FlowKey
  /// As the outside sees them, without the outside address.
  var outsideKey: FlowKey
  /// When a packet last prolonged its life.
  var refreshed = Instant.start
  var mapping: Int32
  /// The rule that let it begin; negative for the fallback.
  var rule: Int32
  var older: Int32 = -1
  var newer: Int32 = -1
  /// Where the neighbours were found last.
  var insideNeighbor: Int32 = -1
  var outsideNeighbor: Int32 = -1
  var progress = Progress(rawValue: 0)
  /// Which queue it is in.
  var kind: Kind

  /// What decides how long a session lives, in the order in which sessions make room for others.
  enum Kind: UInt8, BitwiseCopyable {
    case transitory, icmp, udp, established
  }

  /// Notes what a segment does to the connection, and says which kind of session it is now.
  ///
  /// A reset ends nothing by itself, since anybody may forge one: data that comes afterwards makes
  /// the connection stand again (RFC 7857 section 2.2). A SYN after the end begins anew.
  @inline(__always)
  mutating func note(_ flags: TCPFlags, from side: Side) -> Kind {
    if flags.isDisjoint(with: [.syn, .fin, .reset]) {
      progress.remove(.reset)
    } else if flags.contains(.reset) {
      progress.insert(.reset)
    } else if flags.contains(.syn) {
      if progress.contains(.reset) || progress.contains(.ended) { progress = [] }
      progress.insert(side == .inside ? .insideBegan : .outsideBegan)
    } else {
      progress.insert(side == .inside ? .insideEnded : .outsideEnded)
    }
    if progress.contains(.reset) || progress.contains(.ended) { return .transitory }
    return progress.contains(.stands) ? .established : .transitory
  }
}
