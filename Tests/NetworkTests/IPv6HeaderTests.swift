// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Internet
import IPv6
import Packets
import Testing

@Suite struct IPv6HeaderTests {
  private func parse(_ bytes: [UInt8]) throws(IPv6HeaderError) -> IPv6Header {
    try IPv6Header(parsing: RawSpan(_elements: bytes.span))
  }

  private func chain(_ headers: String, first: UInt8) throws(IPv6HeaderError) -> IPv6Chain {
    let bytes = ipv6Packet(from: "fe80::1", to: "fe80::2", next: first, hex(headers))
    return try IPv6Chain(parsing: RawSpan(_elements: bytes.span), first: first)
  }

  private let good =
    hex("6ab12345 0003 11 40 20010db8000000000000000000000001 fe800000000000000000000000000002")
    + [1, 2, 3]

  @Test func aKnownHeader() throws {
    let header = try parse(good)
    #expect(header.trafficClass == 0xab && header.flowLabel == 0x12345)
    #expect(header.payloadByteCount == 3 && header.nextHeader == 17 && header.hopLimit == 64)
    #expect(header.source == v6("2001:db8::1") && header.target == v6("fe80::2"))
    var bytes = [UInt8](repeating: 0xee, count: 41)
    var elements = bytes.mutableSpan
    var span = MutableRawSpan(_elements: &elements)
    header.store(in: &span)
    #expect(bytes == good[..<40] + [0xee])
  }

  @Test func whatIsMalformedIsRefused() {
    #expect(throws: IPv6HeaderError.truncated) { try parse(Array(good[..<39])) }
    #expect(throws: IPv6HeaderError.truncated) { try parse(Array(good[..<42])) }
    for version: UInt8 in [0x40, 0x50, 0x70] {
      var bytes = good
      bytes[0] = version
      #expect(throws: IPv6HeaderError.badVersion) { try parse(bytes) }
    }
    for (source, target) in [
      ("ff02::1", "fe80::1"), ("::ffff:1.2.3.4", "fe80::1"), ("fe80::1", "::ffff:1.2.3.4"),
      ("fe80::1", "::"),
    ] {
      #expect(throws: IPv6HeaderError.badAddress) {
        try parse(ipv6Packet(from: source, to: target, next: 17, []))
      }
    }
  }

  /// Next header 44 is a fragment, 0 hop-by-hop, 60 for the target, 43 routing.
  @Test(arguments: [
    ("", 17, 17, 40, 6), ("", 59, 59, 40, 6),
    // PadN, router alert, an option that may be skipped.
    ("1100 0104 00000000", 0, 17, 48, 40), ("3a00 0502 0000 0100", 0, 58, 48, 40),
    ("0600 3e04 01020304", 60, 6, 48, 40), ("0601 010c 000000000000000000000000", 60, 6, 56, 40),
    // Two headers, with no segments left.
    ("2b00 0104 00000000 1100 0000 00000000", 0, 17, 56, 48),
  ])
  func chainsAreFollowed(
    _ headers: String, _ first: UInt8, _ number: UInt8, _ offset: Int, _ place: Int
  ) throws {
    let chain = try chain(headers, first: first)
    #expect(chain.number == number && chain.offset == offset && chain.numberPlace == place)
    #expect(chain.fragment == nil)
  }

  @Test func fragmentsAreFound() throws {
    let first = try chain("11000001 0a0b0c0d", first: 44)
    let fragment = try #require(first.fragment)
    #expect(fragment.offset == 0 && fragment.hasMore && !fragment.isAtomic)
    #expect(fragment.identification == 0x0a0b_0c0d && first.number == 17 && first.offset == 48)
    let last = try #require(try chain("1100fff8 00000000", first: 44).fragment)
    #expect(last.offset == 65_528 && !last.hasMore && !last.isAtomic)
    // The two reserved bits are looked over (RFC 8200 section 4.5).
    let atomic = try #require(try chain("11ff0006 00000000", first: 44).fragment)
    #expect(atomic.isAtomic)
  }

  @Test(arguments: [
    ("1100 0104 000000", 0), ("11", 60), ("1101 0104 00000000", 60), ("110000", 44),
    ("1100 0107 00000000", 0), ("1100 0000 000001", 60), ("1100000000000001", 60),
    ("3b00000000000000", 51),
  ])
  func brokenChainsAreRefused(_ headers: String, _ first: UInt8) {
    #expect(throws: IPv6HeaderError.badExtension) { try chain(headers, first: first) }
  }

  /// RFC 8200 section 4.2 and 4.4.
  @Test func whatTheSenderIsToKnow() {
    func error(_ headers: String, _ first: UInt8) -> IPv6HeaderError? {
      do {
        _ = try chain(headers, first: first)
        return nil
      } catch {
        return error
      }
    }
    #expect(error("1100 4004 00000000", 0) == .unknownOption)
    #expect(error("1100 8004 00000000", 60) == .reportedOption(at: 42, toGroups: true))
    #expect(error("1100 0000 c202 0000", 60) == .reportedOption(at: 44, toGroups: false))
    #expect(error("1100 0001 00000000", 43) == .reportedRouting(at: 42))
    #expect(error("0000 0104 00000000", 60) == .reportedHeader(at: 40))
  }

  @Test func tooManyHeadersAreAnAttack() throws {
    let one = "3c00 0104 00000000"
    let last = "1100 0104 00000000"
    let seven = try chain(String(repeating: one, count: 6) + last, first: 60)
    #expect(seven.number == 17 && seven.offset == 40 + 56)
    #expect(throws: IPv6HeaderError.badExtension) {
      try chain(String(repeating: one, count: 7) + last, first: 60)
    }
  }

  @Test(arguments: [
    ("", 17, false), ("01", 58, true), ("80", 58, false), ("89", 58, true), ("", 58, true),
    ("3a00 8004 00000000 01", 60, true), ("3a00 8004 00000000 80", 60, false),
    ("3a000001 00000000 80", 44, false), ("3a000009 00000000 80", 44, true), ("3a00", 60, true),
  ])
  func errorsAreKnownByTheirPackets(_ headers: String, _ first: UInt8, _ expected: Bool) {
    let bytes = ipv6Packet(from: "fe80::1", to: "fe80::2", next: first, hex(headers))
    #expect(IPv6Chain.mayBeError(RawSpan(_elements: bytes.span)) == expected)
  }

  @Test func fragmentsOfAnySize() throws {
    var random = SeededGenerator(seed: 4)
    for mtu in [1280, 1281, 1500, 9000] {
      for size in [1, mtu - 48, mtu, 9001, 40_000] {
        let bytes = random.bytes(size)
        let header = IPv6Header(
          from: v6("fe80::1"), to: v6("fe80::2"), nextHeader: 17, payloadByteCount: size)
        var source = Frame.allocate(byteCount: size, from: testPool)!
        var position = 0
        source.forEachMutableBytes { target in
          let part = Array(bytes[position..<position + target.byteCount])
          target.copy(RawSpan(_elements: part.span))
          position += part.count
        }
        var fragmenter = IPv6Fragmenter(source, header: header, identification: 7, mtu: mtu)
        var whole: [UInt8] = []
        while let piece = fragmenter.next(from: testPool) {
          let array = piece.array
          let parsed = try parse(array)
          let chain = try IPv6Chain(
            parsing: RawSpan(_elements: array.span), first: parsed.nextHeader)
          let fragment = try #require(chain.fragment)
          #expect(array.count <= mtu && chain.number == 17 && fragment.identification == 7)
          #expect(fragment.offset == whole.count)
          whole += array[48...]
          #expect(fragment.hasMore == (whole.count < size))
        }
        check(whole == bytes, "\(size) bytes in pieces of \(mtu)")
      }
    }
  }

  @Test func fuzzChains() {
    let seed = fuzz(times: 5000) { random in
      var bytes = ipv6Packet(
        from: "fe80::1", to: "fe80::2", next: [0, 43, 44, 60].randomElement(using: &random)!,
        hex("3c00 0104 00000000 2b00 0502 0000 0100 2c00 0000 00000000 11000001 0a0b0c0d")
          + random.bytes(20))
      bytes = random.mutate(bytes)
      let span = RawSpan(_elements: bytes.span)
      guard let header = try? IPv6Header(parsing: span) else { return }
      precondition(40 + header.payloadByteCount <= bytes.count)
      let packet = span.extracting(first: 40 + header.payloadByteCount)
      _ = IPv6Chain.mayBeError(packet)
      guard let chain = try? IPv6Chain(parsing: packet, first: header.nextHeader) else { return }
      precondition(chain.offset <= packet.byteCount && chain.numberPlace < chain.offset)
      precondition(packet.byte(at: chain.numberPlace) == chain.number)
    }
    #expect(seed != 0)
  }
}

@Suite struct IPv6RoutesTests {
  private func time(_ seconds: UInt64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

  private func own(
    _ text: String, isTentative: Bool = false, preferred: Instant = .never, valid: Instant = .never
  ) -> IPv6OwnAddress {
    IPv6OwnAddress(
      IPv6Prefix(v6(text), length: 64), isTentative: isTentative, preferredUntil: preferred,
      validUntil: valid)
  }

  private func routes(_ addresses: IPv6OwnAddress...) -> IPv6Routes {
    var routes = IPv6Routes()
    for address in addresses { precondition(routes.add(address)) }
    return routes
  }

  @Test func whereToGo() {
    var routes = routes(own("fe80::1"), own("2001:db8:0:1::1"))
    #expect(routes.hop(to: v6("2001:db8:0:1::2")) == .unreachable, "not known to be on the link")
    routes.set(onLink: IPv6Prefix(v6("2001:db8:0:1::"), length: 64), until: .never, now: time(0))
    #expect(routes.hop(to: v6("2001:db8:0:1::2")) == .neighbor(v6("2001:db8:0:1::2")))
    #expect(routes.hop(to: v6("2001:db8:0:1::1")) == .loopback)
    #expect(routes.hop(to: .loopback) == .loopback)
    #expect(routes.hop(to: v6("fe80::9")) == .neighbor(v6("fe80::9")))
    #expect(routes.hop(to: v6("ff02::1")) == .multicast)
    #expect(routes.hop(to: .any) == .unreachable)
    #expect(routes.hop(to: v6("::ffff:1.2.3.4")) == .unreachable)
    #expect(routes.hop(to: v6("2a00::1")) == .unreachable)
    routes.set(router: v6("fe80::a"), until: time(10), now: time(0))
    routes.set(router: v6("fe80::b"), until: time(20), now: time(0))
    #expect(routes.hop(to: v6("2a00::1")) == .neighbor(v6("fe80::a")))
    routes.demote(router: v6("fe80::a"))
    #expect(routes.hop(to: v6("2a00::1")) == .neighbor(v6("fe80::b")))
    routes.set(router: v6("fe80::b"), until: time(0), now: time(0))
    #expect(routes.hop(to: v6("2a00::1")) == .neighbor(v6("fe80::a")))
    check(routes.nextDeadline == time(10) && !routes.advance(to: time(9)))
    check(routes.advance(to: time(10)))
    #expect(routes.hop(to: v6("2a00::1")) == .unreachable && routes.nextDeadline == .never)
  }

  @Test func theLongestNetworkDoesNotMatterButItsEndDoes() {
    var routes = routes(own("fe80::1"))
    routes.set(onLink: IPv6Prefix(v6("2001:db8::"), length: 32), until: time(5), now: time(0))
    routes.set(onLink: IPv6Prefix(v6("2001:db8::9"), length: 32), until: time(7), now: time(0))
    #expect(routes.onLink.count == 1, "the same network")
    check(routes.advance(to: time(7)) && routes.onLink.isEmpty)
    for number in 0..<100 {
      routes.set(
        onLink: IPv6Prefix(IPv6Address(high: UInt64(number) << 32, low: 0), length: 64),
        until: .never, now: time(0))
      routes.set(
        router: IPv6Address(high: 0xfe80 << 48, low: UInt64(number + 1)), until: .never,
        now: time(0))
      _ = routes.add(own("2001:db8::\(String(number + 1, radix: 16))"))
    }
    #expect(routes.onLink.count == IPv6Routes.onLinkLimit)
    #expect(routes.routers.count == IPv6Routes.routerLimit)
    #expect(routes.addresses.count == IPv6Routes.addressLimit)
  }

  @Test func whatNoHostCanHave() {
    var routes = IPv6Routes()
    for text in ["::", "::1", "ff02::1", "::ffff:1.2.3.4"] { check(!routes.add(own(text))) }
    check(routes.add(own("fe80::1")) && !routes.add(own("fe80::1")))
    #expect(routes.isOwn(.loopback) && routes.isOwn(v6("fe80::1")) && !routes.isOwn(v6("fe80::2")))
  }

  @Test func tentativeAddressesAreNotOurs() {
    var routes = routes(own("fe80::1", isTentative: true))
    #expect(!routes.isOwn(v6("fe80::1")) && routes.isClaimed(v6("fe80::1")))
    #expect(routes.isSolicitedNodeGroup(v6("ff02::1:ff00:1")), "rivals must be heard")
    #expect(routes.source(to: v6("fe80::2"), now: time(0)) == nil)
    routes.confirm(v6("fe80::1"))
    #expect(routes.isOwn(v6("fe80::1")))
    #expect(routes.source(to: v6("fe80::2"), now: time(0)) == v6("fe80::1"))
    #expect(!routes.isSolicitedNodeGroup(v6("ff02::1:ff00:2")))
    routes.remove(v6("fe80::1"))
    #expect(!routes.isClaimed(v6("fe80::1")))
  }

  /// RFC 6724 section 5.
  @Test func sourcesAreChosen() {
    var routes = routes(
      own("fe80::1"), own("2001:db8:1::1", preferred: time(100)), own("2001:db8:2::1"),
      own("fd00:1::1"))
    routes.set(router: v6("fe80::a"), until: .never, now: time(0))
    func source(_ target: String, _ seconds: UInt64 = 0) -> String? {
      routes.source(to: v6(target), now: time(seconds)).map(text)
    }
    #expect(source("2001:db8:1::1") == "2001:db8:1::1", "rule 1: to itself")
    #expect(source("::1") == "::1")
    #expect(source("fe80::7") == "fe80::1", "rule 2: the scope")
    #expect(source("ff02::fb") == "fe80::1")
    #expect(source("ff0e::1") != "fe80::1")
    #expect(source("2001:db8:1::9") == "2001:db8:1::1", "rule 8: the longest prefix")
    #expect(source("2001:db8:2::9") == "2001:db8:2::1")
    #expect(source("fd00:2::9") == "fd00:1::1")
    #expect(source("2001:db8:1::9", 100) == "2001:db8:2::1", "rule 3: not deprecated")
  }

  @Test func prefixLengthsEndTheComparison() {
    // Both share their network with the target; bits behind it say nothing.
    var routes = routes(own("2001:db8::1:0"), own("2001:db8::ffff:ffff"))
    routes.set(onLink: IPv6Prefix(v6("2001:db8::"), length: 64), until: .never, now: time(0))
    #expect(routes.source(to: v6("2001:db8::ffff:fffe"), now: time(0)) == v6("2001:db8::1:0"))
  }
}
