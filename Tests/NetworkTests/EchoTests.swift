// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Internet
import NetworkStack
import Packets
import Testing
import UDP

/// Echo requests of programs (icmp(7)).
@Suite struct EchoTests {
  private func pair() -> (Host, Host, SimulatedNetwork) {
    let a = Host(1, address: "10.0.0.1")
    let b = Host(2, address: "10.0.0.2")
    let network = SimulatedNetwork(a, b)
    for host in [a, b] { host.stack.startIPv6(now: network.now) }
    network.run(seconds: 2)
    return (a, b, network)
  }

  private func ask(
    _ host: Host, _ endpoint: UDPEndpoint, _ target: IPAddress?, _ message: [UInt8]
  ) throws(UDPError) {
    guard let frame = try? payload(message, for: host.stack) else { throw .noBuffers }
    try host.stack.echo.send(
      frame, on: endpoint, to: target.map { Endpoint($0, 7) }, sink: host.stack)
  }

  @Test(arguments: [false, true], [0, 56, 1500, 5000])
  func repliesComeBackWhole(isIPv6: Bool, size: Int) throws {
    let (a, b, network) = pair()
    let endpoint = a.stack.echo.makeEndpoint(isIPv6: isIPv6)
    let target = isIPv6 ? IPAddress(b.linkLocal) : IPAddress(v4("10.0.0.2"))
    let body = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
    // The identifier and the checksum of the program do not matter.
    try ask(a, endpoint, target, [isIPv6 ? 128 : 8, 0, 9, 9, 0x77, 0x77, 0, 5] + body)
    #expect(endpoint.isBound)
    network.run(seconds: 1)
    let reply = try #require(try takeReply(a, endpoint))
    let identifier = [UInt8(endpoint.local.port >> 8), UInt8(endpoint.local.port & 255)]
    #expect(reply.bytes[0] == (isIPv6 ? 129 : 0) && reply.bytes[1] == 0)
    #expect(Array(reply.bytes[4..<8]) == identifier + [0, 5])
    #expect(Array(reply.bytes[8...]) == body)
    #expect(reply.source == Endpoint(target, 0))
    #expect(!endpoint.isReadable)
    for frame in network.log { #expect(problem(with: frame) == nil) }
  }

  private func takeReply(
    _ host: Host, _ endpoint: UDPEndpoint
  ) throws -> (bytes: [UInt8], source: Endpoint)? {
    guard let datagram = try host.stack.echo.receive(on: endpoint) else { return nil }
    return (datagram.packet.array, datagram.source)
  }

  @Test(arguments: [IPAddress(IPv4Address.loopback), IPAddress(IPv6Address.loopback)])
  func oneselfAnswers(address: IPAddress) throws {
    let (a, _, network) = pair()
    let endpoint = a.stack.echo.makeEndpoint(isIPv6: !address.isIPv4)
    try a.stack.echo.connect(endpoint, to: Endpoint(address, 1025), sink: a.stack)
    try ask(a, endpoint, nil, [address.isIPv4 ? 8 : 128, 0, 0, 0, 0, 0, 0, 1, 0xaa])
    network.run(seconds: 1)
    #expect(try takeReply(a, endpoint)?.bytes.last == 0xaa)
  }

  @Test func onlyRequestsAreSent() throws {
    let (a, b, _) = pair()
    let four = a.stack.echo.makeEndpoint(isIPv6: false)
    let six = a.stack.echo.makeEndpoint(isIPv6: true)
    let target = IPAddress(v4("10.0.0.2"))
    for message: [UInt8] in [
      [], [8, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0], [8, 1, 0, 0, 0, 0, 0, 0],
      [5, 0, 0, 0, 0, 0, 0, 0], [128, 0, 0, 0, 0, 0, 0, 0],
    ] {
      #expect(throws: UDPError.invalid) { try ask(a, four, target, message) }
    }
    #expect(throws: UDPError.wrongVersion) {
      try ask(a, six, target, [128, 0, 0, 0, 0, 0, 0, 0])
    }
    #expect(throws: UDPError.wrongVersion) {
      try ask(a, four, IPAddress(b.linkLocal), [8, 0, 0, 0, 0, 0, 0, 0])
    }
    #expect(throws: UDPError.notConnected) { try ask(a, four, nil, [8, 0, 0, 0, 0, 0, 0, 0]) }
    #expect(throws: UDPError.messageTooLong) {
      try ask(a, four, target, [8] + [UInt8](repeating: 0, count: 65_520))
    }
  }

  @Test func eachHearsItsOwn() throws {
    let (a, b, network) = pair()
    let one = a.stack.echo.makeEndpoint(isIPv6: false)
    let two = a.stack.echo.makeEndpoint(isIPv6: false)
    let any = Endpoint(IPAddress(IPv4Address.any), 77)
    try a.stack.echo.bind(one, to: any, sink: a.stack)
    #expect(throws: UDPError.addressInUse) {
      try a.stack.echo.bind(two, to: any, sink: a.stack)
    }
    try a.stack.echo.connect(
      two, to: Endpoint(IPAddress(v4("10.0.0.3")), 0), sink: a.stack)
    let target = IPAddress(v4("10.0.0.2"))
    try ask(a, one, target, [8, 0, 0, 0, 0, 0, 0, 1])
    network.run(seconds: 1)
    #expect(one.waitingCount == 1 && two.waitingCount == 0)
    // An answer that nobody waits for, and one from another than the one asked.
    for identifier: [UInt8] in [
      [0, 78], [0, 0], [UInt8(two.local.port >> 8), UInt8(two.local.port & 255)],
    ] {
      var message = [0, 0, 0, 0] + identifier + [0, 1]
      let sum = InternetChecksum.of(RawSpan(_elements: message.span))
      (message[2], message[3]) = (UInt8(sum >> 8), UInt8(sum & 255))
      a.take(
        ethernet(
          to: a.station, from: b.station, type: 0x800,
          ipv4Packet(from: "10.0.0.2", to: "10.0.0.1", protocol: 1, message)), now: network.now)
    }
    #expect(one.waitingCount == 1 && two.waitingCount == 0)
    a.stack.echo.close(one)
    a.stack.echo.close(two)
  }

  @Test(arguments: [false, true])
  func whoDoesNotAnswerIsReported(isIPv6: Bool) throws {
    let (a, _, network) = pair()
    let endpoint = a.stack.echo.makeEndpoint(isIPv6: isIPv6)
    endpoint.options.reportsAllErrors = true
    let target = isIPv6 ? IPAddress(v6("fe80::77")) : IPAddress(v4("10.0.0.77"))
    try ask(a, endpoint, target, [isIPv6 ? 128 : 8, 0, 0, 0, 0, 0, 0, 1])
    network.run(seconds: 5)
    #expect(throws: UDPError.hostUnreachable) { _ = try takeReply(a, endpoint) }
  }

  @Test func waitingRepliesAreBounded() throws {
    let (a, b, network) = pair()
    let endpoint = a.stack.echo.makeEndpoint(isIPv6: false)
    endpoint.options.receiveLimit = 8 * testPool.byteCount
    let free = testPool.availableCount
    for _ in 0..<50 {
      try ask(a, endpoint, IPAddress(v4("10.0.0.2")), [8, 0, 0, 0, 0, 0, 0, 1])
    }
    network.run(seconds: 1)
    #expect(b.stack.counters.icmpSent == 50)
    #expect(endpoint.waitingCount == 8 && endpoint.dropCount == 42)
    a.stack.echo.close(endpoint)
    #expect(testPool.availableCount == free)
  }
}
