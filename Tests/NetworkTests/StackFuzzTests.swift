// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import ARP
import Base
import Bytes
import Internet
import IPv4
import IPv6
import NDP
import NetworkStack
import PacketCapture
import Packets
import Testing
import UDP

/// A transport that looks at all it is given.
private final class TestTransport: TransportProtocol {
  var byteCount = 0
  func receive(
    _ frame: consuming Frame, from source: IPAddress, to target: IPAddress, now: Instant
  ) {
    precondition(frame.head.byteCount > 0 && source.isUnicast && !target.isMulticast)
    frame.forEachBytes { byteCount += $0.byteCount }
  }
  func recognizes(_ error: DeliveryError) -> Bool { error.sourcePort & 1 == 0 }
  func failed(_ error: DeliveryError, now: Instant) {}
  var nextDeadline: Instant { .never }
  func advance(to now: Instant) {}
}

private final class CountingSink: CaptureSink {
  var byteCount = 0
  func write(_ bytes: RawSpan) { byteCount += bytes.byteCount }
}

/// Frames that a network could carry, and some that it could not.
private struct FrameSource {
  let host: Host
  let station = MACAddress(0x5254_0000_0099)
  static let four = [
    "10.0.0.1", "10.0.0.9", "10.0.0.255", "255.255.255.255", "224.0.0.251",
    "0.0.0.0", "127.0.0.1", "8.8.8.8", "240.0.0.1",
  ]
  static let six = [
    "fe80::5054:ff:fe00:1", "fe80::9", "ff02::1", "ff02::fb", "::", "::1",
    "2001:db8::5054:ff:fe00:1", "2a00::1", "ff02::1:ff00:1", "::ffff:10.0.0.1",
  ]

  func next(_ random: inout SeededGenerator) -> [UInt8] {
    var frame = whole(&random)
    if random.chance(60) { frame = random.mutate(frame) }
    return random.chance(85) ? repair(frame) : frame
  }

  private func whole(_ random: inout SeededGenerator) -> [UInt8] {
    switch Int.random(in: 0..<10, using: &random) {
    case 0: return arp(&random)
    case 1...4: return four(&random)
    default: return six(&random)
    }
  }

  private func wrap(_ type: UInt16, _ packet: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    let group: MACAddress
    if type == 0x86dd, packet.count >= 40 {
      group = MACAddress(group: IPv6Address(RawSpan(_elements: packet.span), at: 24))
    } else {
      group = .broadcast
    }
    let isGroup =
      type == 0x86dd ? packet.count >= 40 && packet[24] == 0xff : random.chance(30)
    return ethernet(
      to: isGroup ? group : host.station, from: station, type: type, packet)
  }

  private func arp(_ random: inout SeededGenerator) -> [UInt8] {
    let message = ARPMessage(
      random.chance(50) ? .request : .reply,
      sender: v4(Self.four.randomElement(using: &random)!),
      senderStation: random.chance(90) ? station : host.station,
      target: v4(Self.four.randomElement(using: &random)!), targetStation: host.station)
    var bytes = [UInt8](repeating: 0, count: 28)
    var elements = bytes.mutableSpan
    var span = MutableRawSpan(_elements: &elements)
    message.store(in: &span)
    return wrap(0x806, bytes, &random)
  }

  private func four(_ random: inout SeededGenerator) -> [UInt8] {
    let source = Self.four[random.chance(70) ? 1 : Int.random(in: 0..<9, using: &random)]
    let target = Self.four[random.chance(70) ? 0 : Int.random(in: 0..<9, using: &random)]
    let size = Int.random(in: 0...(random.chance(90) ? 80 : 1400), using: &random)
    var number: UInt8 = [1, 6, 17, 17, 2].randomElement(using: &random)!
    var body = random.bytes(size)
    switch number {
    case 1 where random.chance(50): body = [8, 0, 0, 0, 0, 1, 0, 2] + body
    case 1:
      // An error about a datagram of ours.
      body =
        [[3, 11, 12].randomElement(using: &random)!, UInt8.random(in: 0...5, using: &random)]
        + [0, 0, 0, 0, UInt8.random(in: 0...6, using: &random), 0]
        + ipv4Packet(from: target, to: source, protocol: 17, ports(&random) + [0, 9, 0, 0])
    case 17: body = ports(&random) + [UInt8((size + 8) >> 8), UInt8((size + 8) & 255), 0, 0] + body
    default: break
    }
    var fragment: UInt16 = 0
    if random.chance(20) {
      fragment = UInt16.random(in: 0...20, using: &random) | (random.chance(60) ? 0x2000 : 0)
      if random.chance(3) { fragment |= 0x1fff }
      body = Array(body.prefix(body.count & ~7))
      number = 17
    }
    return wrap(
      0x800,
      ipv4Packet(
        from: source, to: target, protocol: number, body,
        identification: UInt16.random(in: 0...6, using: &random), fragment: fragment), &random)
  }

  private func ports(_ random: inout SeededGenerator) -> [UInt8] {
    [0, 7, 68, 67].shuffled(using: &random).prefix(2).flatMap { [0, $0] }
  }

  private func six(_ random: inout SeededGenerator) -> [UInt8] {
    let source = Self.six[random.chance(70) ? 1 : Int.random(in: 0..<10, using: &random)]
    let target = Self.six[
      random.chance(50)
        ? Int.random(in: 0...3, using: &random) : Int.random(in: 0..<10, using: &random)]
    var (number, body) = transport6(from: source, to: target, &random)
    // Extension headers in front.
    while random.chance(25) {
      let options = [
        "0104 00000000", "0502 0000 0100", "8002 0000 0100", "c202 0000 0100", "0000 0000 0000",
      ].map { hex($0) }.randomElement(using: &random)!
      switch Int.random(in: 0..<4, using: &random) {
      case 0:
        let place = UInt16.random(in: 0...10, using: &random) * 8 + (random.chance(60) ? 1 : 0)
        body =
          [
            number, 0, UInt8(place >> 8), UInt8(place & 255), 0, 0, 0,
            UInt8.random(in: 0...5, using: &random),
          ] + body
        number = 44
      case 1:
        body = [number, 0, 0, random.chance(70) ? 0 : 1, 0, 0, 0, 0] + body
        number = 43
      default:
        body = [number, 0] + options + body
        number = [0, 60].randomElement(using: &random)!
      }
    }
    return wrap(
      0x86dd,
      ipv6Packet(
        from: source, to: target, next: number, hopLimit: random.chance(80) ? 255 : 64, body),
      &random)
  }

  private func transport6(
    from source: String, to target: String, _ random: inout SeededGenerator
  ) -> (UInt8, [UInt8]) {
    let tail = random.bytes(Int.random(in: 0...60, using: &random))
    func subject() -> [UInt8] {
      octets(v6(Self.six.randomElement(using: &random)!))
    }
    switch Int.random(in: 0..<9, using: &random) {
    case 0: return (17, udpDatagram6(from: source, 67, to: target, 7, tail))
    case 1: return (6, tail)
    case 2: return (58, [128, 0, 0, 0, 0, 1, 0, 2] + tail)
    case 3:
      let option = [random.chance(80) ? 1 : 2, 1] + octets(station)
      return (58, [135, 0, 0, 0, 0, 0, 0, 0] + subject() + (random.chance(70) ? option : []))
    case 4:
      let flags = UInt8.random(in: 0...7, using: &random) << 5
      return (58, [136, 0, 0, 0, flags, 0, 0, 0] + subject() + [2, 1] + octets(station))
    case 5...6:
      var text = RouterText(lifetime: UInt16.random(in: 0...9000, using: &random))
      if random.chance(50) { text = text.mtu(UInt32.random(in: 1000...2000, using: &random)) }
      if random.chance(70) {
        text = text.prefix(
          ["2001:db8::", "fe80::", "::", "ff00::"].randomElement(using: &random)!,
          length: random.chance(80) ? 64 : UInt8.random(in: 0...200, using: &random),
          flags: UInt8.random(in: 0...3, using: &random) << 6,
          valid: UInt32.random(in: 0...10_000, using: &random), preferred: 5)
      }
      if random.chance(50) { text = text.servers(["2001:db8::53", "::1"], lifetime: 700) }
      return (58, text.option(1, octets(station)).bytes)
    case 7:
      let quote = ipv6Packet(
        from: target, to: source, next: 17, ports(&random) + [0, 9, 0, 0] + tail)
      let type = UInt8.random(in: 1...4, using: &random)
      return (58, [type, UInt8.random(in: 0...4, using: &random), 0, 0, 0, 0, 5, 20] + quote)
    default: return (UInt8.random(in: 0...255, using: &random), tail)
    }
  }
}

@Suite struct StackFuzzTests {
  /// A host with everything on it that can be.
  private func makeHost() throws -> (Host, TestTransport, [UDPEndpoint], [UDPEndpoint]) {
    let host = Host(1, address: "10.0.0.1")
    let transport = TestTransport()
    host.stack.tcp = transport
    host.stack.capture = PacketCapture(sink: CountingSink())
    host.stack.startIPv6(now: .start)
    host.stack.startDHCP(hostname: [], observer: nil, now: .start)
    func bind(_ address: IPAddress, _ port: UInt16, isIPv6: Bool) throws -> UDPEndpoint {
      let endpoint = host.stack.udp.makeEndpoint(isIPv6: isIPv6)
      endpoint.options.receiveLimit = 20_000
      endpoint.options.sharesPort = true
      endpoint.options.allowsBroadcast = true
      try host.stack.udp.bind(endpoint, to: Endpoint(address, port), sink: host.stack)
      return endpoint
    }
    let open = [
      try bind(IPAddress(IPv6Address.any), 7, isIPv6: true),
      try bind(IPAddress(v4("10.0.0.1")), 67, isIPv6: false),
    ]
    for group in [IPAddress(v4("224.0.0.251")), IPAddress(v6("ff02::fb"))] {
      check(host.stack.udp.join(group, on: open[0]))
    }
    let local = [
      try bind(IPAddress(IPv4Address.loopback), 7, isIPv6: false),
      try bind(IPAddress(IPv6Address.loopback), 7, isIPv6: true),
      try bind(IPAddress(IPv4Address.loopback), 67, isIPv6: false),
      try bind(IPAddress(IPv6Address.loopback), 67, isIPv6: true),
    ]
    return (host, transport, open, local)
  }

  /// Gives a frame as a driver may: with offloads, in pieces.
  private func give(
    _ frame: [UInt8], to host: Host, now: Instant, _ random: inout SeededGenerator
  ) {
    guard frame.count >= 14, frame.count < 1900 else { return }
    let cut = random.chance(8) ? Int.random(in: 14...frame.count, using: &random) : frame.count
    let head = packet(Array(frame[..<cut]), headroom: random.chance(80) ? 50 : 12)
    switch Int.random(in: 0..<20, using: &random) {
    case 0: head.offload.checksum = .verified
    case 1:
      head.offload.checksum = .needed(
        start: UInt16.random(in: 0...400, using: &random),
        offset: UInt16.random(in: 0...90, using: &random))
    default: break
    }
    var rest = PacketQueue()
    if cut < frame.count { rest.append(packet(Array(frame[cut...]), headroom: 0)) }
    if random.chance(3) { rest.append(packet([], headroom: 0)) }
    host.stack.receive(head, rest: rest, now: now)
  }

  @Test func anythingFromTheWire() throws {
    let free = testPool.availableCount
    var receivedByTransport = 0
    var answers = 0
    var datagrams = 0
    let seed = try fuzz(times: 12) { random in
      let (host, transport, open, local) = try makeHost()
      let source = FrameSource(host: host)
      var now = Instant.start
      for _ in 0..<1500 {
        give(source.next(&random), to: host, now: now, &random)
        if random.chance(30) { host.stack.flush(now: now) }
        if random.chance(20) {
          now = now + Nanoseconds(Int64.random(in: 0...3_000_000_000, using: &random))
          host.stack.advance(to: now)
          precondition(
            host.stack.nextDeadline > now || host.stack.hasLoopback, "time stands still")
        }
        if random.chance(30) { datagrams += try answer(open, host) }
        for frame in host.interface.takeSent() {
          answers += 1
          if let problem = problem(with: frame) {
            Issue.record("sent a frame with a wrong \(problem): \(frame)")
          }
        }
        for endpoint in local {
          if let datagram = try? host.stack.udp.receive(on: endpoint) {
            preconditionFailure(
              "\(datagram.source) got into loopback, to \(datagram.target) \(endpoint.local)")
          }
        }
        precondition(host.stack.neighbors.count <= 512)
        precondition(testPool.availableCount > free - 700, "memory is not bounded")
      }
      receivedByTransport += transport.byteCount
      for endpoint in open + local { host.stack.udp.close(endpoint) }
      host.stack.stopDHCP(now: now)
      // In the end everything comes to rest.
      for _ in 0..<2000 where host.stack.nextDeadline != .never {
        now = max(now, host.stack.nextDeadline)
        host.stack.advance(to: now)
      }
      precondition(host.stack.nextDeadline == .never, "never comes to rest")
      _ = host.interface.takeSent()
    }
    check(testPool.availableCount == free, "buffers were lost")
    #expect(seed != 0 && receivedByTransport > 0 && answers > 100 && datagrams > 100)
  }

  /// A server that answers everybody.
  private func answer(_ endpoints: [UDPEndpoint], _ host: Host) throws -> Int {
    var count = 0
    for endpoint in endpoints {
      while true {
        do {
          guard let datagram = try host.stack.udp.receive(on: endpoint) else { break }
          count += 1
          let bytes = datagram.packet.array
          // On Linux as here this is how DHCP servers are asked, and they answer to all.
          if datagram.source.address.isAny {
            precondition(datagram.target == IPAddress(IPv4Address.broadcast))
            continue
          }
          try? host.stack.udp.send(
            payload(bytes, for: host.stack), on: endpoint, to: datagram.source, sink: host.stack)
        } catch {
          continue
        }
      }
    }
    return count
  }
}
