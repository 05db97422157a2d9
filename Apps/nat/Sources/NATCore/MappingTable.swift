// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// A port of the outside address that stands for a port of a host inside, whomever the host
/// speaks to: endpoint-independent mapping (RFC 4787 REQ-1, RFC 5382 REQ-1, RFC 5508 REQ-1).
struct Mapping: BitwiseCopyable {
  var number: UInt8
  /// A forward of the rule file: it stays without sessions, and anybody may begin one.
  var isPermanent: Bool
  var port: UInt16
  var host: UInt32
  var outsidePort: UInt16
  var sessionCount: Int32 = 0
  var nextByInside: Int32 = -1
  var nextByOutside: Int32 = -1
}

/// All mappings, found by the host's port or by the outside port.
final class MappingTable {
  let records: PermanentTable<Mapping>
  private let insideHeads: HashHeads
  private let outsideHeads: HashHeads
  private var free: Int32 = 0
  private var random: UInt64
  private(set) var count = 0

  init(limit: Int, seed: UInt64) {
    records = PermanentTable(count: limit) { index in
      var mapping = Mapping(number: 0, isPermanent: false, port: 0, host: 0, outsidePort: 0)
      mapping.nextByInside = index + 1 < limit ? Int32(index + 1) : -1
      return mapping
    }
    insideHeads = HashHeads(recordCount: limit, seed: seed &* 3)
    outsideHeads = HashHeads(recordCount: limit, seed: seed &* 5)
    random = seed
  }

  func find(inside number: UInt8, _ host: UInt32, _ port: UInt16) -> Int32 {
    var index = insideHeads[insideHeads.slot(UInt64(number), Self.key(host, port))]
    while index >= 0 {
      let mapping = records[Int(index)]
      if mapping.host == host, mapping.port == port, mapping.number == number { break }
      index = mapping.nextByInside
    }
    return index
  }

  func find(outside number: UInt8, _ port: UInt16) -> Int32 {
    var index = outsideHeads[outsideHeads.slot(UInt64(number), UInt64(port))]
    while index >= 0 {
      let mapping = records[Int(index)]
      if mapping.outsidePort == port, mapping.number == number { break }
      index = mapping.nextByOutside
    }
    return index
  }

  /// Adds a mapping; there is always room, since each has a session or is permanent.
  func insert(_ mapping: Mapping) -> Int32 {
    let index = free
    precondition(index >= 0, "more mappings than sessions and forwards")
    free = records[Int(index)].nextByInside
    records[Int(index)] = mapping
    let inside = insideHeads.slot(UInt64(mapping.number), Self.key(mapping.host, mapping.port))
    records[Int(index)].nextByInside = insideHeads[inside]
    insideHeads[inside] = index
    let outside = outsideHeads.slot(UInt64(mapping.number), UInt64(mapping.outsidePort))
    records[Int(index)].nextByOutside = outsideHeads[outside]
    outsideHeads[outside] = index
    count += 1
    return index
  }

  /// Takes one session off a mapping, which goes with its last one unless it is permanent.
  func release(_ index: Int32) {
    records[Int(index)].sessionCount -= 1
    let mapping = records[Int(index)]
    guard mapping.sessionCount == 0, !mapping.isPermanent else { return }
    let inside = insideHeads.slot(UInt64(mapping.number), Self.key(mapping.host, mapping.port))
    if insideHeads[inside] == index {
      insideHeads[inside] = mapping.nextByInside
    } else {
      var before = insideHeads[inside]
      while records[Int(before)].nextByInside != index {
        before = records[Int(before)].nextByInside
      }
      records[Int(before)].nextByInside = mapping.nextByInside
    }
    let outside = outsideHeads.slot(UInt64(mapping.number), UInt64(mapping.outsidePort))
    if outsideHeads[outside] == index {
      outsideHeads[outside] = mapping.nextByOutside
    } else {
      var before = outsideHeads[outside]
      while records[Int(before)].nextByOutside != index {
        before = records[Int(before)].nextByOutside
      }
      records[Int(before)].nextByOutside = mapping.nextByOutside
    }
    records[Int(index)].nextByInside = free
    free = index
    count -= 1
  }

  /// A free outside port for a host's port: the same where it is free, which keeps what randomness
  /// the host has put into it, else a random one of the same range (RFC 4787 REQ-3) and the same
  /// parity (REQ-4). Nil when a hundred tries find none.
  func freePort(_ number: UInt8, for port: UInt16) -> UInt16? {
    if port != 0 || number == ProtocolNumber.icmp, find(outside: number, port) < 0 { return port }
    for _ in 0..<100 {
      let candidate = Self.candidate(number, for: port, nextRandom())
      if candidate != 0 || number == ProtocolNumber.icmp, find(outside: number, candidate) < 0 {
        return candidate
      }
    }
    return nil
  }

  private static func candidate(_ number: UInt8, for port: UInt16, _ random: UInt16) -> UInt16 {
    if number == ProtocolNumber.icmp { return random }
    let parity = port & 1
    if port < 1024 { return (random & 0x3fe) | parity }
    return UInt16(1024 + (UInt32(random) * 64_512) >> 16) & 0xfffe | parity
  }

  private func nextRandom() -> UInt16 {
    random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt16(truncatingIfNeeded: random >> 48)
  }

  private static func key(_ host: UInt32, _ port: UInt16) -> UInt64 {
    UInt64(host) << 16 | UInt64(port)
  }
}
