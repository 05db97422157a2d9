// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Internet
import IPv6
import NDP
import NetworkStack
import Packets
import Testing
import UDP

@Suite struct NDPMessageTests {
  private func parse(
    _ bytes: [UInt8], from source: String = "fe80::1", to target: String = "fe80::2",
    hopLimit: UInt8 = 255
  ) -> NDPMessage? {
    NDPMessage(
      parsing: RawSpan(_elements: bytes.span), from: v6(source), to: v6(target),
      hopLimit: hopLimit)
  }

  private let station = MACAddress(0x5254_0012_3456)
  private let subject = hex("20010db8 00000000 00000000 00000007")

  @Test func solicitationsGoBothWays() throws {
    let bytes = NDPWriter.neighborSolicitation(for: v6("2001:db8::7"), station: station)
    #expect(bytes == hex("8700 0000 00000000") + subject + hex("0101 525400123456"))
    guard case .neighborSolicitation(v6("2001:db8::7"), let found) = parse(bytes) else {
      Issue.record("not understood")
      return
    }
    #expect(found == station)
    let probe = NDPWriter.neighborSolicitation(for: v6("2001:db8::7"), station: nil)
    #expect(probe == Array(bytes[..<24]))
    #expect(parse(probe, from: "::", to: "ff02::1:ff00:7") != nil)
    // RFC 4861 section 7.1.1.
    #expect(parse(probe, from: "::", to: "2001:db8::7") == nil)
    #expect(parse(bytes, from: "::", to: "ff02::1:ff00:7") == nil)
    #expect(parse(bytes, hopLimit: 254) == nil)
    #expect(parse(Array(bytes[..<23])) == nil)
    #expect(parse(Array(bytes[..<31])) == nil, "an option that is cut off")
    #expect(parse(probe + [1, 0, 0, 0, 0, 0, 0, 0]) == nil, "an empty option")
    #expect(parse(Array(bytes[..<8]) + hex("ff02000000000000 0000000000000001")) == nil)
    #expect(parse(Array(bytes[..<8]) + hex("0000000000000000 0000000000000000")) == nil)
  }

  @Test func advertisementsGoBothWays() throws {
    let bytes = NDPWriter.neighborAdvertisement(
      of: v6("2001:db8::7"), station: station, isSolicited: true)
    #expect(bytes == hex("8800 0000 60000000") + subject + hex("0201 525400123456"))
    guard
      case .neighborAdvertisement(v6("2001:db8::7"), station, false, true, true) = parse(bytes)
    else {
      Issue.record("not understood")
      return
    }
    #expect(parse(bytes, to: "ff02::1") == nil, "section 7.1.2: an answer to all")
    var other = NDPWriter.neighborAdvertisement(
      of: v6("2001:db8::7"), station: station, isSolicited: false)
    #expect(parse(other, to: "ff02::1") != nil)
    other[4] = 0x80
    // An option that is not known is passed over, a source's is none of a target.
    other[24] = 1
    guard
      case .neighborAdvertisement(v6("2001:db8::7"), nil, true, false, false) = parse(
        other + [200, 1, 0, 0, 0, 0, 0, 0])
    else {
      Issue.record("not understood")
      return
    }
  }

  @Test func routersSpeak() throws {
    var bytes = RouterText(lifetime: 1800, hopLimit: 32).mtu(1400)
    bytes = bytes.prefix("2001:db8:1::", valid: 7200, preferred: 3600)
    bytes = bytes.prefix("2001:db8:2::", length: 48, flags: 0x80)
    bytes = bytes.servers(["2001:db8::53", "fe80::53"], lifetime: 600)
    bytes = bytes.option(31, hex("0000 00000258 03 6c616e 00 000000"))
    bytes = bytes.option(1, octets(station))
    guard case .routerAdvertisement(let message) = parse(bytes.bytes) else {
      Issue.record("not understood")
      return
    }
    #expect(message.hopLimit == 32 && message.lifetime == 1800 && message.mtu == 1400)
    #expect(message.station == station && message.prefixes.count == 2)
    let first = message.prefixes[0]
    #expect(first.prefix == IPv6Prefix(v6("2001:db8:1::"), length: 64))
    #expect(first.isOnLink && first.isAutonomous)
    #expect(first.validLifetime == 7200 && first.preferredLifetime == 3600)
    let second = message.prefixes[1]
    #expect(second.isOnLink && !second.isAutonomous && second.prefix.length == 48)
    #expect(message.nameServers.map(\.address) == [v6("2001:db8::53"), v6("fe80::53")])
    #expect(message.nameServers.map(\.lifetime) == [600, 600])
    #expect(Array(message.domainSearch[..<5]) == [3] + Array("lan".utf8) + [0])
    // RFC 4861 section 6.1.2.
    #expect(parse(bytes.bytes, from: "2001:db8::1") == nil)
    #expect(parse(bytes.bytes, hopLimit: 64) == nil)
    #expect(parse(Array(bytes.bytes[..<15])) == nil)
    #expect(parse(bytes.bytes + [3]) == nil)
  }

  @Test func routersThatSayTooMuch() throws {
    var text = RouterText(lifetime: 1)
    for number in 0..<50 { text = text.prefix("2001:db8:\(number)::") }
    for _ in 0..<9 { text = text.servers(["2001:db8::53"], lifetime: 1) }
    text = text.mtu(100).mtu(70_000).option(25, [0, 0, 0, 0, 0, 0]).option(31, [0, 0, 0, 0, 0, 0])
    guard case .routerAdvertisement(let message) = parse(text.bytes) else {
      Issue.record("not understood")
      return
    }
    #expect(message.prefixes.count == 8 && message.nameServers.count == 3)
    #expect(message.mtu == nil && message.domainSearch.isEmpty)
  }

  @Test func whatAHostDoesNotObey() {
    // A redirect, a router's solicitation, and what is no discovery.
    for type: UInt8 in [133, 137, 128, 0] {
      #expect(parse([type] + [UInt8](repeating: 0, count: 7) + subject + subject) == nil)
    }
    #expect(NDPWriter.routerSolicitation(station: nil) == hex("85000000 00000000"))
    #expect(
      NDPWriter.routerSolicitation(station: station) == hex("85000000 00000000 0101525400123456"))
  }

  @Test func fuzzMessages() {
    let router = RouterText(lifetime: 1800).mtu(1400).prefix("2001:db8::")
      .servers(["2001:db8::53"], lifetime: 9).option(31, hex("0000 00000258 03 6c616e 00 000000"))
      .option(1, octets(station)).bytes
    let others = [
      router, NDPWriter.neighborSolicitation(for: v6("2001:db8::7"), station: station),
      NDPWriter.neighborAdvertisement(of: v6("2001:db8::7"), station: station, isSolicited: true),
    ]
    let seed = fuzz(times: 5000) { random in
      let bytes = random.mutate(others.randomElement(using: &random)!)
      switch parse(bytes) {
      case .routerAdvertisement(let message):
        precondition(message.prefixes.count <= 8 && message.nameServers.count <= 3)
        precondition(message.mtu.map { $0 >= 1280 && $0 <= 65_535 } ?? true)
        precondition(message.domainSearch.count <= 2040)
      case .neighborSolicitation(let target, _), .neighborAdvertisement(let target, _, _, _, _):
        precondition(target.isUnicast)
      case nil: break
      }
    }
    #expect(seed != 0)
  }
}

/// What a router says, put together piece by piece.
struct RouterText {
  private(set) var bytes: [UInt8]

  init(lifetime: UInt16, hopLimit: UInt8 = 0) {
    bytes =
      [134, 0, 0, 0, hopLimit, 0, UInt8(lifetime >> 8), UInt8(lifetime & 255)]
      + [UInt8](repeating: 0, count: 8)
  }

  private static func word(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }

  func option(_ type: UInt8, _ value: [UInt8]) -> Self {
    var copy = self
    copy.bytes += [type, UInt8((value.count + 2) / 8)] + value
    return copy
  }

  func mtu(_ value: UInt32) -> Self { option(5, [0, 0] + Self.word(value)) }

  func prefix(
    _ text: String, length: UInt8 = 64, flags: UInt8 = 0xc0, valid: UInt32 = 86_400,
    preferred: UInt32 = 14_400
  ) -> Self {
    option(
      3,
      [length, flags] + Self.word(valid) + Self.word(preferred) + [0, 0, 0, 0] + octets(v6(text)))
  }

  func servers(_ addresses: [String], lifetime: UInt32) -> Self {
    option(25, [0, 0] + Self.word(lifetime) + addresses.flatMap { octets(v6($0)) })
  }
}
