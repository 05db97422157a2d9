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
}

/// All mappings, found by the host's port or by the outside port.
final class MappingTable {
  let records: PermanentTable<Mapping>
  /// Also of the records that are free.
  private let insideChains: HashChains
  private let outsideChains: HashChains
  private var random: UInt64
  private(set) var count = 0

  init(limit: Int, seed: UInt64) {
    records = PermanentTable(count: limit) { _ in
      Mapping(number: 0, isPermanent: false, port: 0, host: 0, outsidePort: 0)
    }
    insideChains = HashChains(recordCount: limit, seed: seed &* 3)
    outsideChains = HashChains(recordCount: limit, seed: seed &* 5)
    insideChains.spareAll()
    random = seed
  }

  func find(inside number: UInt8, _ host: UInt32, _ port: UInt16) -> Int32 {
    var index = insideChains.first(in: insideSlot(number, host, port))
    while index >= 0 {
      let mapping = records[Int(index)]
      if mapping.host == host, mapping.port == port, mapping.number == number { break }
      index = insideChains.next(after: index)
    }
    return index
  }

  func find(outside number: UInt8, _ port: UInt16) -> Int32 {
    var index = outsideChains.first(in: outsideSlot(number, port))
    while index >= 0 {
      let mapping = records[Int(index)]
      if mapping.outsidePort == port, mapping.number == number { break }
      index = outsideChains.next(after: index)
    }
    return index
  }

  /// Adds a mapping; there is always room, since each has a session or is permanent.
  func insert(_ mapping: Mapping) -> Int32 {
    let index = insideChains.first(in: insideChains.spare)
    precondition(index >= 0, "more mappings than sessions and forwards")
    insideChains.remove(index, from: insideChains.spare)
    records[Int(index)] = mapping
    insideChains.insert(index, in: insideSlot(mapping.number, mapping.host, mapping.port))
    outsideChains.insert(index, in: outsideSlot(mapping.number, mapping.outsidePort))
    count += 1
    return index
  }

  /// Takes one session off a mapping, which goes with its last one unless it is permanent.
  func release(_ index: Int32) {
    records[Int(index)].sessionCount -= 1
    let mapping = records[Int(index)]
    guard mapping.sessionCount == 0, !mapping.isPermanent else { return }
    insideChains.remove(index, from: insideSlot(mapping.number, mapping.host, mapping.port))
    outsideChains.remove(index, from: outsideSlot(mapping.number, mapping.outsidePort))
    insideChains.insert(index, in: insideChains.spare)
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

  private func insideSlot(_ number: UInt8, _ host: UInt32, _ port: UInt16) -> Int {
    insideChains.slot(UInt64(number), UInt64(host) << 16 | UInt64(port))
  }

  private func outsideSlot(_ number: UInt8, _ port: UInt16) -> Int {
    outsideChains.slot(UInt64(number), UInt64(port))
  }
}
