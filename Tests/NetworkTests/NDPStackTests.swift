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

/// Neighbours, routers and addresses of version 6, as a stack on a wire sees them.
@Suite struct NDPStackTests {
  private final class Observer: AddressObserver {
    var count = 0
    func addressesChanged() { count += 1 }
  }

  private let router = MACAddress(0x5254_0000_00fe)
  private let routerAddress = "fe80::fe"

  /// A host whose link-local address is ready.
  private func started() -> (Host, SimulatedNetwork) {
    let host = Host(1)
    let network = SimulatedNetwork(host)
    host.stack.startIPv6(now: network.now)
    network.run(seconds: 2)
    _ = host.interface.takeSent()
    return (host, network)
  }

  private func advertise(
    _ text: RouterText, to host: Host, _ network: SimulatedNetwork, hopLimit: UInt8 = 255
  ) {
    let message = icmpv6(
      134, 0, Array(text.option(1, octets(router)).bytes[4...]), from: routerAddress, to: "ff02::1")
    host.take6(
      ipv6Packet(
        from: routerAddress, to: "ff02::1", next: 58, hopLimit: hopLimit, message),
      from: router, now: network.now)
  }

  private func solicit(
    _ target: IPv6Address, from source: String, station: MACAddress, to host: Host,
    _ network: SimulatedNetwork, option: Bool = true
  ) {
    let message = NDPWriter.neighborSolicitation(for: target, station: option ? station : nil)
    let group = text(target.solicitedNodeGroup)
    host.take6(
      ipv6Packet(
        from: source, to: group, next: 58, hopLimit: 255,
        icmpv6(135, 0, Array(message[4...]), from: source, to: group)), from: station,
      now: network.now)
  }

  private func advertise(
    _ target: IPv6Address, at station: MACAddress, flags: UInt8, to host: Host,
    _ network: SimulatedNetwork
  ) {
    let destination = flags & 0x40 != 0 ? text(host.linkLocal) : "ff02::1"
    let body = [flags, 0, 0, 0] + octets(target) + [2, 1] + octets(station)
    host.take6(
      ipv6Packet(
        from: text(target), to: destination, next: 58, hopLimit: 255,
        icmpv6(136, 0, body, from: text(target), to: destination)), from: station,
      now: network.now)
  }

  private func isUsable(_ address: IPv6Address, _ host: Host) -> Bool {
    host.stack.isLocal(IPAddress(address))
  }

  // MARK: - Looking for rivals (RFC 4862 section 5.4)

  @Test func theAddressIsLookedForFirst() throws {
    let host = Host(1)
    let observer = Observer()
    host.stack.addressObserver = observer
    let network = SimulatedNetwork(host)
    host.stack.startIPv6(now: network.now)
    #expect(host.linkLocal == v6("fe80::5054:ff:fe00:1"))
    #expect(!isUsable(host.linkLocal, host) && host.stack.nextDeadline > network.now)
    network.run(seconds: 0, milliseconds: 999)
    #expect(!isUsable(host.linkLocal, host))
    network.run(seconds: 0, milliseconds: 2)
    #expect(isUsable(host.linkLocal, host) && observer.count == 1)
    let sent = network.log.compactMap(Sent6.init)
    let probe = try #require(sent.first)
    #expect(probe.isICMP(135) && probe.header.source == .any && probe.header.hopLimit == 255)
    #expect(probe.header.target == v6("ff02::1:ff00:1"))
    #expect(probe.target == MACAddress(0x3333_ff00_0001))
    #expect(Array(probe.payload[8...]) == octets(host.linkLocal), "and says nothing of its station")
    let ready = try #require(sent.first { $0.isICMP(136) })
    #expect(ready.header.source == host.linkLocal && ready.header.target == v6("ff02::1"))
  }

  @Test(arguments: [true, false])
  func whoLooksOrHasItEndsTheSearch(asks: Bool) {
    let host = Host(1)
    let network = SimulatedNetwork(host)
    host.stack.startIPv6(now: network.now)
    network.run(seconds: 0, milliseconds: 500)
    if asks {
      solicit(host.linkLocal, from: "::", station: router, to: host, network, option: false)
    } else {
      advertise(host.linkLocal, at: router, flags: 0x20, to: host, network)
    }
    network.run(seconds: 5)
    #expect(!isUsable(host.linkLocal, host) && host.stack.conflictCount == 1)
    #expect(host.stack.routes6.addresses.isEmpty)
    #expect(!network.log.compactMap(Sent6.init).contains { $0.header.source == host.linkLocal })
  }

  @Test func ourOwnEchoIsNoRival() {
    let host = Host(1)
    let network = SimulatedNetwork(host)
    host.stack.startIPv6(now: network.now)
    network.run(seconds: 0, milliseconds: 100)
    for frame in network.log { host.take(frame, now: network.now) }
    network.run(seconds: 2)
    #expect(isUsable(host.linkLocal, host) && host.stack.conflictCount == 0)
  }

  @Test func whoComesLaterGetsAnAnswer() throws {
    let (host, network) = started()
    solicit(host.linkLocal, from: "::", station: router, to: host, network, option: false)
    let answers = host.takeICMP6(136)
    #expect(answers.count == 1 && answers[0].header.target == v6("ff02::1"))
    #expect(answers[0].payload[4] == 0x20, "not solicited, overrides")
    // And one that claims to have it changes nothing.
    advertise(host.linkLocal, at: router, flags: 0x20, to: host, network)
    #expect(isUsable(host.linkLocal, host) && host.stack.conflictCount == 0)
  }

  @Test func addressesThatWereGivenAreUsedAtOnce() throws {
    let host = Host(1)
    let network = SimulatedNetwork(host)
    host.stack.startIPv6(now: network.now)
    let address = v6("2001:db8::5")
    host.stack.add(IPv6Prefix(address, length: 64), now: network.now)
    #expect(isUsable(address, host))
    #expect(host.stack.sourceAddress(to: IPAddress(v6("2001:db8::9"))) == IPAddress(address))
    let probes = host.takeICMP6(135).filter { $0.header.source == .any }
    #expect(probes.map(\.header.target).contains(address.solicitedNodeGroup), "but looked for")
    // Another one has it.
    advertise(address, at: router, flags: 0x20, to: host, network)
    #expect(!isUsable(address, host) && host.stack.conflictCount == 1)
    host.stack.add(IPv6Prefix(v6("2001:db8::6"), length: 64), now: network.now)
    network.run(seconds: 2)
    advertise(v6("2001:db8::6"), at: router, flags: 0x20, to: host, network)
    #expect(isUsable(v6("2001:db8::6"), host), "too late")
  }

  @Test func narrowLinksHaveNoVersion6() {
    let host = Host(1, mtu: 1279)
    host.stack.startIPv6(now: .start)
    host.stack.add(IPv6Prefix(v6("2001:db8::5"), length: 64), now: .start)
    #expect(host.interface.sent.isEmpty && host.stack.routes6.addresses.isEmpty)
    #expect(host.stack.sourceAddress(to: IPAddress(v6("2001:db8::9"))) == nil)
  }

  // MARK: - Neighbours (RFC 4861 section 7)

  @Test func questionsAreAnswered() throws {
    let (host, network) = started()
    solicit(host.linkLocal, from: "fe80::9", station: router, to: host, network)
    let answer = try #require(host.takeICMP6(136).first)
    #expect(answer.header.target == v6("fe80::9") && answer.target == router)
    #expect(answer.header.source == host.linkLocal && answer.header.hopLimit == 255)
    #expect(answer.payload[4] == 0x60)
    #expect(Array(answer.payload[24...]) == [2, 1] + octets(host.station))
    #expect(host.stack.neighbors.isKnown(IPAddress(v6("fe80::9"))))
    // Not for others, nor for loopback.
    solicit(v6("fe80::1:0:1"), from: "fe80::9", station: router, to: host, network)
    #expect(host.takeICMP6(136).isEmpty)
    // From one that is not known and does not tell: it is asked first.
    solicit(host.linkLocal, from: "fe80::8", station: router, to: host, network, option: false)
    #expect(host.takeICMP6(135).map(\.header.target) == [v6("ff02::1:ff00:8")])
    advertise(v6("fe80::8"), at: router, flags: 0x60, to: host, network)
    #expect(host.takeICMP6(136).map(\.header.target) == [v6("fe80::8")])
  }

  @Test func questionsFromElsewhereAreNot() {
    let (host, network) = started()
    let message = NDPWriter.neighborSolicitation(for: host.linkLocal, station: router)
    let group = text(host.linkLocal.solicitedNodeGroup)
    let body = icmpv6(135, 0, Array(message[4...]), from: "fe80::9", to: group)
    host.take6(
      ipv6Packet(from: "fe80::9", to: group, next: 58, hopLimit: 254, body), from: router,
      now: network.now)
    // In a fragment (RFC 6980).
    host.take6(
      ipv6Packet(
        from: "fe80::9", to: group, next: 44, hopLimit: 255, [58, 0, 0, 0, 0, 0, 0, 1] + body),
      from: router, now: network.now)
    // With a wrong checksum, or a code.
    var wrong = body
    wrong[3] ^= 1
    host.take6(
      ipv6Packet(from: "fe80::9", to: group, next: 58, hopLimit: 255, wrong), from: router,
      now: network.now)
    host.take6(
      ipv6Packet(
        from: "fe80::9", to: group, next: 58, hopLimit: 255,
        icmpv6(135, 1, Array(message[4...]), from: "fe80::9", to: group)), from: router,
      now: network.now)
    #expect(host.interface.takeSent().isEmpty && host.stack.neighbors.count == 0)
  }

  @Test func aNeighbourIsFoundAndWatched() throws {
    let a = Host(1)
    let b = Host(2)
    let network = SimulatedNetwork(a, b)
    for host in [a, b] { host.stack.startIPv6(now: network.now) }
    network.run(seconds: 2)
    let caller = a.stack.udp.makeEndpoint(isIPv6: true)
    try a.stack.udp.connect(caller, to: Endpoint(IPAddress(b.linkLocal), 9), sink: a.stack)
    let sink = b.stack.udp.makeEndpoint(isIPv6: true)
    try b.stack.udp.bind(sink, to: Endpoint(IPAddress(IPv6Address.any), 9), sink: b.stack)
    func solicitations(since start: Int) -> [Sent6] {
      network.log[start...].compactMap(Sent6.init)
        .filter { $0.isICMP(135) && $0.header.source == a.linkLocal }
    }
    var start = network.log.count
    try a.stack.udp.send(payload([1], for: a.stack), on: caller, sink: a.stack)
    network.run(seconds: 1)
    let first = solicitations(since: start)
    #expect(first.count == 1 && first[0].header.target == b.linkLocal.solicitedNodeGroup)
    #expect(try b.stack.udp.receive(on: sink) != nil)
    // Reachable for half a minute: nothing is asked.
    start = network.log.count
    network.run(seconds: 20)
    try a.stack.udp.send(payload([2], for: a.stack), on: caller, sink: a.stack)
    network.run(seconds: 6)
    #expect(solicitations(since: start).isEmpty)
    // Then it is doubted: five seconds after its next use it is asked, alone.
    network.run(seconds: 20)
    start = network.log.count
    try a.stack.udp.send(payload([3], for: a.stack), on: caller, sink: a.stack)
    network.run(seconds: 4)
    #expect(solicitations(since: start).isEmpty)
    network.run(seconds: 2)
    let probes = solicitations(since: start)
    #expect(probes.count == 1 && probes[0].header.target == b.linkLocal)
    #expect(probes[0].target == b.station)
  }

  @Test(arguments: [false, true])
  func aMissingNeighbourIsReported(isLarge: Bool) throws {
    let (host, network) = started()
    let caller = host.stack.udp.makeEndpoint(isIPv6: true)
    try host.stack.udp.connect(caller, to: Endpoint(IPAddress(v6("fe80::77")), 9), sink: host.stack)
    caller.options.reportsAllErrors = true
    if isLarge {
      // A head with a piece behind it.
      var frame = Frame(packet([1]))
      frame.rest.append(packet([UInt8](repeating: 1, count: 500)))
      try host.stack.udp.send(frame, on: caller, sink: host.stack)
    } else {
      try host.stack.udp.send(payload([1], for: host.stack), on: caller, sink: host.stack)
    }
    network.run(seconds: 2)
    check(try host.stack.udp.receive(on: caller) == nil)
    network.run(seconds: 2)
    #expect(throws: UDPError.hostUnreachable) { _ = try host.stack.udp.receive(on: caller) }
    #expect(network.log.compactMap(Sent6.init).filter { $0.isICMP(135) }.count == 1 + 3)
  }

  // MARK: - Routers (RFC 4861 section 6)

  @Test func routersAreAskedThreeTimes() {
    let host = Host(1)
    let network = SimulatedNetwork(host)
    host.stack.startIPv6(now: network.now)
    network.run(seconds: 60)
    let questions = network.log.compactMap(Sent6.init).filter { $0.isICMP(133) }
    #expect(questions.count == 3)
    #expect(questions.allSatisfy { $0.header.target == .allRouters && $0.header.hopLimit == 255 })
    #expect(questions[0].header.source == .any && questions[0].payload.count == 8)
    #expect(questions[1].header.source == host.linkLocal && questions[1].payload.count == 16)
    #expect(host.stack.nextDeadline == .never)
  }

  @Test func aRouterMakesAddressesAndRoutes() throws {
    let (host, network) = started()
    let observer = Observer()
    host.stack.addressObserver = observer
    advertise(
      RouterText(lifetime: 1800).prefix("2001:db8:1::").mtu(1400)
        .servers(["2001:db8::53"], lifetime: 600),
      to: host, network)
    let address = v6("2001:db8:1:0:5054:ff:fe00:1")
    #expect(!isUsable(address, host) && observer.count == 1)
    #expect(host.takeICMP6(135).map(\.header.target) == [address.solicitedNodeGroup])
    network.run(seconds: 2)
    #expect(isUsable(address, host) && observer.count == 2)
    #expect(host.stack.sourceAddress(to: IPAddress(v6("2a00::1"))) == IPAddress(address))
    #expect(host.stack.pathMTU(to: IPAddress(v6("2a00::1"))) == 1400)
    #expect(host.stack.pathMTU(to: IPAddress(v4("8.8.8.8"))) == 1500)
    #expect(host.stack.autoConfiguration?.nameServers.map(\.address) == [v6("2001:db8::53")])
    // To the world by the router, whose station it has told.
    let caller = host.stack.udp.makeEndpoint(isIPv6: true)
    try host.stack.udp.connect(caller, to: Endpoint(IPAddress(v6("2a00::1")), 9), sink: host.stack)
    let before = network.log.count
    try host.stack.udp.send(payload([1], for: host.stack), on: caller, sink: host.stack)
    network.run(seconds: 0, milliseconds: 1)
    let sent = try #require(network.log[before...].compactMap(Sent6.init).first)
    #expect(sent.target == router && sent.header.target == v6("2a00::1"))
    #expect(network.log.compactMap(Sent6.init).filter { $0.isICMP(133) }.count == 1, "no more")
    // After its time it is none; the address lives on.
    network.run(seconds: 1800)
    #expect(host.stack.autoConfiguration?.nameServers.isEmpty == true)
    #expect(throws: UDPError.noRoute) {
      try host.stack.udp.send(payload([1], for: host.stack), on: caller, sink: host.stack)
    }
    #expect(isUsable(address, host))
    let count = observer.count
    network.run(seconds: 86_400)
    #expect(!isUsable(address, host) && observer.count > count)
    #expect(host.stack.nextDeadline == .never)
  }

  @Test func aRouterThatLeaves() {
    let (host, network) = started()
    advertise(RouterText(lifetime: 1800).prefix("2001:db8:1::"), to: host, network)
    network.run(seconds: 2)
    #expect(host.stack.routes6.routers.count == 1)
    // It becomes a host (section 7.2.5), or says that it is no router any more.
    advertise(v6(routerAddress), at: router, flags: 0x20, to: host, network)
    #expect(host.stack.routes6.routers.isEmpty)
    advertise(RouterText(lifetime: 1800), to: host, network)
    advertise(v6(routerAddress), at: router, flags: 0xa0, to: host, network)
    #expect(host.stack.routes6.routers.count == 1, "it is a router still")
    advertise(RouterText(lifetime: 0), to: host, network)
    #expect(host.stack.routes6.routers.isEmpty && host.stack.routes6.onLink.count == 1)
  }

  @Test func routersFromElsewhereAreNotBelieved() {
    let (host, network) = started()
    advertise(RouterText(lifetime: 1800).prefix("2001:db8:1::"), to: host, network, hopLimit: 64)
    #expect(host.stack.routes6.routers.isEmpty && host.stack.routes6.addresses.count == 1)
    #expect(host.stack.neighbors.count == 0)
  }

  /// RFC 4861 section 8: a host may ignore them, and anybody could send them.
  @Test func redirectsChangeNothing() {
    let (host, network) = started()
    advertise(RouterText(lifetime: 1800).prefix("2001:db8:1::"), to: host, network)
    network.run(seconds: 2)
    let hop = host.stack.routes6.hop(to: v6("2a00::1"))
    let neighbors = host.stack.neighbors.count
    let body =
      [0, 0, 0, 0] + octets(v6("fe80::66")) + octets(v6("2a00::1")) + [2, 1] + octets(router)
    host.take6(
      ipv6Packet(
        from: routerAddress, to: text(host.linkLocal), next: 58, hopLimit: 255,
        icmpv6(137, 0, body, from: routerAddress, to: text(host.linkLocal))), from: router,
      now: network.now)
    #expect(host.stack.routes6.hop(to: v6("2a00::1")) == hop)
    #expect(host.stack.neighbors.count == neighbors)
  }

  @Test func aSilentRouterMakesRoomForAnother() throws {
    let (host, network) = started()
    advertise(RouterText(lifetime: 1800).prefix("2001:db8:1::"), to: host, network)
    network.run(seconds: 2)
    host.stack.add(router: v6("fe80::aa"))
    let caller = host.stack.udp.makeEndpoint(isIPv6: true)
    try host.stack.udp.connect(caller, to: Endpoint(IPAddress(v6("2a00::1")), 9), sink: host.stack)
    // It is doubted from the start: five seconds, and three questions.
    try host.stack.udp.send(payload([1], for: host.stack), on: caller, sink: host.stack)
    network.run(seconds: 5)
    for _ in 0..<5 {
      try host.stack.udp.send(payload([1], for: host.stack), on: caller, sink: host.stack)
      network.run(seconds: 1)
    }
    network.run(seconds: 5)
    #expect(host.stack.routes6.hop(to: v6("2a00::1")) == .neighbor(v6("fe80::aa")))
  }

  // MARK: - What an attacker on the link can do

  @Test func tablesAreBounded() {
    let (host, network) = started()
    var random = SeededGenerator(seed: 8)
    let free = testPool.availableCount
    for _ in 0..<3000 {
      let stranger = MACAddress(0x0200_0000_0000 | random.next() & 0xff_ffff)
      solicit(
        host.linkLocal, from: text(IPv6Address(high: 0xfe80 << 48, low: random.next())),
        station: stranger, to: host, network)
      advertise(
        RouterText(lifetime: 9000)
          .prefix(text(IPv6Address(high: 0x2001 << 48 | random.next() >> 16, low: 0)))
          .servers([text(IPv6Address(high: 0x2001 << 48, low: random.next()))], lifetime: 9000),
        to: host, network)
    }
    #expect(host.stack.neighbors.count <= 512)
    #expect(host.stack.routes6.addresses.count <= IPv6Routes.addressLimit)
    #expect(host.stack.routes6.onLink.count <= IPv6Routes.onLinkLimit)
    #expect(host.stack.autoConfiguration!.nameServers.count <= 3)
    network.run(seconds: 100)
    #expect(testPool.availableCount == free)
  }
}
