// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Ethernet
import ICMP
import ICMPv6
import Internet
import IPv4
import Packets
import ResolverConfiguration
import Testing
import UDP

/// Parsers that have no other file of tests for it: each gets bytes that nearly make sense. A read
/// out of bounds traps.
@Suite struct ParserFuzzTests {
  @Test func ethernet() {
    let good = hex("5254 0000 0001 5254 0000 0002 0800 45")
    var takenCount = 0
    let seed = fuzz(times: 3000) { random in
      let bytes = random.mutate(Array(good[..<Int.random(in: 0...15, using: &random)]))
      guard let header = EthernetHeader(parsing: RawSpan(_elements: bytes.span)) else { return }
      precondition(!header.source.isMulticast && header.type.rawValue >= 0x600)
      takenCount += 1
    }
    #expect(seed != 0 && takenCount > 0)
  }

  @Test func icmp() {
    let quote = ipv4Packet(
      from: "10.0.0.1", to: "10.0.0.2", protocol: 17, hex("c000 0035 0010 0000"))
    var kinds = [0, 0, 0]
    let seed = fuzz(times: 6000) { random in
      var bytes = [
        [0, 3, 5, 8, 11, 12, 13].randomElement(using: &random)!,
        UInt8.random(in: 0...16, using: &random), 0, 0, 0, 0, 5, 0,
      ]
      if random.chance(50) { bytes[1] = 0 }
      bytes += quote
      if random.chance(50) { bytes = random.mutate(bytes) }
      if random.chance(90), bytes.count >= 4 {
        (bytes[2], bytes[3]) = (0, 0)
        let sum = InternetChecksum.of(RawSpan(_elements: bytes.span))
        (bytes[2], bytes[3]) = (UInt8(sum >> 8), UInt8(sum & 255))
      }
      let span = RawSpan(_elements: bytes.span)
      switch ICMPMessage(parsing: span) {
      case .echoRequest: kinds[0] += 1
      case .echoReply: kinds[1] += 1
      case .failure: kinds[2] += 1
      case nil: break
      }
      // What we would say about such bytes, were they a packet.
      let packet = ipv4Packet(
        from: "10.0.0.1", to: "10.0.0.2", protocol: random.chance(50) ? 1 : 17, bytes)
      let odd = random.chance(50) ? random.mutate(packet) : packet
      let original = RawSpan(_elements: odd.span)
      if let error = ICMPWriter.error(.portUnreachable, about: original, from: testPool) {
        precondition(error.byteCount <= 576 - 20 && InternetChecksum.of(error.array) == 0)
      }
    }
    #expect(seed != 0 && kinds.allSatisfy { $0 > 0 })
  }

  @Test func icmpv6() {
    let quote = ipv6Packet(
      from: "fe80::1", to: "fe80::2", next: 60,
      hex("11000104 00000000 c000 0035 0010 0000"))
    var kinds = [0, 0, 0, 0]
    let seed = fuzz(times: 6000) { random in
      var bytes = [
        [1, 2, 3, 4, 128, 129, 133, 134, 137, 143].randomElement(using: &random)!,
        UInt8.random(in: 0...8, using: &random), 0, 0, 0, 0, 5, 0,
      ]
      if random.chance(50) { bytes[1] = 0 }
      bytes += quote
      if random.chance(50) { bytes = random.mutate(bytes) }
      if random.chance(90), bytes.count >= 4 {
        bytes = NetworkTests.icmpv6(
          bytes[0], bytes[1], Array(bytes[4...]), from: "fe80::2", to: "fe80::1")
      }
      let span = RawSpan(_elements: bytes.span)
      switch ICMPv6Message(parsing: span, from: v6("fe80::2"), to: v6("fe80::1")) {
      case .echoRequest: kinds[0] += 1
      case .echoReply: kinds[1] += 1
      case .failure(let error):
        precondition(error.target == IPAddress(v6("fe80::2")) || !bytes.isEmpty)
        kinds[2] += 1
      case .neighborDiscovery(let type):
        precondition((133...137).contains(type))
        kinds[3] += 1
      case nil: break
      }
      let packet = ipv6Packet(
        from: "fe80::1", to: "fe80::2", next: [0, 43, 44, 58, 60].randomElement(using: &random)!,
        bytes)
      let odd = random.chance(50) ? random.mutate(packet) : packet
      let error = ICMPv6Writer.error(
        .portUnreachable, about: RawSpan(_elements: odd.span), from: v6("fe80::2"), pool: testPool)
      if let error { precondition(error.byteCount <= 1280 - 40) }
    }
    #expect(seed != 0 && kinds.allSatisfy { $0 > 0 })
  }

  @Test func udp() throws {
    let free = testPool.availableCount
    do {
      let random = KernelGlobal(SeededGenerator(seed: 2))
      let layer = UDPLayer(pool: testPool, queueLimit: 64 << 10, random: { random.value.next() })
      let host = Host(1, address: "10.0.0.1")
      let endpoint = layer.makeEndpoint(isIPv6: true)
      try layer.bind(endpoint, to: Endpoint(IPAddress(IPv6Address.any), 7), sink: host.stack)
      var outcomes = [0, 0, 0]
      let seed = fuzz(times: 4000) { random in
        var bytes = udpDatagram(
          from: "10.0.0.9", 9, to: "10.0.0.1", random.chance(70) ? 7 : 8,
          random.bytes(Int.random(in: 0...50, using: &random)))
        if random.chance(50) { bytes = random.mutate(bytes) }
        if random.chance(20), bytes.count >= 8 { (bytes[6], bytes[7]) = (0, 0) }
        var slot: Packet? = packet(bytes, headroom: random.chance(90) ? 128 : 0)
        let isGroup = random.chance(10)
        let outcome = layer.receive(
          &slot, from: IPAddress(v4("10.0.0.9")), to: IPAddress(v4("10.0.0.1")), isGroup: isGroup)
        let isLeft = slot.take() != nil
        switch outcome {
        case .delivered: outcomes[0] += 1
        case .noEndpoint: outcomes[1] += 1
        case .dropped: outcomes[2] += 1
        }
        precondition(isLeft == (outcome == .noEndpoint))
        if random.chance(20) {
          while let datagram = try? layer.receive(on: endpoint) {
            precondition(datagram.packet.byteCount <= 60)
            precondition(datagram.source.address == IPAddress(v4("10.0.0.9")))
          }
        }
        precondition(testPool.availableCount >= free - 40, "the queue is not bounded")
      }
      layer.close(endpoint)
      #expect(seed != 0 && outcomes.allSatisfy { $0 > 0 })
    }
    #expect(testPool.availableCount == free)
  }

  /// Whatever servers say, the files have only lines that mean what they seem to.
  @Test func resolverFiles() {
    let seed = fuzz(times: 2000) { random in
      var configuration = ResolverConfiguration()
      let pieces = [
        "a", "-", ".", "\n", " ", "nameserver 6.6.6.6", "\0", "example", "\u{ff}", "#", "x1", "\t",
      ]
      func name(_ random: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 0...6, using: &random) {
          bytes += Array(pieces.randomElement(using: &random)!.utf8)
        }
        return bytes
      }
      for _ in 0..<5 {
        configuration.add(domain: name(&random))
        _ = configuration.set(hostname: name(&random))
        configuration.add(
          nameServer: IPAddress(IPv4Address(UInt32(truncatingIfNeeded: random.next()))))
        var option: [UInt8] = []
        for _ in 0..<3 {
          let label = name(&random)
          option += [UInt8(truncatingIfNeeded: label.count)] + label + [0]
        }
        configuration.add(domainSearch: random.mutate(option))
      }
      func lines(_ text: [UInt8]) -> [[String]] {
        precondition(text.isEmpty || text.last == 0x0a)
        precondition(text.allSatisfy { $0 == 9 || $0 == 10 || $0 >= 32 && $0 < 127 })
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map {
          $0.split { $0 == " " || $0 == "\t" }.map(String.init)
        }
      }
      for line in lines(configuration.resolvConf) {
        switch line[0] {
        case "search": precondition(line.count >= 2 && line.count <= 7)
        case "nameserver": precondition(line.count == 2 && line[1] != "6.6.6.6")
        default: preconditionFailure("\(line)")
        }
      }
      let hosts = lines(configuration.hosts(addresses: [IPAddress(v4("10.0.0.1"))]))
      precondition(hosts.count <= 3 && hosts.allSatisfy { $0.count >= 2 && $0.count <= 4 })
      precondition(lines(configuration.hostnameFile).count == 1)
      precondition(configuration.nameServers.count <= 3 && configuration.domains.count <= 6)
    }
    #expect(seed != 0)
  }

  @Test func addressText() {
    let forms = [
      "10.0.2.15", "255.255.255.255", "2001:db8::1:0:0:1", "::ffff:1.2.3.4", "1:2:3:4:5:6:7:8",
      "fe80::", "::",
    ]
    var goodCount = 0
    let seed = fuzz(times: 8000) { random in
      var bytes = Array(forms.randomElement(using: &random)!.utf8)
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        let at = Int.random(in: 0...bytes.count, using: &random)
        let byte = Array("0123456789abcdefF:.:.%g ".utf8).randomElement(using: &random)!
        if random.chance(50), at < bytes.count {
          bytes[at] = byte
        } else if random.chance(50) {
          bytes.insert(byte, at: at)
        } else if at < bytes.count {
          bytes.remove(at: at)
        }
      }
      guard let address = IPAddress(text: RawSpan(_elements: bytes.span)) else { return }
      goodCount += 1
      var text: [UInt8] = []
      address.appendText(to: &text)
      precondition(IPAddress(text: RawSpan(_elements: text.span)) == address)
      precondition(text.count <= 39)
    }
    #expect(seed != 0 && goodCount > 1000)
  }
}

extension InternetChecksum {
  fileprivate static func of(_ bytes: [UInt8]) -> UInt16 { of(RawSpan(_elements: bytes.span)) }
}
