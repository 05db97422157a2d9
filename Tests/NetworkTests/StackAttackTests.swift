// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import ARP
import Base
import Bytes
import Internet
import IPv4
import NetworkStack
import Packets
import Testing
import UDP

/// Keeps what it is given.
private final class KeepingTransport: TransportProtocol {
  var frames: [[UInt8]] = []
  var held = PacketQueue()
  var holds = false
  var errors: [DeliveryError] = []

  func receive(
    _ frame: consuming Frame, from source: IPAddress, to target: IPAddress, now: Instant
  ) {
    frames.append(frame.array)
    if holds { held.append(contentsOf: frame.intoQueue()) }
  }
  func recognizes(_ error: DeliveryError) -> Bool { true }
  func failed(_ error: DeliveryError, now: Instant) { errors.append(error) }
  var nextDeadline: Instant { .never }
  func advance(to now: Instant) {}
}

/// What strangers on the wire must not be able to do.
@Suite struct StackAttackTests {
  private let stranger = MACAddress(0x5254_0000_0099)

  private func host() -> Host {
    let host = Host(1, address: "10.0.0.1")
    // The stranger's station is known: an answer would go out at once.
    host.take(arp(.request, from: "10.0.0.9", stranger, to: "10.0.0.1"), now: .start)
    _ = host.interface.takeSent()
    return host
  }

  private func arp(
    _ operation: ARPMessage.Operation, from sender: String, _ station: MACAddress, to target: String
  ) -> [UInt8] {
    let message = ARPMessage(
      operation, sender: v4(sender), senderStation: station, target: v4(target))
    var bytes = [UInt8](repeating: 0, count: 28)
    var elements = bytes.mutableSpan
    var span = MutableRawSpan(_elements: &elements)
    message.store(in: &span)
    return ethernet(to: .broadcast, from: station, type: 0x806, bytes)
  }

  private func give(
    _ packet: [UInt8], to host: Host, at target: MACAddress? = nil, now: Instant = .start
  ) {
    host.take(
      ethernet(to: target ?? host.station, from: stranger, type: 0x800, packet), now: now)
    host.stack.flush(now: now)
  }

  private func echoRequest() -> [UInt8] {
    var bytes: [UInt8] = [8, 0, 0, 0, 0, 1, 0, 2]
    let sum = InternetChecksum.of(RawSpan(_elements: bytes.span))
    (bytes[2], bytes[3]) = (UInt8(sum >> 8), UInt8(sum & 255))
    return bytes
  }

  @Test(arguments: [
    ("10.0.0.9", "10.0.0.1", 1), ("8.8.8.8", "10.0.0.1", 0),
    // Smurf: for all, or with an answer to all.
    ("10.0.0.9", "10.0.0.255", 0), ("10.0.0.9", "255.255.255.255", 0),
    ("10.0.0.9", "224.0.0.1", 0), ("10.0.0.255", "10.0.0.1", 0), ("255.255.255.255", "10.0.0.1", 0),
    ("224.0.0.1", "10.0.0.1", 0),
    // In our own name, in that of loopback, and in nobody's.
    ("10.0.0.1", "10.0.0.1", 0), ("127.0.0.1", "10.0.0.1", 0), ("0.0.0.0", "10.0.0.1", 0),
    ("0.1.2.3", "10.0.0.1", 0), ("250.1.2.3", "10.0.0.1", 0), ("10.0.0.9", "127.0.0.1", 0),
    ("10.0.0.9", "10.0.0.2", 0),
  ])
  func whoIsAnswered(_ source: String, _ target: String, _ count: Int) {
    let host = host()
    give(ipv4Packet(from: source, to: target, protocol: 1, echoRequest()), to: host)
    #expect(host.interface.sent.count == count)
    // Nor is anybody told about a closed port.
    give(
      ipv4Packet(
        from: source, to: target, protocol: 17, udpDatagram(from: source, 5, to: target, 6, [1])),
      to: host)
    #expect(host.interface.takeSent().count == 2 * count)
    // A packet to us alone in a frame to all is not for us.
    give(
      ipv4Packet(from: source, to: target, protocol: 1, echoRequest()), to: host, at: .broadcast)
    #expect(host.interface.sent.isEmpty)
  }

  @Test(arguments: ["0.0.0.0", "10.0.0.1", "127.0.0.1", "10.0.0.255"])
  func nobodyGetsIntoLoopback(_ source: String) throws {
    let host = host()
    let endpoint = host.stack.udp.makeEndpoint(isIPv6: false)
    try host.stack.udp.bind(
      endpoint, to: Endpoint(IPAddress(IPv4Address.any), 7), sink: host.stack)
    check(host.stack.udp.join(IPAddress(v4("224.0.0.251")), on: endpoint))
    for target in ["10.0.0.1", "127.0.0.1", "10.0.0.255", "224.0.0.251"] {
      give(
        ipv4Packet(
          from: source, to: target, protocol: 17,
          udpDatagram(from: source, 9, to: target, 7, [1])), to: host)
    }
    #expect(!endpoint.isReadable)
  }

  @Test func dhcpServersHearThoseWithoutAddress() throws {
    let host = host()
    let endpoint = host.stack.udp.makeEndpoint(isIPv6: false)
    try host.stack.udp.bind(
      endpoint, to: Endpoint(IPAddress(IPv4Address.any), 67), sink: host.stack)
    give(
      ipv4Packet(
        from: "0.0.0.0", to: "255.255.255.255", protocol: 17,
        udpDatagram(from: "0.0.0.0", 68, to: "255.255.255.255", 67, [1])), to: host,
      at: .broadcast)
    #expect(endpoint.isReadable)
  }

  @Test func errorsAreLimited() {
    let host = host()
    let packet = ipv4Packet(
      from: "10.0.0.9", to: "10.0.0.1", protocol: 17,
      udpDatagram(from: "10.0.0.9", 5, to: "10.0.0.1", 99, [1]))
    for _ in 0..<1000 { give(packet, to: host) }
    #expect(host.interface.takeSent().count == 50)
    for millisecond: Int64 in 1...500 {
      for _ in 0..<5 { give(packet, to: host, now: .start + .milliseconds(millisecond)) }
    }
    #expect(host.interface.takeSent().count == 500)
  }

  // MARK: - Memory

  @Test func addressesOfTheLinkAreLearntOnlyWhenUseful() {
    let host = host()
    let count = host.stack.neighbors.count
    // Answers that nobody asked for, questions to others, and one from another network.
    host.take(arp(.reply, from: "10.0.0.50", stranger, to: "10.0.0.1"), now: .start)
    host.take(arp(.request, from: "10.0.0.51", stranger, to: "10.0.0.2"), now: .start)
    host.take(arp(.request, from: "192.168.0.1", stranger, to: "10.0.0.1"), now: .start)
    // Our own address is not elsewhere, whoever says so.
    host.take(arp(.reply, from: "10.0.0.1", stranger, to: "10.0.0.1"), now: .start)
    #expect(host.stack.neighbors.count == count)
    #expect(host.stack.isLocal(IPAddress(v4("10.0.0.1"))))
    for number: UInt32 in 2..<250 {
      for other: UInt64 in 0..<10 {
        host.take(
          arp(
            .request, from: "10.0.0.\(number)", MACAddress(0x0200_0000_0000 + other),
            to: "10.0.0.1"), now: .start)
      }
    }
    #expect(host.stack.neighbors.count <= 250)
  }

  @Test func fragmentsCostNoMoreThanTheirShare() throws {
    let free = testPool.availableCount
    do {
      let host = host()
      let endpoint = host.stack.udp.makeEndpoint(isIPv6: false)
      try host.stack.udp.bind(
        endpoint, to: Endpoint(IPAddress(IPv4Address.any), 7), sink: host.stack)
      for number in 0..<2000 {
        give(
          ipv4Packet(
            from: "10.0.0.\(2 + number % 200)", to: "10.0.0.1", protocol: 17,
            [UInt8](repeating: 1, count: 64), identification: UInt16(number), fragment: 0x2000),
          to: host)
      }
      #expect(testPool.availableCount == free, "fragments do not keep the card's buffers")
      // Those that come whole now are still put together.
      let bytes = [UInt8](repeating: 7, count: 100)
      let datagram = udpDatagram(from: "10.0.0.9", 9, to: "10.0.0.1", 7, bytes)
      for (start, end) in [(56, 108), (0, 56)] {
        give(
          ipv4Packet(
            from: "10.0.0.9", to: "10.0.0.1", protocol: 17, Array(datagram[start..<end]),
            identification: 9, fragment: UInt16(start / 8) | (end < 108 ? 0x2000 : 0)), to: host)
      }
      let found = try host.stack.udp.receive(on: endpoint)!
      check(found.packet.array == bytes && found.packet.capacity == testPool.byteCount)
    }
    #expect(testPool.availableCount == free)
  }

  @Test func identificationsDifferAndTellNothing() throws {
    let host = Host(1, mtu: 576, address: "10.0.0.1")
    let endpoint = host.stack.udp.makeEndpoint(isIPv6: false)
    try host.stack.udp.bind(
      endpoint, to: Endpoint(IPAddress(IPv4Address.any), 7), sink: host.stack)
    var firsts: Set<UInt16> = []
    for number in 2..<42 {
      let target = "10.0.0.\(number)"
      host.take(arp(.request, from: target, stranger, to: "10.0.0.1"), now: .start)
      _ = host.interface.takeSent()
      var seen: Set<UInt16> = []
      for _ in 0..<50 {
        try host.stack.udp.send(
          payload([UInt8](repeating: 1, count: 600), for: host.stack), on: endpoint,
          to: Endpoint(IPAddress(v4(target)), 9), sink: host.stack)
        let sent = host.interface.takeSent()
        let numbers = Set(sent.map { UInt16($0[18]) << 8 | UInt16($0[19]) })
        #expect(sent.count == 2 && numbers.count == 1, "one datagram, one number")
        seen.formUnion(numbers)
        if seen.count == 1 { firsts.formUnion(numbers) }
      }
      #expect(seen.count == 50)
    }
    // One counter for all would give numbers in a row.
    #expect(firsts.max()! - firsts.min()! > 10_000)
  }

  // MARK: - Frames in pieces

  @Test func whatNobodyTookIsNoPartOfTheNext() throws {
    let free = testPool.availableCount
    do {
      let host = host()
      let transport = KeepingTransport()
      host.stack.tcp = transport
      func joined(_ frame: [UInt8], at cut: Int) {
        var rest = PacketQueue()
        rest.append(packet(Array(frame[cut...]), headroom: 0))
        host.stack.receive(packet(Array(frame[..<cut]), headroom: 12), rest: rest, now: .start)
      }
      let segment = (0..<100).map { UInt8($0) }
      let good = ethernet(
        to: host.station, from: stranger, type: 0x800,
        ipv4Packet(from: "10.0.0.9", to: "10.0.0.1", protocol: 6, segment))
      joined(good, at: 60)
      check(transport.frames == [segment])
      // For another station, of another protocol, from us, too long, in a fragment.
      var other = good
      other[5] ^= 1
      joined(other, at: 60)
      joined(
        ethernet(
          to: host.station, from: stranger, type: 0x800,
          ipv4Packet(from: "10.0.0.9", to: "10.0.0.1", protocol: 17, segment)), at: 60)
      joined(
        ethernet(
          to: host.station, from: stranger, type: 0x800,
          ipv4Packet(from: "10.0.0.1", to: "10.0.0.1", protocol: 6, segment)), at: 60)
      joined(good + [0], at: 60)
      joined(
        ethernet(
          to: host.station, from: stranger, type: 0x800,
          ipv4Packet(
            from: "10.0.0.9", to: "10.0.0.1", protocol: 6, segment, fragment: 0x2000)), at: 60)
      joined(good, at: 30)
      check(transport.frames == [segment])
      // Buffers of those are not kept, and a segment over loopback is only itself.
      check(testPool.availableCount == free)
      let own = Frame(packet([1, 2, 3, 4]))
      try host.stack.send(
        own, from: IPAddress(v4("10.0.0.1")), to: IPAddress(v4("10.0.0.1")), protocol: 6,
        options: SendOptions())
      host.stack.flush(now: .start)
      check(transport.frames == [segment, [1, 2, 3, 4]])
    }
    #expect(testPool.availableCount == free)
  }

  @Test(arguments: [false, true])
  func segmentsOverLoopbackStayInPieces(isIPv6: Bool) throws {
    let free = testPool.availableCount
    do {
      let host = host()
      let transport = KeepingTransport()
      transport.holds = true
      host.stack.tcp = transport
      let address = isIPv6 ? IPAddress(IPv6Address.loopback) : IPAddress(IPv4Address.loopback)
      var expected: [[UInt8]] = []
      // More than there are buffers of 64 KiB.
      for number in 0..<20 {
        let bytes = [UInt8](repeating: UInt8(number), count: 20_000 + number)
        expected.append(bytes)
        try host.stack.send(
          payload(bytes, for: host.stack), from: address, to: address, protocol: 6,
          options: SendOptions(mayFragment: false))
        if number % 3 == 0 { host.stack.flush(now: .start) }
      }
      host.stack.flush(now: .start)
      check(transport.frames == expected)
      transport.held.removeAll()
    }
    #expect(testPool.availableCount == free)
  }

  @Test func loopbackIsBounded() throws {
    let host = host()
    let address = IPAddress(IPv4Address.loopback)
    let free = testPool.availableCount
    for number in 0..<1500 {
      var frame = Frame(packet([UInt8(truncatingIfNeeded: number)]))
      if number % 2 == 0 { frame.rest.append(packet([7, 7])) }
      try host.stack.send(
        frame, from: address, to: address, protocol: 6, options: SendOptions())
    }
    #expect(testPool.availableCount == free - 1500)
    let transport = KeepingTransport()
    host.stack.tcp = transport
    while host.stack.hasLoopback { host.stack.flush(now: .start) }
    #expect(testPool.availableCount == free && transport.frames.count == 1000)
    for number in 0..<1000 {
      let first = UInt8(truncatingIfNeeded: number)
      #expect(transport.frames[number] == (number % 2 == 0 ? [first, 7, 7] : [first]))
    }
  }

  @Test func aSegmentInPiecesIsReportedToo() throws {
    let host = host()
    let transport = KeepingTransport()
    host.stack.tcp = transport
    var frame = Frame(packet([0, 7, 0, 9, 1, 2, 3, 4]))
    frame.rest.append(packet([UInt8](repeating: 0, count: 300)))
    try host.stack.send(
      frame, from: IPAddress(v4("10.0.0.1")), to: IPAddress(v4("10.0.0.77")), protocol: 6,
      options: SendOptions())
    for second: Int64 in 1...4 { host.stack.advance(to: .start + Nanoseconds(seconds: second)) }
    #expect(transport.errors.count == 1)
    let error = try #require(transport.errors.first)
    #expect(error.sourcePort == 7 && error.targetPort == 9 && error.sequenceNumber == 0x0102_0304)
  }

  @Test func aGroupsCopyIsApart() throws {
    let host = host()
    let group = IPAddress(v4("224.0.0.251"))
    let endpoint = host.stack.udp.makeEndpoint(isIPv6: false)
    try host.stack.udp.bind(
      endpoint, to: Endpoint(IPAddress(IPv4Address.any), 7), sink: host.stack)
    check(host.stack.udp.join(group, on: endpoint))
    // A card that looks at the frame only when it is told to.
    host.interface.isLazy = true
    try host.stack.udp.send(
      payload([1, 2, 3], for: host.stack), on: endpoint, to: Endpoint(group, 7), sink: host.stack)
    host.stack.flush(now: .start)
    check(try host.stack.udp.receive(on: endpoint)!.packet.array == [1, 2, 3])
    #expect(host.interface.sent.count == 1)
    #expect(problem(with: host.interface.sent[0]) == nil)
  }
}
