// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import DHCP
import IPv4
import NetworkStack
import Packets
import Testing
import UDP

private func time(_ seconds: Double) -> Instant {
  Instant(nanoseconds: UInt64(seconds * 1_000_000_000))
}

/// A server as small as can be.
private struct Server {
  var address = v4("10.0.0.1")
  var offered = v4("10.0.0.50")
  var leaseSeconds: UInt32 = 3600
  var options: [(UInt8, [UInt8])] = [
    (1, [255, 255, 255, 0]), (3, [10, 0, 0, 1]), (6, [10, 0, 0, 3, 1, 1, 1, 1]),
    (15, Array("example.org".utf8)), (12, Array("guest".utf8)),
  ]

  func reply(to request: [UInt8], type: UInt8) -> [UInt8] {
    var bytes = request.prefix(236)
    bytes[0] = 2
    bytes.replaceSubrange(16..<20, with: type == 6 ? [0, 0, 0, 0] : octets(offered.rawValue))
    var all = Array(bytes) + [0x63, 0x82, 0x53, 0x63, 53, 1, type]
    all += [54, 4] + octets(address.rawValue) + [51, 4] + octets(leaseSeconds)
    for (code, value) in options { all += [code, UInt8(value.count)] + value }
    return all + [255]
  }

  func octets(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }

  static func option(_ code: UInt8, of message: [UInt8]) -> [UInt8]? {
    var offset = 240
    while offset < message.count, message[offset] != 255 {
      if message[offset] == 0 {
        offset += 1
        continue
      }
      let size = Int(message[offset + 1])
      if message[offset] == code { return Array(message[offset + 2..<offset + 2 + size]) }
      offset += 2 + size
    }
    return nil
  }
}

private let station = MACAddress(0x5254_0000_0001)

private func makeClient() -> DHCPClient {
  let random = KernelGlobal(SeededGenerator(seed: 3))
  return DHCPClient(
    station: station, hostname: Array("web".utf8), random: { random.value.next() })
}

extension DHCPClient {
  fileprivate func receive(_ bytes: [UInt8], now: Instant) {
    receive(RawSpan(_elements: bytes.span), now: now)
  }

  fileprivate func takeBroadcast() -> [UInt8]? {
    if case .broadcast(let bytes) = takeEvent() { bytes } else { nil }
  }

  fileprivate func takeLease() -> DHCPLease? {
    if case .bound(let lease) = takeEvent() { lease } else { nil }
  }

  /// Goes through the exchange up to a lease.
  fileprivate func bind(with server: Server, now: Instant) throws -> DHCPLease {
    start(now: now)
    let discover = try #require(takeBroadcast())
    receive(server.reply(to: discover, type: 2), now: now)
    let request = try #require(takeBroadcast())
    receive(server.reply(to: request, type: 5), now: now)
    return try #require(takeLease())
  }
}

@Suite struct DHCPTests {
  @Test func fourMessagesMakeALease() throws {
    let client = makeClient()
    let server = Server()
    client.start(now: time(1))
    let discover = try #require(client.takeBroadcast())
    #expect(discover.count >= 300 && Array(discover[..<4]) == [1, 1, 6, 0])
    #expect(Array(discover[28..<34]) == hex("525400000001") && discover[10] == 0x80)
    #expect(Server.option(53, of: discover) == [1])
    #expect(Server.option(61, of: discover) == [1] + hex("525400000001"))
    #expect(Server.option(12, of: discover) == Array("web".utf8))
    client.receive(server.reply(to: discover, type: 2), now: time(1.1))
    #expect(client.state == .requesting)
    let request = try #require(client.takeBroadcast())
    #expect(Server.option(53, of: request) == [3])
    #expect(Server.option(50, of: request) == [10, 0, 0, 50])
    #expect(Server.option(54, of: request) == [10, 0, 0, 1])
    #expect(request[4..<8] == discover[4..<8], "RFC 2131 section 4.4.1: the same transaction")
    client.receive(server.reply(to: request, type: 5), now: time(1.2))
    let lease = try #require(client.takeLease())
    #expect(client.state == .bound && lease.address == IPv4Prefix(v4("10.0.0.50"), length: 24))
    #expect(lease.nameServers == [v4("10.0.0.3"), v4("1.1.1.1")])
    #expect(lease.routes.map(\.router) == [v4("10.0.0.1")])
    #expect(lease.domain == Array("example.org".utf8) && lease.hostname == Array("guest".utf8))
    // Counted from the request: section 4.4.5.
    #expect(lease.renewal == time(1801.1) && lease.rebinding == time(3151.1))
    #expect(lease.expiry == time(3601.1) && client.nextDeadline == lease.renewal)
  }

  @Test func silenceMeansAskingLessAndLess() {
    let client = makeClient()
    client.start(now: time(0))
    var last = time(0)
    for seconds in [4, 8, 16, 32, 64, 64, 64] {
      #expect(client.takeBroadcast() != nil)
      let wait = Double((client.nextDeadline - last).count) / 1e9
      #expect(abs(wait - Double(seconds)) <= 1)
      last = client.nextDeadline
      client.advance(to: last)
    }
  }

  @Test func aServerThatFallsSilentIsLeft() throws {
    let client = makeClient()
    client.start(now: time(0))
    let discover = try #require(client.takeBroadcast())
    client.receive(Server().reply(to: discover, type: 2), now: time(0))
    for _ in 0..<4 {
      #expect(Server.option(53, of: try #require(client.takeBroadcast())) == [3])
      client.advance(to: client.nextDeadline)
    }
    #expect(Server.option(53, of: try #require(client.takeBroadcast())) == [1])
    #expect(client.state == .selecting)
  }

  @Test func aLeaseIsRenewedThenReboundThenLost() throws {
    let client = makeClient()
    let server = Server()
    _ = try client.bind(with: server, now: time(0))
    client.advance(to: time(1799))
    #expect(client.takeEvent() == nil)
    client.advance(to: time(1800))
    guard case .unicast(let request, let target) = client.takeEvent() else {
      Issue.record("no renewal")
      return
    }
    #expect(target == v4("10.0.0.1") && client.state == .renewing)
    #expect(Array(request[12..<16]) == [10, 0, 0, 50] && request[10] == 0)
    #expect(Server.option(50, of: request) == nil && Server.option(54, of: request) == nil)
    client.receive(server.reply(to: request, type: 5), now: time(1801))
    #expect(try #require(client.takeLease()).expiry == time(5400))
    // Now nobody answers.
    var (unicasts, broadcasts, wasLost) = (0, 0, false)
    while client.state != .selecting {
      client.advance(to: client.nextDeadline)
      while let event = client.takeEvent() {
        switch event {
        case .unicast: unicasts += 1
        case .broadcast: broadcasts += client.state == .rebinding ? 1 : 0
        case .lost: wasLost = true
        case .bound: Issue.record("bound by nobody")
        }
      }
    }
    #expect(unicasts > 2 && broadcasts > 1 && wasLost && client.lease == nil)
  }

  @Test func aNoEndsTheLease() throws {
    let client = makeClient()
    let server = Server()
    _ = try client.bind(with: server, now: time(0))
    client.advance(to: time(1800))
    guard case .unicast(let request, _) = client.takeEvent() else { return }
    client.receive(server.reply(to: request, type: 6), now: time(1801))
    guard case .lost = client.takeEvent() else {
      Issue.record("the address is still in use")
      return
    }
    #expect(client.state == .selecting && client.takeBroadcast() != nil)
  }

  @Test func aConflictIsDeclined() throws {
    let client = makeClient()
    _ = try client.bind(with: Server(), now: time(0))
    client.decline(now: time(5))
    let decline = try #require(client.takeBroadcast())
    #expect(Server.option(53, of: decline) == [4])
    #expect(Server.option(50, of: decline) == [10, 0, 0, 50])
    guard case .lost = client.takeEvent() else {
      Issue.record("the address is still in use")
      return
    }
    #expect(client.nextDeadline == time(15))
  }

  @Test func optionsInOddPlaces() throws {
    let client = makeClient()
    var server = Server()
    // A route in two parts (RFC 3396), and the mask in the field of the boot file.
    server.options = [
      (121, [24, 10, 9]), (121, [8, 10, 0, 0, 7, 0, 10, 0, 0, 1]), (52, [1]), (26, [5, 0x78]),
      (58, [0, 0, 0, 100]), (59, [0, 0, 0, 200]), (3, [10, 0, 0, 9]),
    ]
    client.start(now: time(0))
    func placed(_ bytes: [UInt8]) -> [UInt8] {
      var bytes = bytes
      bytes.replaceSubrange(108..<115, with: [1, 4, 255, 255, 0, 0, 255])
      return bytes
    }
    let discover = try #require(client.takeBroadcast())
    client.receive(placed(server.reply(to: discover, type: 2)), now: time(0))
    let request = try #require(client.takeBroadcast())
    client.receive(placed(server.reply(to: request, type: 5)), now: time(0))
    let lease = try #require(client.takeLease())
    #expect(lease.address.length == 16 && lease.mtu == 1400)
    #expect(lease.routes.map(\.router) == [v4("10.0.0.7"), v4("10.0.0.1")])
    #expect(lease.routes.map(\.prefix.length) == [24, 0])
    #expect(lease.renewal == time(100) && lease.rebinding == time(200))
  }

  @Test func whatIsNotForUsIsPassedOver() throws {
    let client = makeClient()
    let server = Server()
    client.start(now: time(0))
    let discover = try #require(client.takeBroadcast())
    let good = server.reply(to: discover, type: 2)
    for (offset, value): (Int, UInt8) in [
      (0, 1), (1, 6), (2, 8), (4, discover[4] ^ 1), (33, 9), (236, 0), (16, 0), (16, 127),
      (16, 240),
      (242, 99),
    ] {
      var bytes = good
      bytes[offset] = value
      client.receive(bytes, now: time(0))
      #expect(client.state == .selecting, "byte \(offset)")
    }
    for count in [0, 100, 239, 240, 244] {
      client.receive(Array(good[..<count]), now: time(0))
      #expect(client.state == .selecting)
    }
    var bad = server
    bad.options[0] = (1, [255, 0, 255, 0])
    client.receive(bad.reply(to: discover, type: 2), now: time(0))
    bad.options[0] = (1, [255, 255, 255])
    bad.offered = v4("10.255.255.255")
    client.receive(bad.reply(to: discover, type: 2), now: time(0))
    #expect(client.state == .selecting)
    client.receive(good, now: time(0))
    #expect(client.state == .requesting)
    // Another server's answer to our request is none of ours.
    let request = try #require(client.takeBroadcast())
    var other = server
    other.address = v4("10.0.0.66")
    client.receive(other.reply(to: request, type: 5), now: time(0))
    client.receive(other.reply(to: request, type: 6), now: time(0))
    #expect(client.state == .requesting)
  }

  @Test func fuzzReplies() throws {
    let client = makeClient()
    let server = Server()
    var clock = 0.0
    client.start(now: time(0))
    var last = try #require(client.takeBroadcast())
    let seed = fuzz(times: 3000) { random in
      let type = UInt8.random(in: 1...7, using: &random)
      var bytes = server.reply(to: last, type: type)
      if random.chance(70) { bytes = random.mutate(bytes) }
      client.receive(bytes, now: time(clock))
      if random.chance(30) {
        clock += Double.random(in: 0...2000, using: &random)
        client.advance(to: time(clock))
      }
      while let event = client.takeEvent() {
        switch event {
        case .broadcast(let bytes), .unicast(let bytes, _):
          precondition(bytes.count >= 300)
          last = bytes
        case .bound(let lease): precondition(lease.address.address.isUnicast)
        case .lost: break
        }
      }
    }
    #expect(seed != 0)
  }

  private final class Observer: LeaseObserver {
    var leases: [DHCPLease?] = []
    func leaseChanged(_ lease: DHCPLease?) { leases.append(lease) }
  }

  /// The stack without an address and a server on the wire, with frames as they are.
  @Test func theStackGetsItsAddress() throws {
    let host = Host(1)
    let other = Host(2, address: "10.0.0.1")
    let network = SimulatedNetwork(host, other)
    let endpoint = other.stack.udp.makeEndpoint(isIPv6: false)
    endpoint.options.allowsBroadcast = true
    try other.stack.udp.bind(
      endpoint, to: Endpoint(IPAddress(IPv4Address.any), 67), sink: other.stack)
    let observer = Observer()
    host.stack.startDHCP(hostname: [], observer: observer, now: network.now)
    let server = Server()
    for type: UInt8 in [2, 5] {
      network.run(seconds: 0, milliseconds: 10)
      let datagram = try other.stack.udp.receive(on: endpoint)!
      check(datagram.source == Endpoint(IPAddress(IPv4Address.any), 68))
      let reply = server.reply(to: datagram.packet.array, type: type)
      try other.stack.udp.send(
        payload(reply, for: other.stack), on: endpoint,
        to: Endpoint(IPAddress(IPv4Address.broadcast), 68), sink: other.stack)
    }
    network.run(seconds: 1)
    #expect(observer.leases.count == 1)
    #expect(host.stack.routes.hop(to: v4("8.8.8.8")) == .neighbor(v4("10.0.0.1")))
    #expect(host.stack.routes.source(to: v4("8.8.8.8")) == v4("10.0.0.50"))
    #expect(host.stack.neighbors.isKnown(IPAddress(v4("10.0.0.1"))), "the router is known already")
    host.stack.stopDHCP(now: network.now)
    network.run(seconds: 1)
    let release = try other.stack.udp.receive(on: endpoint)!
    check(Server.option(53, of: release.packet.array) == [7])
    #expect(host.stack.routes.hop(to: v4("8.8.8.8")) == .unreachable && observer.leases.count == 2)
  }

  /// A host, a server on the wire, and what the server has to say.
  private final class Exchange {
    let host = Host(1)
    let other = Host(2, address: "10.0.0.1")
    let network: SimulatedNetwork
    let endpoint: UDPEndpoint
    let observer = Observer()
    var server = Server()

    init() throws {
      network = SimulatedNetwork(host, other)
      endpoint = other.stack.udp.makeEndpoint(isIPv6: false)
      endpoint.options.allowsBroadcast = true
      try other.stack.udp.bind(
        endpoint, to: Endpoint(IPAddress(IPv4Address.any), 67), sink: other.stack)
      host.stack.startDHCP(hostname: [], observer: observer, now: network.now)
    }

    /// Answers what was asked with these types of messages, one after the other.
    func answer(_ types: UInt8...) throws {
      for type in types {
        network.run(seconds: 0, milliseconds: 10)
        let datagram = try other.stack.udp.receive(on: endpoint)!
        let reply = server.reply(to: datagram.packet.array, type: type)
        // To all as long as it has no address.
        let target = datagram.source.address.isAny ? IPv4Address.broadcast : server.offered
        try other.stack.udp.send(
          payload(reply, for: other.stack), on: endpoint, to: Endpoint(IPAddress(target), 68),
          sink: other.stack)
      }
      network.run(seconds: 0, milliseconds: 10)
    }
  }

  @Test func aLeaseIsUsedWhole() throws {
    let exchange = try Exchange()
    let (host, network) = (exchange.host, exchange.network)
    // The own network and another one on the link, and the way to everywhere.
    let routes: [UInt8] = [
      24, 10, 0, 0, 0, 0, 0, 0, 16, 10, 9, 0, 0, 0, 0, 0, 10, 0, 0, 1,
    ]
    exchange.server.options = [(1, [255, 255, 255, 0]), (26, [5, 0x14]), (121, routes)]
    try exchange.answer(2, 5)
    #expect(exchange.observer.leases.count == 1)
    #expect(host.stack.pathMTU(to: IPAddress(v4("8.8.8.8"))) == 1300)
    #expect(host.stack.routes.hop(to: v4("10.0.0.7")) == .neighbor(v4("10.0.0.7")))
    #expect(host.stack.routes.hop(to: v4("10.9.8.7")) == .neighbor(v4("10.9.8.7")))
    #expect(host.stack.routes.hop(to: v4("8.8.8.8")) == .neighbor(v4("10.0.0.1")))
    // Renewed with less: what it does not say any more is gone, the address stays.
    network.run(seconds: 1800)
    exchange.server.options = [(1, [255, 255, 255, 0])]
    try exchange.answer(5)
    #expect(exchange.observer.leases.count == 2)
    #expect(host.stack.pathMTU(to: IPAddress(v4("8.8.8.8"))) == 1500)
    #expect(host.stack.routes.hop(to: v4("10.9.8.7")) == .unreachable)
    #expect(host.stack.routes.hop(to: v4("8.8.8.8")) == .unreachable)
    #expect(host.stack.routes.hop(to: v4("10.0.0.7")) == .neighbor(v4("10.0.0.7")))
    #expect(host.stack.isLocal(IPAddress(v4("10.0.0.50"))))
    // Renewed with another mask.
    network.run(seconds: 1800)
    exchange.server.options = [(1, [255, 255, 0, 0])]
    try exchange.answer(5)
    #expect(host.stack.routes.addresses == [IPv4Prefix(v4("10.0.0.50"), length: 16)])
    #expect(host.stack.routes.hop(to: v4("10.0.7.7")) == .neighbor(v4("10.0.7.7")))
    // And refused: nothing is left.
    network.run(seconds: 1800)
    try exchange.answer(6)
    #expect(host.stack.routes.addresses.isEmpty && host.stack.routes.routes.isEmpty)
    #expect(exchange.observer.leases.last.map { $0 == nil } == true)
  }

  @Test func aLeaseThatNobodyRenewsIsLost() throws {
    let exchange = try Exchange()
    try exchange.answer(2, 5)
    let address = IPAddress(v4("10.0.0.50"))
    exchange.network.run(seconds: 3590)
    #expect(exchange.host.stack.isLocal(address))
    exchange.network.run(seconds: 20)
    #expect(!exchange.host.stack.isLocal(address))
    let asked = try #require(exchange.observer.leases.last)
    #expect(asked == nil)
  }

  @Test func anAddressThatAnotherHasIsDeclined() throws {
    let exchange = try Exchange()
    try exchange.answer(2, 5)
    #expect(exchange.host.stack.isLocal(IPAddress(v4("10.0.0.50"))))
    // A rival that does not give way when it is told (RFC 5227 section 2.4).
    let rival = Host(3, address: "10.0.0.50")
    for _ in 0..<3 {
      for frame in rival.interface.sent { exchange.host.take(frame, now: exchange.network.now) }
    }
    #expect(!exchange.host.stack.isLocal(IPAddress(v4("10.0.0.50"))))
    #expect(exchange.host.stack.conflictCount == 1)
    exchange.network.run(seconds: 0, milliseconds: 10)
    var types: [[UInt8]?] = []
    while let datagram = try exchange.other.stack.udp.receive(on: exchange.endpoint) {
      types.append(Server.option(53, of: datagram.packet.array))
    }
    #expect(types.contains([4]))
    // It asks again after a while, for another one.
    exchange.server.offered = v4("10.0.0.51")
    exchange.network.run(seconds: 11)
    try exchange.answer(2, 5)
    #expect(exchange.host.stack.isLocal(IPAddress(v4("10.0.0.51"))))
  }
}
