// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import ICMP
import Internet
import IPv4
import NetworkStack
import Packets
import Testing
import UDP

/// Two hosts on a wire.
@Suite struct StackTests {
  private func pair(mtu: Int = 1500) -> (Host, Host, SimulatedNetwork) {
    let a = Host(1, mtu: mtu, address: "10.0.0.1")
    let b = Host(2, mtu: mtu, address: "10.0.0.2")
    return (a, b, SimulatedNetwork(a, b))
  }

  private func received(_ host: Host, _ endpoint: UDPEndpoint) throws -> [UInt8]? {
    guard let datagram = try host.stack.udp.receive(on: endpoint) else { return nil }
    return datagram.packet.array
  }

  private func server(_ host: Host, _ address: String, port: UInt16) throws -> UDPEndpoint {
    let endpoint = host.stack.udp.makeEndpoint(isIPv6: false)
    try host.stack.udp.bind(endpoint, to: Endpoint(IPAddress(v4(address)), port), sink: host.stack)
    return endpoint
  }

  private func client(_ host: Host, to address: String, port: UInt16) throws -> UDPEndpoint {
    let endpoint = host.stack.udp.makeEndpoint(isIPv6: false)
    try host.stack.udp.connect(
      endpoint, to: Endpoint(IPAddress(v4(address)), port), sink: host.stack)
    return endpoint
  }

  @Test(arguments: [0, 1, 1471, 1472, 1473, 3000, 9000, 65_507])
  func datagramsOfAllSizesGoThereAndBack(size: Int) throws {
    let free = testPool.availableCount
    do {
      let (a, b, network) = pair()
      let echo = try server(b, "0.0.0.0", port: 7)
      let caller = try client(a, to: "10.0.0.2", port: 7)
      var random = SeededGenerator(seed: UInt64(size))
      let bytes = random.bytes(size)
      try a.stack.udp.send(payload(bytes, for: a.stack), on: caller, sink: a.stack)
      network.run(seconds: 1)
      let datagram = try b.stack.udp.receive(on: echo)!
      check(datagram.packet.array == bytes)
      check(datagram.source == caller.local)
      check(datagram.target == IPAddress(v4("10.0.0.2")) && datagram.hopLimit == 64)
      try b.stack.udp.send(
        payload(bytes.reversed(), for: b.stack), on: echo, to: datagram.source, sink: b.stack)
      network.run(seconds: 1)
      check(try received(a, caller) == bytes.reversed())
      check(try received(a, caller) == nil)
    }
    check(testPool.availableCount == free, "buffers were lost")
  }

  @Test func theFirstDatagramsWaitForTheNeighbour() throws {
    let (a, b, network) = pair()
    let sink = try server(b, "10.0.0.2", port: 9)
    let caller = try client(a, to: "10.0.0.2", port: 9)
    network.run(seconds: 5)
    for number in 0..<5 {
      try a.stack.udp.send(payload([UInt8(number)], for: a.stack), on: caller, sink: a.stack)
    }
    #expect(a.interface.sent.count == 1, "only the question goes out")
    network.run(seconds: 1)
    for number in 0..<5 { check(try received(b, sink) == [UInt8(number)]) }
  }

  @Test func aMissingNeighbourIsReported() throws {
    let (a, _, network) = pair()
    let caller = try client(a, to: "10.0.0.77", port: 9)
    caller.options.reportsAllErrors = true
    try a.stack.udp.send(payload([1], for: a.stack), on: caller, sink: a.stack)
    network.run(seconds: 10)
    #expect(throws: UDPError.hostUnreachable) { _ = try received(a, caller) }
  }

  @Test func aClosedPortIsReportedToAConnectedEndpoint() throws {
    let (a, b, network) = pair()
    let caller = try client(a, to: "10.0.0.2", port: 99)
    let other = try server(a, "0.0.0.0", port: 1000)
    try a.stack.udp.send(payload([1], for: a.stack), on: caller, sink: a.stack)
    try a.stack.udp.send(
      payload([1], for: a.stack), on: other, to: Endpoint(IPAddress(v4("10.0.0.2")), 99),
      sink: a.stack)
    network.run(seconds: 1)
    #expect(b.stack.counters.icmpSent == 2)
    #expect(throws: UDPError.refused) { _ = try received(a, caller) }
    check(try received(a, caller) == nil, "an error is reported once")
    check(try received(a, other) == nil, "an endpoint that is not connected hears nothing")
  }

  @Test func connectingAgainChoosesAgain() throws {
    let (a, _, _) = pair()
    let endpoint = try client(a, to: "127.0.0.1", port: 9)
    func connect(_ address: String) throws -> IPAddress {
      try a.stack.udp.connect(endpoint, to: Endpoint(IPAddress(v4(address)), 9), sink: a.stack)
      return endpoint.local.address
    }
    #expect(endpoint.local.address == IPAddress(v4("127.0.0.1")))
    #expect(try connect("10.0.0.2") == IPAddress(v4("10.0.0.1")))
    let port = endpoint.local.port
    a.stack.udp.disconnect(endpoint)
    #expect(endpoint.local == Endpoint(IPAddress(IPv4Address.any), port))
    #expect(try connect("127.0.0.1") == IPAddress(v4("127.0.0.1")))
    // An address that the program has chosen stays.
    let bound = try server(a, "10.0.0.1", port: 77)
    try a.stack.udp.connect(bound, to: Endpoint(IPAddress(v4("10.0.0.2")), 9), sink: a.stack)
    a.stack.udp.disconnect(bound)
    #expect(bound.local == Endpoint(IPAddress(v4("10.0.0.1")), 77))
  }

  @Test func unreadDatagramsLeaveBuffersForOthers() throws {
    let small = try #require(PacketPool(bufferCount: 64, byteCount: 2048))
    let stack = NetworkStack(
      interface: TestInterface(0x5254_0000_0001), pool: small, now: .start, random: { 4 })!
    check(stack.add(IPv4Prefix(v4("10.0.0.1"), length: 24), now: .start))
    let caller = stack.udp.makeEndpoint(isIPv6: false)
    for port: UInt16 in 1...20 {
      let sink = stack.udp.makeEndpoint(isIPv6: false)
      try stack.udp.bind(sink, to: Endpoint(IPAddress(IPv4Address.any), port), sink: stack)
      for _ in 0..<20 {
        try? stack.udp.send(
          payload([1], for: stack), on: caller, to: Endpoint(IPAddress(v4("127.0.0.1")), port),
          sink: stack)
        stack.flush(now: .start)
      }
    }
    #expect(small.freeCount == 48, "a quarter")
    // Nor do those that wait for neighbours take them.
    for number in 2..<200 {
      try? stack.udp.send(
        payload([1], for: stack), on: caller, to: Endpoint(IPAddress(v4("10.0.0.\(number)")), 9),
        sink: stack)
    }
    #expect(small.freeCount == 40, "an eighth")
  }

  @Test func loopbackNeedsNoInterface() throws {
    let stack = NetworkStack(interface: nil, pool: testPool, now: .start, random: { 4 })!
    let server = stack.udp.makeEndpoint(isIPv6: false)
    try stack.udp.bind(
      server, to: Endpoint(IPAddress(IPv4Address.loopback), 53), sink: stack)
    let client = stack.udp.makeEndpoint(isIPv6: false)
    try stack.udp.connect(client, to: Endpoint(IPAddress(v4("127.0.0.1")), 53), sink: stack)
    #expect(client.local.address == IPAddress(v4("127.0.0.1")))
    for size in [3, 5000, 65_507] {
      let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
      try stack.udp.send(payload(bytes, for: stack), on: client, sink: stack)
      #expect(!server.isReadable, "nothing arrives within the call")
      #expect(stack.nextDeadline == stack.now)
      stack.flush(now: .start)
      let datagram = try stack.udp.receive(on: server)!
      check(datagram.packet.array == bytes)
    }
    #expect(throws: UDPError.noRoute) {
      try stack.udp.connect(client, to: Endpoint(IPAddress(v4("10.0.0.1")), 1), sink: stack)
    }
  }

  @Test func aHostReachesItselfByItsOwnAddress() throws {
    let (a, _, _) = pair()
    let server = try server(a, "10.0.0.1", port: 5)
    let caller = try client(a, to: "10.0.0.1", port: 5)
    _ = a.interface.takeSent()
    try a.stack.udp.send(payload([9], for: a.stack), on: caller, sink: a.stack)
    a.stack.flush(now: .start)
    check(try received(a, server) == [9])
    #expect(a.interface.sent.isEmpty)
  }

  @Test func echoIsAnswered() throws {
    let (a, b, network) = pair()
    for size in [0, 1, 56, 1400] {
      let body = [UInt8](repeating: 0x5a, count: size)
      let request = ICMPWriter.echoRequest(
        identifier: 7, sequence: 3, payload: RawSpan(_elements: body.span), from: testPool)!
      try a.stack.send(
        Frame(request), from: IPAddress(v4("10.0.0.1")), to: IPAddress(v4("10.0.0.2")),
        protocol: 1, options: SendOptions())
      network.run(seconds: 1)
      let reply = try #require(network.log.last { $0[12] == 8 && $0[13] == 0 })
      let span = RawSpan(_elements: reply.span).extracting(droppingFirst: 14)
      let header = try IPv4Header(parsing: span)
      #expect(header.source == v4("10.0.0.2") && header.number == 1)
      guard
        case .echoReply(7, 3) = ICMPMessage(
          parsing: span.extracting(20..<header.totalByteCount))
      else {
        Issue.record("no echo reply of \(size) bytes")
        return
      }
      #expect(header.totalByteCount == 28 + size)
    }
    #expect(b.stack.counters.icmpSent == 4)
  }

  @Test func broadcastsNeedLeaveAndReachAll() throws {
    let (a, b, network) = pair()
    let listener = try server(b, "0.0.0.0", port: 67)
    let second = b.stack.udp.makeEndpoint(isIPv6: false)
    second.options.sharesPort = true
    listener.options.sharesPort = true
    try b.stack.udp.bind(
      second, to: Endpoint(IPAddress(IPv4Address.any), 67), sink: b.stack)
    let caller = try server(a, "0.0.0.0", port: 68)
    let all = Endpoint(IPAddress(v4("10.0.0.255")), 67)
    #expect(throws: UDPError.broadcastNotAllowed) {
      try a.stack.udp.send(payload([1], for: a.stack), on: caller, to: all, sink: a.stack)
    }
    caller.options.allowsBroadcast = true
    try a.stack.udp.send(payload([1], for: a.stack), on: caller, to: all, sink: a.stack)
    try a.stack.udp.send(
      payload([2], for: a.stack), on: caller, to: Endpoint(IPAddress(IPv4Address.broadcast), 67),
      sink: a.stack)
    network.run(seconds: 1)
    for endpoint in [listener, second] {
      check(try received(b, endpoint) == [1])
      check(try received(b, endpoint) == [2])
    }
    // Nobody answers a broadcast with an error.
    #expect(b.stack.counters.icmpSent == 0)
  }

  @Test func groupsReachTheirMembers() throws {
    let (a, b, network) = pair()
    let group = IPAddress(v4("239.1.2.3"))
    let member = try server(b, "0.0.0.0", port: 5353)
    #expect(b.stack.udp.join(group, on: member) && !b.stack.udp.join(group, on: member))
    let caller = try client(a, to: "239.1.2.3", port: 5353)
    try a.stack.udp.send(payload([7], for: a.stack), on: caller, sink: a.stack)
    network.run(seconds: 1)
    let datagram = try b.stack.udp.receive(on: member)!
    check(datagram.packet.array == [7] && datagram.target == group && datagram.hopLimit == 1)
    #expect(b.stack.udp.leave(group, on: member) && !b.stack.udp.leave(group, on: member))
    try a.stack.udp.send(payload([8], for: a.stack), on: caller, sink: a.stack)
    network.run(seconds: 1)
    check(try received(b, member) == nil)
  }

  @Test func aNarrowPathIsLearntAndUsed() throws {
    let (a, b, network) = pair()
    let sink = try server(b, "0.0.0.0", port: 9)
    let caller = try client(a, to: "10.0.0.2", port: 9)
    try a.stack.udp.send(payload([0], for: a.stack), on: caller, sink: a.stack)
    network.run(seconds: 1)
    // A router in between says that 1000 bytes are the most.
    let sent = try #require(network.log.last { $0[12] == 8 && $0[13] == 0 })
    var message: [UInt8] = [3, 4, 0, 0, 0, 0, 3, 0xe8] + sent[14..<42]
    let checksum = InternetChecksum.of(RawSpan(_elements: message.span))
    message[2] = UInt8(checksum >> 8)
    message[3] = UInt8(checksum & 255)
    let report = ipv4Packet(from: "10.0.0.9", to: "10.0.0.1", protocol: 1, message)
    a.take(
      ethernet(to: a.station, from: b.station, type: 0x800, report), now: network.now)
    #expect(a.stack.pathMTU(to: IPAddress(v4("10.0.0.2"))) == 1000)
    #expect(a.stack.pathMTU(to: IPAddress(v4("10.0.0.3"))) == 1500)
    let bytes = [UInt8](repeating: 3, count: 1400)
    let before = network.log.count
    try a.stack.udp.send(payload(bytes, for: a.stack), on: caller, sink: a.stack)
    network.run(seconds: 1)
    check(try received(b, sink) == [0])
    check(try received(b, sink) == bytes)
    #expect(network.log[before...].allSatisfy { $0.count <= 1014 })
    caller.options.mayFragment = false
    #expect(throws: UDPError.messageTooLong) {
      try a.stack.udp.send(payload(bytes, for: a.stack), on: caller, sink: a.stack)
    }
    network.run(seconds: 601)
    #expect(a.stack.pathMTU(to: IPAddress(v4("10.0.0.2"))) == 1500)
  }

  @Test func inventedReportsChangeNothing() throws {
    let (a, b, network) = pair()
    let caller = try client(a, to: "10.0.0.2", port: 9)
    network.run(seconds: 1)
    let quote =
      ipv4Packet(from: "10.0.0.1", to: "10.0.0.3", protocol: 17, hex("c000 0035 0010 0000"))
    for code: UInt8 in [3, 4] {
      var message: [UInt8] = [3, code, 0, 0, 0, 0, 2, 0x58] + quote
      let checksum = InternetChecksum.of(RawSpan(_elements: message.span))
      message[2] = UInt8(checksum >> 8)
      message[3] = UInt8(checksum & 255)
      let report = ipv4Packet(from: "10.0.0.9", to: "10.0.0.1", protocol: 1, message)
      a.take(ethernet(to: a.station, from: b.station, type: 0x800, report), now: network.now)
    }
    #expect(a.stack.pathMTU(to: IPAddress(v4("10.0.0.3"))) == 1500)
    check(try received(a, caller) == nil)
  }

  @Test func datagramsSurviveABadWire() throws {
    let (a, b, network) = pair()
    network.duplication = 20
    network.reordering = 40
    let sink = try server(b, "0.0.0.0", port: 9)
    sink.options.receiveLimit = 10 << 20
    let caller = try client(a, to: "10.0.0.2", port: 9)
    try a.stack.udp.send(payload([0], for: a.stack), on: caller, sink: a.stack)
    network.run(seconds: 2)
    check(try received(b, sink) == [0])
    while try received(b, sink) != nil {}
    for number in 0..<100 {
      let bytes = [UInt8](repeating: UInt8(number), count: 1 + number * 60)
      try a.stack.udp.send(payload(bytes, for: a.stack), on: caller, sink: a.stack)
      network.run(seconds: 0, milliseconds: 20)
      var copies = 0
      while let found = try received(b, sink) {
        check(found == bytes)
        copies += 1
      }
      // A doubled fragment is passed over, or begins a datagram that is never complete.
      #expect(copies >= 1, "datagram \(number)")
    }
  }
}
