// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import ICMPv6
import Internet
import IPv6
import NetworkStack
import Packets
import Testing
import UDP

/// Two hosts on a wire, with link-local addresses of their own making.
@Suite struct IPv6StackTests {
  private func pair(mtu: Int = 1500) -> (Host, Host, SimulatedNetwork) {
    let a = Host(1, mtu: mtu)
    let b = Host(2, mtu: mtu)
    let network = SimulatedNetwork(a, b)
    for host in [a, b] { host.stack.startIPv6(now: network.now) }
    network.run(seconds: 2)
    return (a, b, network)
  }

  private func server(_ host: Host, _ address: IPv6Address, port: UInt16) throws -> UDPEndpoint {
    let endpoint = host.stack.udp.makeEndpoint(isIPv6: true)
    try host.stack.udp.bind(endpoint, to: Endpoint(IPAddress(address), port), sink: host.stack)
    return endpoint
  }

  private func client(_ host: Host, to address: IPv6Address, port: UInt16) throws -> UDPEndpoint {
    let endpoint = host.stack.udp.makeEndpoint(isIPv6: true)
    try host.stack.udp.connect(endpoint, to: Endpoint(IPAddress(address), port), sink: host.stack)
    return endpoint
  }

  private func received(_ host: Host, _ endpoint: UDPEndpoint) throws -> [UInt8]? {
    guard let datagram = try host.stack.udp.receive(on: endpoint) else { return nil }
    return datagram.packet.array
  }

  private let stranger = MACAddress(0x5254_0000_0077)

  @Test(arguments: [0, 1, 1452, 1453, 3000, 9000, 65_527])
  func datagramsOfAllSizesGoThereAndBack(size: Int) throws {
    let free = testPool.availableCount
    do {
      let (a, b, network) = pair()
      let echo = try server(b, .any, port: 7)
      let caller = try client(a, to: b.linkLocal, port: 7)
      #expect(caller.local.address == IPAddress(a.linkLocal))
      var random = SeededGenerator(seed: UInt64(size))
      let bytes = random.bytes(size)
      try a.stack.udp.send(payload(bytes, for: a.stack), on: caller, sink: a.stack)
      network.run(seconds: 1)
      let datagram = try b.stack.udp.receive(on: echo)!
      check(datagram.packet.array == bytes && datagram.source == caller.local)
      check(datagram.target == IPAddress(b.linkLocal) && datagram.hopLimit == 64)
      #expect(a.stack.counters.fragmentsMade == (size > 1452 ? (size + 8 + 1447) / 1448 : 0))
      try b.stack.udp.send(
        payload(bytes.reversed(), for: b.stack), on: echo, to: datagram.source, sink: b.stack)
      network.run(seconds: 1)
      check(try received(a, caller) == bytes.reversed())
    }
    check(testPool.availableCount == free, "buffers were lost")
  }

  @Test(arguments: [3, 1500, 5000, 65_488, 65_527])
  func loopbackTakesAllSizes(size: Int) throws {
    let stack = NetworkStack(interface: nil, pool: testPool, now: .start, random: { 4 })!
    let server = stack.udp.makeEndpoint(isIPv6: true)
    try stack.udp.bind(server, to: Endpoint(IPAddress(IPv6Address.loopback), 53), sink: stack)
    let client = stack.udp.makeEndpoint(isIPv6: true)
    try stack.udp.connect(client, to: Endpoint(IPAddress(IPv6Address.loopback), 53), sink: stack)
    let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
    try stack.udp.send(payload(bytes, for: stack), on: client, sink: stack)
    stack.flush(now: .start)
    let datagram = try stack.udp.receive(on: server)!
    check(datagram.packet.array == bytes)
    check(datagram.source.address == IPAddress(IPv6Address.loopback))
    #expect(throws: UDPError.noRoute) {
      try stack.udp.connect(
        client, to: Endpoint(IPAddress(v6("fe80::1")), 1), sink: stack)
    }
  }

  @Test func dualStackEndpointsHearBothVersions() throws {
    let (a, b, network) = pair()
    check(a.stack.add(IPv4Prefix(v4("10.0.0.1"), length: 24), now: network.now))
    check(b.stack.add(IPv4Prefix(v4("10.0.0.2"), length: 24), now: network.now))
    let both = try server(b, .any, port: 9)
    let four = a.stack.udp.makeEndpoint(isIPv6: false)
    try a.stack.udp.connect(four, to: Endpoint(IPAddress(v4("10.0.0.2")), 9), sink: a.stack)
    let six = try client(a, to: b.linkLocal, port: 9)
    try a.stack.udp.send(payload([4], for: a.stack), on: four, sink: a.stack)
    network.run(seconds: 1)
    let first = try b.stack.udp.receive(on: both)!
    check(first.packet.array == [4] && first.source.address == IPAddress(v4("10.0.0.1")))
    try a.stack.udp.send(payload([6], for: a.stack), on: six, sink: a.stack)
    network.run(seconds: 1)
    check(try received(b, both) == [6])
    both.options.isIPv6Only = true
    try a.stack.udp.send(payload([4], for: a.stack), on: four, sink: a.stack)
    network.run(seconds: 1)
    check(try received(b, both) == nil)
  }

  @Test(arguments: [0, 1, 56, 1400, 3000])
  func echoIsAnswered(size: Int) throws {
    let (a, b, network) = pair()
    let body = [UInt8](repeating: 0x5a, count: size)
    let request = icmpv6(
      128, 0, [0, 7, 0, 3] + body, from: text(a.linkLocal), to: text(b.linkLocal))
    try a.stack.send(
      payload(request, for: a.stack), from: IPAddress(a.linkLocal), to: IPAddress(b.linkLocal),
      protocol: 58, options: SendOptions())
    network.run(seconds: 1)
    #expect(b.stack.counters.icmpSent == 1)
    guard size < 1400 else {
      #expect(a.stack.counters.reassembled == (size > 1452 ? 1 : 0))
      return
    }
    let reply = try #require(network.log.compactMap(Sent6.init).last)
    #expect(reply.isICMP(129) && reply.payload[4...] == [0, 7, 0, 3] + body)
    #expect(reply.header.source == b.linkLocal && reply.header.target == a.linkLocal)
  }

  // MARK: - Errors

  @Test func aClosedPortIsReported() throws {
    let (a, b, network) = pair()
    let caller = try client(a, to: b.linkLocal, port: 99)
    try a.stack.udp.send(payload([1, 2, 3], for: a.stack), on: caller, sink: a.stack)
    network.run(seconds: 1)
    let report = try #require(network.log.compactMap(Sent6.init).last { $0.isICMP(1) })
    #expect(report.payload[1] == 4 && Array(report.payload[4..<8]) == [0, 0, 0, 0])
    // The quote is the packet as it was.
    let quote = Array(report.payload[8...])
    #expect(quote.count == 40 + 8 + 3 && Array(quote[8..<24]) == octets(a.linkLocal))
    #expect(throws: UDPError.refused) { _ = try received(a, caller) }
  }

  /// RFC 4443 section 3.4, RFC 8200 section 4.2.
  @Test(arguments: [
    // An unknown protocol, directly and behind options.
    ("", 253, UInt8(1), UInt8(6)), ("fd000104 00000000", 60, 1, 40),
    // Options that must be known.
    ("11008002 00000100", 60, 2, 42), ("1100c002 00000100", 0, 2, 42),
    // A routing header with a segment left; hop-by-hop options that are not first.
    ("1100 0001 00000000", 43, 0, 42), ("0000010400000000 1100010400000000", 60, 1, 40),
  ])
  func whatCannotBeUnderstoodIsReported(
    _ headers: String, _ first: UInt8, _ code: UInt8, _ place: UInt8
  ) throws {
    let (a, b, network) = pair()
    _ = b.interface.takeSent()
    let datagram = udpDatagram6(from: text(a.linkLocal), 5, to: text(b.linkLocal), 6, [1])
    let packet = ipv6Packet(
      from: text(a.linkLocal), to: text(b.linkLocal), next: first, hex(headers) + datagram)
    b.take6(packet, from: a.station, now: network.now)
    network.run(seconds: 1)
    let reports = network.log.compactMap(Sent6.init).filter { $0.isICMP(4) }
    #expect(reports.count == 1)
    let report = try #require(reports.first)
    #expect(report.payload[1] == code && Array(report.payload[4..<8]) == [0, 0, 0, place])
    #expect(Array(report.payload[8...]) == packet)
    #expect(report.header.source == b.linkLocal && report.header.target == a.linkLocal)
  }

  @Test(arguments: [
    // To a group: only options of the kind 10 are reported.
    ("1100c002 00000100", 0, "ff02::1", 0), ("11008002 00000100", 0, "ff02::1", 1),
    ("", 253, "ff02::1", 0), ("1100 0001 00000000", 43, "ff02::1", 0),
    // Options to be dropped in silence.
    ("11004002 00000100", 0, "", 0),
    // No error about an error (RFC 4443 section 2.4 (e.1)).
    ("3a008002 00000100 0100", 60, "", 0),
  ])
  func whatIsNotReported(
    _ headers: String, _ first: UInt8, _ target: String, _ count: Int
  ) throws {
    let (a, b, network) = pair()
    let datagram = udpDatagram6(from: text(a.linkLocal), 5, to: text(b.linkLocal), 6, [1])
    let packet = ipv6Packet(
      from: text(a.linkLocal), to: target.isEmpty ? text(b.linkLocal) : target, next: first,
      hex(headers) + datagram)
    b.take6(packet, from: a.station, now: network.now)
    network.run(seconds: 1)
    let reports = network.log.compactMap(Sent6.init).filter { $0.isICMP(4) }
    #expect(reports.count == count)
    #expect(reports.allSatisfy { $0.header.source == b.linkLocal })
  }

  @Test func errorsAreLimited() throws {
    let (a, b, network) = pair()
    let datagram = udpDatagram6(from: text(a.linkLocal), 5, to: text(b.linkLocal), 99, [1])
    let packet = ipv6Packet(from: text(a.linkLocal), to: text(b.linkLocal), next: 17, datagram)
    // A first one, so that the neighbour is known.
    b.take6(packet, from: a.station, now: network.now)
    network.run(seconds: 1)
    _ = b.interface.takeSent()
    for _ in 0..<1000 { b.take6(packet, from: a.station, now: network.now) }
    #expect(b.takeICMP6(1).count == 50, "the burst")
    for millisecond in 1...1000 {
      let now = network.now + .milliseconds(Int64(millisecond))
      for _ in 0..<5 { b.take6(packet, from: a.station, now: now) }
    }
    #expect(b.takeICMP6(1).count == 1000, "the rate")
  }

  @Test func aNarrowPathIsLearntAndUsed() throws {
    let (a, b, network) = pair()
    let sink = try server(b, .any, port: 9)
    let caller = try client(a, to: b.linkLocal, port: 9)
    try a.stack.udp.send(payload([0], for: a.stack), on: caller, sink: a.stack)
    network.run(seconds: 1)
    let sent = try #require(network.log.last { Sent6($0)?.header.nextHeader == 17 })
    func report(_ mtu: UInt32, quoting quote: [UInt8]) {
      let message = icmpv6(
        2, 0, [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: mtu >> $0) } + quote,
        from: "fe80::9", to: text(a.linkLocal))
      a.take6(
        ipv6Packet(from: "fe80::9", to: text(a.linkLocal), next: 58, message), from: stranger,
        now: network.now)
    }
    // About a datagram that nobody has sent: an invention (RFC 8201 section 5).
    var other = Array(sent[14...])
    other[41] ^= 1
    report(1300, quoting: other)
    #expect(a.stack.pathMTU(to: IPAddress(b.linkLocal)) == 1500)
    report(1400, quoting: Array(sent[14...]))
    #expect(a.stack.pathMTU(to: IPAddress(b.linkLocal)) == 1400)
    report(1450, quoting: Array(sent[14...]))
    #expect(a.stack.pathMTU(to: IPAddress(b.linkLocal)) == 1400, "it only shrinks")
    report(68, quoting: Array(sent[14...]))
    #expect(a.stack.pathMTU(to: IPAddress(b.linkLocal)) == 1280, "RFC 8201 section 4")
    let bytes = [UInt8](repeating: 3, count: 1400)
    let before = network.log.count
    try a.stack.udp.send(payload(bytes, for: a.stack), on: caller, sink: a.stack)
    network.run(seconds: 1)
    check(try received(b, sink) == [0])
    check(try received(b, sink) == bytes)
    #expect(network.log[before...].allSatisfy { $0.count <= 1294 })
    caller.options.mayFragment = false
    #expect(throws: UDPError.messageTooLong) {
      try a.stack.udp.send(payload(bytes, for: a.stack), on: caller, sink: a.stack)
    }
  }

  // MARK: - Fragments

  private func fragments(
    _ whole: [UInt8], from a: Host, to b: Host, cuts: [Int], number: UInt8 = 17,
    identification: UInt8 = 1
  ) -> [[UInt8]] {
    let bounds = [0] + cuts + [whole.count]
    return zip(bounds, bounds.dropFirst()).map { start, end in
      let place = UInt16(start) | (end == whole.count ? 0 : 1)
      return ipv6Packet(
        from: text(a.linkLocal), to: text(b.linkLocal), next: 44,
        [number, 0, UInt8(place >> 8), UInt8(place & 255), 0, 0, 0, identification]
          + whole[start..<end])
    }
  }

  @Test func piecesInAnyOrderAreWhole() throws {
    let (a, b, network) = pair()
    let sink = try server(b, .any, port: 9)
    let bytes = (0..<100).map { UInt8($0) }
    let datagram = udpDatagram6(from: text(a.linkLocal), 5, to: text(b.linkLocal), 9, bytes)
    var random = SeededGenerator(seed: 5)
    for identification: UInt8 in 0..<20 {
      let pieces = fragments(
        datagram, from: a, to: b, cuts: [8, 40, 104], identification: identification)
      for piece in pieces.shuffled(using: &random) {
        b.take6(piece, from: a.station, now: network.now)
      }
      check(try received(b, sink) == bytes)
    }
    // One that is whole but has a fragment header (RFC 6946).
    b.take6(fragments(datagram, from: a, to: b, cuts: [])[0], from: a.station, now: network.now)
    check(try received(b, sink) == bytes)
  }

  /// RFC 8200 section 4.5: the first fragment says what the payload begins with.
  @Test func nextHeadersMayDiffer() throws {
    let (a, b, network) = pair()
    let sink = try server(b, .any, port: 9)
    let datagram = udpDatagram6(from: text(a.linkLocal), 5, to: text(b.linkLocal), 9, [1, 2, 3])
    let first = fragments(datagram, from: a, to: b, cuts: [8])
    let second = fragments(datagram, from: a, to: b, cuts: [8], number: 6)
    b.take6(second[1], from: a.station, now: network.now)
    b.take6(first[0], from: a.station, now: network.now)
    check(try received(b, sink) == [1, 2, 3])
  }

  /// Headers behind the fragment header are those of the whole.
  @Test func optionsInsideFragments() throws {
    let (a, b, network) = pair()
    let sink = try server(b, .any, port: 9)
    let datagram = udpDatagram6(from: text(a.linkLocal), 5, to: text(b.linkLocal), 9, [1, 2, 3])
    let whole = hex("11000104 00000000") + datagram
    for cuts in [[], [8], [16]] {
      for piece in fragments(whole, from: a, to: b, cuts: cuts, number: 60) {
        b.take6(piece, from: a.station, now: network.now)
      }
      check(try received(b, sink) == [1, 2, 3])
    }
    // A second fragment header is refused.
    let nested = hex("11000000 00000009") + datagram
    for piece in fragments(nested, from: a, to: b, cuts: [8], number: 44) {
      b.take6(piece, from: a.station, now: network.now)
    }
    check(try received(b, sink) == nil)
  }

  @Test func overlapsEndTheDatagram() throws {
    let (a, b, network) = pair()
    let sink = try server(b, .any, port: 9)
    let datagram = udpDatagram6(
      from: text(a.linkLocal), 5, to: text(b.linkLocal), 9, [UInt8](repeating: 1, count: 40))
    let pieces = fragments(datagram, from: a, to: b, cuts: [16, 32])
    let overlap = fragments(datagram, from: a, to: b, cuts: [8, 24])[1]
    for piece in [pieces[0], overlap, pieces[1]] {
      b.take6(piece, from: a.station, now: network.now)
    }
    #expect(b.stack.counters.reassemblyFailures == 1)
    check(try received(b, sink) == nil)
  }

  @Test func unfinishedDatagramsAreReported() throws {
    let (a, b, network) = pair()
    let datagram = udpDatagram6(
      from: text(a.linkLocal), 5, to: text(b.linkLocal), 9, [UInt8](repeating: 1, count: 40))
    let pieces = fragments(datagram, from: a, to: b, cuts: [16, 32])
    b.take6(pieces[0], from: a.station, now: network.now)
    // Of this one the first never comes: nobody is told.
    b.take6(
      fragments(datagram, from: a, to: b, cuts: [16, 32], identification: 9)[1],
      from: a.station, now: network.now)
    network.run(seconds: 59)
    #expect(!network.log.compactMap(Sent6.init).contains { $0.isICMP(3) })
    network.run(seconds: 2)
    let reports = network.log.compactMap(Sent6.init).filter { $0.isICMP(3) }
    #expect(reports.count == 1 && reports[0].payload[1] == 1)
    #expect(Array(reports[0].payload[8...]) == pieces[0], "the first fragment as it was")
    #expect(b.stack.counters.reassemblyFailures == 2)
  }

  // MARK: - Who may speak

  @Test(arguments: [
    // Our own address, loopback, and no address: their answers would go to ourselves.
    "own", "::1", "::",
  ])
  func whoCannotBeOutThere(_ source: String) throws {
    let (a, b, network) = pair()
    let sink = try server(b, .any, port: 9)
    let from = source == "own" ? text(b.linkLocal) : source
    for (target, station) in [(text(b.linkLocal), b.station), ("ff02::1", nil)] {
      let datagram = udpDatagram6(from: from, 5, to: target, 9, [1])
      let packet = ipv6Packet(from: from, to: target, next: 17, datagram)
      b.take(
        ethernet(
          to: station ?? MACAddress(group: v6(target)), from: a.station, type: 0x86dd, packet),
        now: network.now)
    }
    check(try received(b, sink) == nil)
    #expect(b.interface.takeSent().isEmpty)
  }

  @Test func whatIsForOthersIsDropped() throws {
    let (a, b, network) = pair()
    let sink = try server(b, .any, port: 9)
    let before = b.stack.counters.addressErrors
    for target in ["::1", "fe80::77", "ff02::2", "ff02::1:ff00:1", "ff05::1"] {
      let datagram = udpDatagram6(from: text(a.linkLocal), 5, to: target, 9, [1])
      b.take(
        ethernet(
          to: b.station, from: a.station, type: 0x86dd,
          ipv6Packet(from: text(a.linkLocal), to: target, next: 17, datagram)), now: network.now)
    }
    // To us alone, but in a frame to all.
    let datagram = udpDatagram6(from: text(a.linkLocal), 5, to: text(b.linkLocal), 9, [1])
    b.take(
      ethernet(
        to: MACAddress(0x3333_0000_0001), from: a.station, type: 0x86dd,
        ipv6Packet(from: text(a.linkLocal), to: text(b.linkLocal), next: 17, datagram)),
      now: network.now)
    #expect(b.stack.counters.addressErrors == before + 6)
    check(try received(b, sink) == nil)
  }

  @Test func datagramsNeedChecksums() throws {
    let (a, b, network) = pair()
    let sink = try server(b, .any, port: 9)
    var datagram = udpDatagram6(from: text(a.linkLocal), 5, to: text(b.linkLocal), 9, [1])
    func send() {
      b.take6(
        ipv6Packet(from: text(a.linkLocal), to: text(b.linkLocal), next: 17, datagram),
        from: a.station, now: network.now)
    }
    send()
    check(try received(b, sink) == [1])
    datagram[7] ^= 1
    send()
    // None at all is an error in version 6 (RFC 8200 section 8.1).
    (datagram[6], datagram[7]) = (0, 0)
    send()
    check(try received(b, sink) == nil)
  }

  @Test func groupsReachTheirMembers() throws {
    let (a, b, network) = pair()
    let group = v6("ff02::fb")
    let member = try server(b, .any, port: 5353)
    let own = try server(a, .any, port: 5353)
    #expect(b.stack.udp.join(IPAddress(group), on: member))
    #expect(a.stack.udp.join(IPAddress(group), on: own))
    let caller = try client(a, to: group, port: 5353)
    try a.stack.udp.send(payload([7], for: a.stack), on: caller, sink: a.stack)
    // The frame leaves as it was made, whatever the member on this host does with its copy.
    network.run(seconds: 1)
    let datagram = try b.stack.udp.receive(on: member)!
    check(datagram.packet.array == [7] && datagram.hopLimit == 1)
    check(datagram.source == caller.local && datagram.target == IPAddress(group))
    check(try received(a, own) == [7])
    caller.options.loopsMulticast = false
    try a.stack.udp.send(payload([8], for: a.stack), on: caller, sink: a.stack)
    network.run(seconds: 1)
    check(try received(b, member) == [8])
    check(try received(a, own) == nil, "IPV6_MULTICAST_LOOP is off")
    let sent = network.log.last { $0[12] == 0x86 && $0[20] == 17 }
    #expect(sent.map { Array($0[..<6]) } == [0x33, 0x33, 0, 0, 0, 0xfb])
  }
}
