// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Internet
import IPv4
import Packets
import Testing

private func time(_ seconds: Double) -> Instant {
  Instant(nanoseconds: UInt64(seconds * 1_000_000_000))
}

@Suite struct IPv4HeaderTests {
  private func parse(_ bytes: [UInt8]) throws(IPv4HeaderError) -> IPv4Header {
    try IPv4Header(parsing: RawSpan(_elements: bytes.span))
  }

  private let good =
    hex("45000073000040004011b861c0a80001c0a800c7") + [UInt8](repeating: 7, count: 95)

  @Test func aKnownHeader() throws {
    let header = try parse(good)
    check(header.source == v4("192.168.0.1") && header.target == v4("192.168.0.199"))
    check(header.number == 17 && header.hopLimit == 64 && header.totalByteCount == 115)
    check(header.fragment == IPv4Header.dontFragment && !header.isFragment)
    var bytes = [UInt8](repeating: 0, count: 20)
    var elements = bytes.mutableSpan
    var span = MutableRawSpan(_elements: &elements)
    header.store(in: &span)
    check(span.bytes.array == Array(good[..<20]))
  }

  @Test func whatIsMalformedIsRefused() {
    #expect(throws: IPv4HeaderError.truncated) { try parse(Array(good[..<19])) }
    #expect(throws: IPv4HeaderError.truncated) { try parse(Array(good[..<114])) }
    var bytes = good
    bytes[0] = 0x65
    #expect(throws: IPv4HeaderError.badVersion) { try parse(bytes) }
    bytes[0] = 0x44
    #expect(throws: IPv4HeaderError.badHeaderLength) { try parse(bytes) }
    bytes = good
    (bytes[2], bytes[3]) = (0, 19)
    #expect(throws: IPv4HeaderError.badTotalLength) { try parse(bytes) }
    bytes = good
    bytes[8] ^= 1
    #expect(throws: IPv4HeaderError.badChecksum) { try parse(bytes) }
    bytes = ipv4Packet(from: "224.0.0.1", to: "10.0.0.1", protocol: 17, [])
    #expect(throws: IPv4HeaderError.badSource) { try parse(bytes) }
    bytes = ipv4Packet(from: "255.255.255.255", to: "10.0.0.1", protocol: 17, [])
    #expect(throws: IPv4HeaderError.badSource) { try parse(bytes) }
  }

  @Test func headersWithOptions() throws {
    // Router alert (RFC 2113), 24 bytes.
    let bytes =
      hex("46c00020000040000102 4217 0a000001e0000016 94040000") + [1, 2, 3, 4, 5, 6, 7, 8]
    var fixed = bytes
    fixed[10] = 0
    fixed[11] = 0
    let header = Array(fixed[..<24])
    let sum = InternetChecksum.of(RawSpan(_elements: header.span))
    fixed[10] = UInt8(sum >> 8)
    fixed[11] = UInt8(sum & 255)
    let parsed = try parse(fixed)
    check(parsed.headerByteCount == 24 && parsed.payloadByteCount == 8)
    fixed[21] ^= 4
    #expect(throws: IPv4HeaderError.badChecksum) { try parse(fixed) }
  }

  @Test(arguments: [
    ("", true), ("01010100", true), ("94040000", true), ("00ffffff", true),
    ("8307040a000001 00", false),
    ("8907040a000001 00", false), ("94", false), ("9401 0101", false), ("94060000", false),
    ("07", false),
  ])
  func options(_ text: String, _ areAcceptable: Bool) {
    let header = [UInt8](repeating: 0, count: 20) + hex(text)
    check(IPv4Options.areAcceptable(RawSpan(_elements: header.span)) == areAcceptable)
  }

  @Test func theHeaderIsInTheFirstPiece() throws {
    let bytes = hex("46000073000040004011 0000 c0a80001c0a800c7")
    #expect(throws: IPv4HeaderError.truncated) {
      try IPv4Header(parsing: RawSpan(_elements: bytes.span), following: 200)
    }
    let plain = Array(good[..<20])
    let header = try IPv4Header(parsing: RawSpan(_elements: plain.span), following: 95)
    check(header.totalByteCount == 115)
    #expect(throws: IPv4HeaderError.truncated) {
      try IPv4Header(parsing: RawSpan(_elements: plain.span), following: 94)
    }
  }

  @Test func everyChecksumIsRight() throws {
    var random = SeededGenerator(seed: 5)
    for _ in 0..<1000 {
      let header = IPv4Header(
        from: IPv4Address(UInt32.random(in: 0x0100_0000...0xdfff_ffff, using: &random)),
        to: IPv4Address(UInt32(truncatingIfNeeded: random.next())),
        protocol: UInt8(truncatingIfNeeded: random.next()), totalByteCount: 20,
        hopLimit: UInt8(truncatingIfNeeded: random.next()),
        trafficClass: UInt8(truncatingIfNeeded: random.next()),
        identification: UInt16(truncatingIfNeeded: random.next()),
        fragment: UInt16(truncatingIfNeeded: random.next()))
      var bytes = [UInt8](repeating: 0, count: 20)
      var elements = bytes.mutableSpan
      var span = MutableRawSpan(_elements: &elements)
      header.store(in: &span)
      check(InternetChecksum.of(span.bytes) == 0)
      let parsed = try IPv4Header(parsing: span.bytes)
      check(parsed.fragment == header.fragment && parsed.target == header.target)
    }
  }

  @Test func fuzzHeaders() {
    let seed = fuzz(times: 2000) { random in
      let bytes = random.mutate(Array(good[..<Int.random(in: 20...40, using: &random)]))
      let span = RawSpan(_elements: bytes.span)
      guard let header = try? IPv4Header(parsing: span, checksumIsVerified: true) else { return }
      precondition(header.totalByteCount <= bytes.count && header.headerByteCount <= bytes.count)
      _ = IPv4Options.areAcceptable(span.extracting(first: header.headerByteCount))
    }
    check(seed != 0)
  }
}

@Suite struct IPv4RoutesTests {
  private func routes() -> IPv4Routes {
    var routes = IPv4Routes()
    precondition(routes.add(IPv4Prefix(v4("10.0.2.15"), length: 24)))
    precondition(routes.add(IPv4Routes.Route(IPv4Prefix(.any, length: 0), via: v4("10.0.2.2"))))
    return routes
  }

  @Test func oneNetworkAndARouter() {
    let routes = routes()
    check(routes.hop(to: v4("10.0.2.7")) == .neighbor(v4("10.0.2.7")))
    check(routes.hop(to: v4("1.1.1.1")) == .neighbor(v4("10.0.2.2")))
    check(routes.hop(to: v4("10.0.2.15")) == .loopback)
    check(routes.hop(to: v4("127.8.9.10")) == .loopback)
    check(routes.hop(to: v4("10.0.2.255")) == .broadcast)
    check(routes.hop(to: .broadcast) == .broadcast)
    check(routes.hop(to: v4("224.0.0.251")) == .multicast)
    check(routes.hop(to: v4("250.0.0.1")) == .unreachable)
    check(routes.hop(to: v4("0.0.0.0")) == .unreachable)
    check(routes.hop(to: v4("0.1.2.3")) == .unreachable)
    check(routes.source(to: v4("1.1.1.1")) == v4("10.0.2.15"))
    check(routes.source(to: v4("127.0.0.1")) == v4("127.0.0.1"))
    check(routes.isBroadcast(v4("10.0.2.255")) && !routes.isBroadcast(v4("10.0.3.255")))
  }

  @Test func theLongestPrefixWins() {
    var routes = routes()
    check(routes.add(IPv4Routes.Route(IPv4Prefix(v4("10.1.0.0"), length: 16), via: v4("10.0.2.3"))))
    check(routes.add(IPv4Routes.Route(IPv4Prefix(v4("10.1.9.0"), length: 24), via: v4("10.0.2.4"))))
    check(routes.add(IPv4Routes.Route(IPv4Prefix(v4("10.2.0.0"), length: 16), via: nil)))
    check(routes.hop(to: v4("10.1.9.9")) == .neighbor(v4("10.0.2.4")))
    check(routes.hop(to: v4("10.1.8.9")) == .neighbor(v4("10.0.2.3")))
    check(routes.hop(to: v4("10.2.8.9")) == .neighbor(v4("10.2.8.9")))
    check(routes.hop(to: v4("9.9.9.9")) == .neighbor(v4("10.0.2.2")))
    check(routes.add(IPv4Routes.Route(IPv4Prefix(.any, length: 0), via: v4("10.0.2.9"))))
    check(routes.hop(to: v4("9.9.9.9")) == .neighbor(v4("10.0.2.9")), "replaced")
  }

  @Test func severalAddresses() {
    var routes = routes()
    check(routes.add(IPv4Prefix(v4("192.168.7.1"), length: 30)))
    check(!routes.add(IPv4Prefix(v4("192.168.7.1"), length: 24)))
    check(routes.hop(to: v4("192.168.7.2")) == .neighbor(v4("192.168.7.2")))
    check(routes.hop(to: v4("192.168.7.1")) == .loopback && routes.isOwn(v4("192.168.7.1")))
    check(routes.source(to: v4("192.168.7.2")) == v4("192.168.7.1"))
    check(routes.source(to: v4("8.8.8.8")) == v4("10.0.2.15"))
    routes.remove(v4("192.168.7.1"))
    check(routes.hop(to: v4("192.168.7.2")) == .neighbor(v4("10.0.2.2")))
    routes.remove(v4("10.0.2.15"))
    check(!routes.isOwn(v4("10.0.2.15")) && !routes.isOwn(.any))
    check(routes.source(to: v4("8.8.8.8")) == nil)
  }

  @Test func networksThatBeginAlike() {
    var routes = routes()
    check(routes.add(IPv4Routes.Route(IPv4Prefix(v4("10.0.2.0"), length: 23), via: nil)))
    check(routes.hop(to: v4("10.0.3.7")) == .neighbor(v4("10.0.3.7")), "not by the router")
    check(routes.add(IPv4Prefix(v4("10.0.2.16"), length: 25)))
    check(routes.isBroadcast(v4("10.0.2.127")) && routes.isBroadcast(v4("10.0.2.255")))
    routes.remove(v4("10.0.2.16"))
    check(!routes.isBroadcast(v4("10.0.2.127")))
    check(routes.hop(to: v4("10.0.2.7")) == .neighbor(v4("10.0.2.7")))
    routes.remove(onLink: IPv4Prefix(v4("10.0.2.0"), length: 23))
    check(routes.hop(to: v4("10.0.3.7")) == .neighbor(v4("10.0.2.2")))
    check(routes.hop(to: v4("10.0.2.7")) == .neighbor(v4("10.0.2.7")))
  }

  @Test func whatNoHostCanHaveIsRefused() {
    var routes = IPv4Routes()
    for text in ["0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "0.1.1.1"] {
      check(!routes.add(IPv4Prefix(v4(text), length: 24)))
    }
    check(routes.hop(to: v4("10.0.2.2")) == .unreachable)
    check(routes.hop(to: v4("224.0.0.1")) == .unreachable)
    check(routes.hop(to: .broadcast) == .broadcast, "how DHCP begins")
    for number in 0..<100 {
      _ = routes.add(
        IPv4Routes.Route(IPv4Prefix(IPv4Address(10, UInt8(number), 0, 0), length: 16), via: nil))
    }
    check(routes.routes.count == IPv4Routes.routeLimit)
  }
}

@Suite struct ReassemblyTests {
  private func table(limit: Int = 4) -> ReassemblyTable {
    ReassemblyTable(
      pool: PacketPool(bufferCount: 1, byteCount: 65_536 + Packet.headroom, limit: limit + 2)!,
      limit: limit)
  }

  private func key(_ identification: UInt32) -> FragmentKey {
    FragmentKey(
      source: IPAddress(v4("10.0.0.1")), target: IPAddress(v4("10.0.0.2")),
      identification: identification, protocol: 17)
  }

  private func add(
    _ table: ReassemblyTable, _ bytes: [UInt8], at offset: Int, isLast: Bool = false,
    id: UInt32 = 1,
    now: Double = 0
  ) -> ReassemblyTable.Outcome {
    let header = [UInt8](repeating: 0x45, count: 20)
    return table.add(
      RawSpan(_elements: bytes.span), at: offset, isLast: isLast, key: key(id),
      header: RawSpan(_elements: header.span), now: time(now))
  }

  @Test func anyOrderOfAnyPieces() {
    var random = SeededGenerator(seed: 11)
    let table = table()
    for round in 0..<60 {
      let size = Int.random(in: 9...20_000, using: &random)
      let bytes = random.bytes(size)
      var pieces: [(Int, Int)] = []
      var offset = 0
      while offset < size {
        let step = min(
          Int.random(in: 1...max(1, size / 160 + 40), using: &random) * 8, size - offset)
        pieces.append((offset, offset + step))
        offset += step
      }
      if pieces.count > 60 { continue }
      pieces.shuffle(using: &random)
      for (index, piece) in pieces.enumerated() {
        let outcome = add(
          table, Array(bytes[piece.0..<piece.1]), at: piece.0, isLast: piece.1 == size,
          id: UInt32(round))
        check(outcome == (index == pieces.count - 1 ? .completed : .kept))
        if index == 0, pieces.count > 1 {
          check(
            add(
              table, Array(bytes[piece.0..<piece.1]), at: piece.0, isLast: piece.1 == size,
              id: UInt32(round)) == .kept, "a repetition is passed over")
        }
      }
      check(table.takeCompleted()!.array == bytes)
      check(table.takeCompleted() == nil && table.count == 0)
    }
  }

  @Test func overlapsEndTheDatagram() {
    let table = table()
    let sixteen = [UInt8](repeating: 1, count: 16)
    check(add(table, sixteen, at: 0) == .kept)
    check(add(table, sixteen, at: 8) == .refused && table.count == 0)
    check(add(table, sixteen, at: 16) == .kept)
    check(add(table, [UInt8](repeating: 1, count: 24), at: 0) == .refused && table.count == 0)
    check(add(table, sixteen, at: 16, isLast: true) == .kept)
    check(add(table, sixteen, at: 24) == .refused, "behind the end")
    check(add(table, sixteen, at: 16, isLast: true) == .kept)
    check(add(table, sixteen, at: 32, isLast: true) == .refused, "two ends")
    check(add(table, sixteen, at: 64) == .kept)
    check(add(table, sixteen, at: 16, isLast: true) == .refused, "an end before what came")
  }

  @Test func lengthsThatCannotBe() {
    let table = table()
    check(add(table, [], at: 0) == .refused)
    check(add(table, [1, 2, 3], at: 0) == .refused, "not a multiple of 8")
    check(add(table, [1, 2, 3, 4, 5, 6, 7, 8], at: 4) == .refused)
    check(add(table, [UInt8](repeating: 0, count: 16), at: 65_528) == .refused)
    check(add(table, [1, 2, 3, 4, 5, 6, 7], at: 65_528, isLast: true) == .kept)
    check(table.count == 1)
  }

  @Test func memoryIsBounded() {
    let table = table(limit: 4)
    for id: UInt32 in 0..<100 {
      check(add(table, [UInt8](repeating: 1, count: 8), at: 0, id: id) == .kept)
      check(table.count <= 4)
    }
    // The newest are still there.
    check(add(table, [9], at: 8, isLast: true, id: 99) == .completed)
    var outcome = ReassemblyTable.Outcome.kept
    for piece in 0..<200 where outcome == .kept {
      outcome = add(table, [UInt8](repeating: 1, count: 8), at: piece * 16, id: 1000)
    }
    check(outcome == .dropped, "too many holes")
  }

  @Test func timeRunsOut() {
    let table = table()
    check(add(table, [UInt8](repeating: 1, count: 8), at: 0, id: 1) == .kept)
    check(add(table, [UInt8](repeating: 2, count: 8), at: 8, id: 2, now: 10) == .kept)
    check(table.nextDeadline == time(30))
    check(table.takeExpired(at: time(29.9)) == nil)
    let first = table.takeExpired(at: time(30))!
    check(first.array == [UInt8](repeating: 0x45, count: 20) + [UInt8](repeating: 1, count: 8))
    check(table.takeExpired(at: time(30)) == nil)
    let second = table.takeExpired(at: time(40))!
    check(second.byteCount == 0, "its first fragment never came")
    check(table.nextDeadline == .never)
  }

  @Test func fuzzFragments() {
    let table = table()
    let seed = fuzz(times: 3000) { random in
      let count = Int.random(in: 0...40, using: &random) * (random.chance(80) ? 8 : 1)
      let offset = Int.random(in: 0...20, using: &random) * 8 + (random.chance(2) ? 65_000 : 0)
      _ = add(
        table, random.bytes(count), at: offset, isLast: random.chance(20),
        id: UInt32.random(in: 0...5, using: &random))
      if let packet = table.takeCompleted() {
        precondition(packet.byteCount > 0 && packet.byteCount <= 65_535)
      }
      precondition(table.count <= 4)
    }
    check(seed != 0)
  }
}

@Suite struct PathMTUCacheTests {
  private let target = IPAddress(v4("1.2.3.4"))

  @Test func itOnlyShrinksUntilItIsForgotten() {
    var cache = PathMTUCache(limit: 2)
    check(cache.mtu(to: target, interface: 1500) == 1500)
    check(cache.lower(target, to: 1400, interface: 1500, now: time(0)))
    check(!cache.lower(target, to: 1450, interface: 1500, now: time(0)))
    check(cache.lower(target, to: 68, interface: 1500, now: time(1)))
    check(cache.mtu(to: target, interface: 1500) == PathMTUCache.minimumIPv4)
    check(cache.nextDeadline == time(601))
    cache.advance(to: time(601))
    check(cache.mtu(to: target, interface: 1500) == 1500 && cache.nextDeadline == .never)
    let six = IPAddress(v6("2001:db8::1"))
    check(cache.lower(six, to: 100, interface: 1500, now: time(0)))
    check(cache.mtu(to: six, interface: 1500) == 1280)
  }

  @Test func theOldestMakesRoom() {
    var cache = PathMTUCache(limit: 2)
    for number: UInt8 in 1...3 {
      check(
        cache.lower(
          IPAddress(IPv4Address(1, 1, 1, number)), to: 1000, interface: 1500,
          now: time(Double(number))))
    }
    check(cache.mtu(to: IPAddress(v4("1.1.1.1")), interface: 1500) == 1500)
    check(cache.mtu(to: IPAddress(v4("1.1.1.2")), interface: 1500) == 1000)
    check(cache.mtu(to: IPAddress(v4("1.1.1.3")), interface: 1500) == 1000)
  }
}

@Suite struct RateLimitTests {
  @Test func aBurstAndThenTheRate() {
    var limit = RateLimit(perSecond: 10, burst: 3)
    for start in [0.0, 100.0] {
      for _ in 0..<3 { check(limit.take(now: time(start))) }
      check(!limit.take(now: time(start)))
      check(!limit.take(now: time(start + 0.099)))
      check(limit.take(now: time(start + 0.1)))
      check(!limit.take(now: time(start + 0.1)))
    }
  }
}
