// SPDX-License-Identifier: BSD-3-Clause

import Testing

@testable import NATCore

/// What a router does: neighbours, hop limits, errors, fragments, its own addresses, rules.
@Suite struct RouterTests {
  @Test("RFC 1812 section 5.3.1: a packet whose hops are used up is answered, not forwarded")
  func hopLimits() throws {
    let lab = try Lab()
    #expect(lab.inside(lab.udp(Lab.host, 4000, Lab.remote, 53, hops: 1)) == nil)
    let error = try #require(lab.outputs().first)
    #expect(error.side == .inside && error.frame.kind == 11 && error.frame.code == 0)
    #expect(error.frame.source == Lab.natInside && error.frame.target == Lab.host)
    #expect(error.frame.to == Lab.station(of: Lab.host))
    #expect(try #require(error.frame.quote) == (Lab.host, 4000, Lab.remote, 53))
    #expect(lab.nat.sessionCount == 0)
    let port = try #require(lab.inside(lab.udp(Lab.host, 4000, Lab.remote, 53))).sourcePort
    #expect(lab.outside(lab.udp(Lab.remote, 53, Lab.natOutside, port, hops: 1)) == nil)
    let second = try #require(lab.outputs().first)
    #expect(second.side == .outside && second.frame.target == Lab.remote)
    #expect(second.frame.to == Lab.gatewayStation && second.frame.source == Lab.natOutside)
  }

  @Test("RFC 5508 REQ-4: an error about a mapped packet reaches its host, translated")
  func errorsInwards() throws {
    let lab = try Lab()
    for packet in [
      lab.udp(Lab.other, 4000, Lab.remote, 53), lab.tcp(Lab.other, 4000, Lab.remote, 80, syn),
      lab.echo(8, Lab.other, Lab.remote, 4000),
    ] {
      // The host's port is taken by another one first.
      var first = packet
      first.replaceSubrange(12..<16, with: Wire.long(Lab.host))
      let number = packet[9]
      let ports = Array(packet[20..<24])
      let body =
        number == 1
        ? Wire.echo(8, 4000)
        : number == 17
          ? Wire.udp(Lab.host, 4000, Lab.remote, UInt16(ports[2]) << 8 | UInt16(ports[3]))
          : Wire.tcp(Lab.host, 4000, Lab.remote, UInt16(ports[2]) << 8 | UInt16(ports[3]), syn)
      lab.inside(Wire.ip(Lab.host, Lab.remote, number, body))
      let sent = try #require(lab.inside(packet))
      #expect(sent.sourcePort != 4000)
      let error = Wire.ip(
        Lab.remote2, Lab.natOutside, 1, Wire.icmp(3, 1, 0, Array(sent.packet.prefix(28))))
      let got = try #require(lab.outside(error))
      #expect(got.target == Lab.other && got.source == Lab.remote2 && got.kind == 3)
      let quote = try #require(got.quote)
      #expect(quote.source == Lab.other && quote.from == 4000 && quote.target == Lab.remote)
      // All of the packet, with its checksum: as it was when it was sent.
      let whole = Wire.ip(
        Lab.remote2, Lab.natOutside, 1, Wire.icmp(11, 0, 0, sent.packet))
      let quoted = Array(try #require(lab.outside(whole)).payload[8...])
      #expect(quoted[20...] == packet[20...])
      // Damaged ones are dropped without a word (REQ-3).
      var damaged = whole
      damaged[50] ^= 1
      #expect(lab.outside(damaged) == nil)
    }
    #expect(lab.outputs().isEmpty)
  }

  @Test("RFC 5508 REQ-5: an error of a host inside reaches the sender, translated")
  func errorsOutwards() throws {
    let lab = try Lab()
    let sent = try #require(lab.outside(lab.udp(Lab.remote, 5000, Lab.natOutside, 5353)))
    let error = Wire.ip(
      Lab.other, Lab.remote, 1, Wire.icmp(3, 3, 0, Array(sent.packet.prefix(28))))
    let got = try #require(lab.inside(error))
    #expect(got.source == Lab.natOutside && got.target == Lab.remote && got.code == 3)
    #expect(try #require(got.quote) == (Lab.remote, 5000, Lab.natOutside, 5353))
  }

  @Test("RFC 5508 REQ-6: an error about a hairpin reaches its host")
  func errorsByHairpin() throws {
    let lab = try Lab()
    let sent = try #require(lab.inside(lab.tcp(Lab.other, 4000, Lab.natOutside, 8080, syn)))
    let error = Wire.ip(
      Lab.host, Lab.natOutside, 1, Wire.icmp(3, 3, 0, Array(sent.packet.prefix(40))))
    let got = try #require(lab.inside(error))
    #expect(got.target == Lab.other && got.source == Lab.natOutside)
    #expect(try #require(got.quote) == (Lab.other, 4000, Lab.natOutside, 8080))
  }

  @Test("RFC 4787 REQ-12, RFC 5382 REQ-10: errors neither end nor prolong a session")
  func errorsAndSessions() throws {
    let lab = try Lab()
    let sent = try #require(lab.inside(lab.udp(Lab.host, 4000, Lab.remote, 53)))
    let error = Wire.ip(
      Lab.remote, Lab.natOutside, 1, Wire.icmp(3, 3, 0, Array(sent.packet.prefix(28))))
    lab.wait(seconds: 200)
    lab.introduce(Lab.host, .inside)
    #expect(lab.outside(error) != nil)
    #expect(lab.outside(lab.udp(Lab.remote, 53, Lab.natOutside, 4000)) != nil)
    lab.wait(seconds: 200)
    lab.introduce(Lab.host, .inside)
    #expect(lab.outside(error) != nil)
    lab.wait(seconds: 110)
    #expect(lab.outside(error) == nil)
  }

  @Test("frames wait for their neighbour, which is asked three times, then senders are told")
  func neighbors() throws {
    let lab = try Lab(knowsNeighbors: false)
    #expect(lab.inside(lab.udp(Lab.host, 4000, Lab.remote, 53)) == nil)
    let question = try #require(lab.outputs().first)
    #expect(question.side == .outside && question.frame.to == 0xffff_ffff_ffff)
    #expect(
      question.frame.packet
        == Wire.arp(1, Lab.outsideStation, Lab.natOutside, 0, Lab.gateway))
    for _ in 0..<5 { lab.inside(lab.udp(Lab.host, 4001, Lab.remote, 53)) }
    #expect(lab.nat.dropCount(.noBuffer) == 2)
    lab.send(
      .outside,
      lab.ethernet(
        Lab.outsideStation, Lab.gatewayStation, 0x806,
        Wire.arp(2, Lab.gatewayStation, Lab.gateway, Lab.outsideStation, Lab.natOutside)))
    let held = lab.outputs()
    #expect(held.count == 4 && held.allSatisfy { $0.frame.to == Lab.gatewayStation })
    #expect(held.map(\.frame.sourcePort) == [4000, 4001, 4001, 4001])

    // Nobody answers for a host inside: the sender outside is told, as it knows the packet.
    #expect(lab.outside(lab.tcp(Lab.remote, 5000, Lab.natOutside, 8080, syn)) == nil)
    var questions = lab.outputs().count
    for _ in 0..<4 {
      lab.wait(seconds: 2)
      let outputs = lab.outputs()
      questions += outputs.count { $0.frame.isARP }
      guard let error = outputs.first(where: { !$0.frame.isARP }) else { continue }
      #expect(questions == 3)
      #expect(error.side == .outside && error.frame.kind == 3 && error.frame.code == 1)
      #expect(error.frame.target == Lab.remote && error.frame.source == Lab.natOutside)
      #expect(try #require(error.frame.quote) == (Lab.remote, 5000, Lab.natOutside, 8080))
      return
    }
    Issue.record("the sender was not told")
  }

  @Test("a host inside is told when the gateway does not answer, in its own addresses")
  func lostGateway() throws {
    let lab = try Lab(knowsNeighbors: false)
    lab.introduce(Lab.host, .inside)
    lab.inside(lab.udp(Lab.host, 4000, Lab.remote, 53))
    var errors: [Lab.Out] = []
    for _ in 0..<5 {
      lab.wait(seconds: 2)
      errors += lab.outputs().filter { !$0.frame.isARP }
    }
    #expect(errors.count == 1 && errors[0].side == .inside && errors[0].frame.target == Lab.host)
    #expect(try #require(errors[0].frame.quote) == (Lab.host, 4000, Lab.remote, 53))
  }

  @Test("a neighbour is asked again after a minute, used meanwhile, and forgotten after two")
  func neighborsAge() throws {
    let lab = try Lab()
    lab.wait(seconds: 61)
    #expect(lab.inside(lab.udp(Lab.host, 4000, Lab.remote, 53)) != nil)
    #expect(lab.outputs().count == 1)
    lab.wait(seconds: 61)
    #expect(lab.inside(lab.udp(Lab.host, 4000, Lab.remote, 53)) == nil)
  }

  @Test("nobody takes our addresses, and nobody is believed who cannot be there")
  func hostileARP() throws {
    let lab = try Lab()
    for sender in [Lab.natOutside, Lab.host, address(203, 0, 113, 255), address(203, 0, 113, 0)] {
      let message = Wire.arp(2, 0x0200_0000_6666, sender, Lab.outsideStation, Lab.natOutside)
      lab.send(.outside, lab.ethernet(Lab.outsideStation, 0x0200_0000_6666, 0x806, message))
    }
    #expect(lab.nat.dropCount(.spoofed) == 4)
    // A station that says to be another one.
    let message = Wire.arp(2, 0x0200_0000_6666, Lab.gateway, Lab.outsideStation, Lab.natOutside)
    lab.send(.outside, lab.ethernet(Lab.outsideStation, 0x0200_0000_7777, 0x806, message))
    #expect(lab.inside(lab.udp(Lab.host, 1, Lab.remote, 2))?.to == Lab.gatewayStation)
    // A flood of questions from ever other addresses stays in its bounds.
    for host in 0..<254 {
      for network in 0..<8 {
        let sender = address(203, 0, 113, UInt8(host + 1))
        guard sender != Lab.natOutside else { continue }
        let station = UInt64(0x0200_0001_0000 + network * 256 + host)
        lab.send(
          .outside,
          lab.ethernet(
            0xffff_ffff_ffff, station, 0x806, Wire.arp(1, station, sender, 0, Lab.natOutside)))
      }
    }
    #expect(lab.outputs().isEmpty)
  }

  @Test("its own addresses answer echo requests where a rule lets them")
  func ownAddresses() throws {
    let lab = try Lab()
    let inside = try #require(lab.inside(lab.echo(8, Lab.host, Lab.natInside, 5)))
    #expect(inside.kind == 0 && inside.source == Lab.natInside && inside.target == Lab.host)
    #expect(inside.to == Lab.station(of: Lab.host) && inside.hops == 64)
    let outside = try #require(lab.outside(lab.echo(8, Lab.remote, Lab.natOutside, 5)))
    #expect(outside.kind == 0 && outside.to == Lab.gatewayStation)
    #expect(lab.inside(lab.echo(8, Lab.host, Lab.natOutside, 5))?.source == Lab.natOutside)
    // Nothing listens there: inside is told, outside no rule lets ask.
    lab.inside(lab.tcp(Lab.host, 4000, Lab.natInside, 22, syn))
    lab.inside(lab.udp(Lab.host, 4000, Lab.natInside, 53))
    #expect(lab.outside(lab.tcp(Lab.remote, 4000, Lab.natOutside, 22, syn)) == nil)
    let answers = lab.outputs()
    #expect(answers.map(\.frame.number) == [6, 1])
    #expect(answers[0].frame.kind == 20 && answers[0].frame.sourcePort == 22)
    #expect(answers[1].frame.kind == 3 && answers[1].frame.code == 3)
  }

  @Test("rules count and decide in their order; a rejected sender is told (RFC 5508 REQ-8)")
  func rules() throws {
    let lab = try Lab()
    let dropped = address(198, 51, 100, 66)
    let rejected = address(198, 51, 100, 67)
    #expect(lab.inside(lab.udp(Lab.host, 1000, dropped, 1)) == nil)
    #expect(lab.outputs().isEmpty)
    #expect(lab.inside(lab.udp(Lab.host, 1000, rejected, 1)) == nil)
    #expect(lab.inside(lab.tcp(Lab.host, 1000, rejected, 1, syn)) == nil)
    let answers = lab.outputs().map(\.frame)
    #expect(answers.count == 2)
    #expect(answers[0].kind == 3 && answers[0].code == 13 && answers[0].target == Lab.host)
    #expect(answers[1].number == 6 && answers[1].kind == 20 && answers[1].source == rejected)
    #expect(Seen.number(answers[1].payload, 8, UInt32.self) == 1001)
    for _ in 0..<3 { lab.inside(lab.udp(Lab.host, 1000, Lab.remote, 1)) }
    #expect(lab.nat.ruleCounts(0).matches == 1 && lab.nat.ruleCounts(1).matches == 2)
    #expect(lab.nat.ruleCounts(2) == RuleCounts(matches: 1, packets: 3, bytes: 93))
    #expect(lab.nat.ruleCounts(6).matches == 0)
  }

  @Test("RFC 4787 REQ-14: pieces go the way of the first one, also those that overtake it")
  func fragments() throws {
    let lab = try Lab()
    let data = [UInt8](repeating: 7, count: 56)
    let datagram = Wire.udp(Lab.host, 4000, Lab.remote, 53, data)
    func piece(_ from: Int, _ to: Int, _ identification: UInt16, more: Bool) -> [UInt8] {
      Wire.ip(
        Lab.host, Lab.remote, 17, Array(datagram[from..<to]), identification: identification,
        fragment: UInt16(from / 8) | (more ? 0x2000 : 0))
    }
    let first = try #require(lab.inside(piece(0, 24, 1, more: true)))
    let second = try #require(lab.inside(piece(24, 64, 1, more: false)))
    #expect(second.source == Lab.natOutside && second.hops == 63 && second.to == first.to)
    let whole = Wire.transport(
      Lab.natOutside, Lab.remote, 17, first.payload + second.payload, at: 6)
    #expect(whole == first.payload + second.payload)
    // The other way round.
    #expect(lab.inside(piece(24, 64, 2, more: false)) == nil)
    #expect(lab.outputs().isEmpty)
    #expect(lab.inside(piece(0, 24, 2, more: true)) != nil)
    #expect(lab.outputs().map(\.frame.payload) == [second.payload])
    // Without a first one they are given up, and never take all room.
    for number in 0..<40 { lab.inside(piece(24, 64, UInt16(100 + number), more: false)) }
    #expect(lab.nat.store.fragmentCount == 16 && lab.nat.dropCount(.lostFragment) == 24)
    lab.wait(seconds: 6)
    lab.nat.advance(to: lab.now)
    #expect(lab.nat.store.fragmentCount == 0 && lab.nat.dropCount(.lostFragment) == 40)
  }

  @Test("tables are bounded: what is least needed gives way, connections that stand never")
  func fullTable() throws {
    let lab = try Lab(Lab.rules + "\nsessions 8")
    for port in UInt16(1)...4 {
      let sent = try #require(lab.inside(lab.tcp(Lab.host, port, Lab.remote, 80, syn))).sourcePort
      lab.outside(lab.tcp(Lab.remote, 80, Lab.natOutside, sent, syn | ack))
    }
    for port in UInt16(1)...100 {
      #expect(lab.inside(lab.udp(Lab.other, port, Lab.remote, 53)) != nil)
    }
    #expect(lab.nat.sessionCount == 8 && lab.nat.counters.evicted == 96)
    #expect(lab.nat.mappingCount == 10)
    for port in UInt16(1)...4 {
      #expect(lab.inside(lab.tcp(Lab.host, port, Lab.remote, 80, ack)) != nil)
    }
    for port in UInt16(5)...8 {
      let sent = try #require(lab.inside(lab.tcp(Lab.host, port, Lab.remote, 80, syn))).sourcePort
      lab.outside(lab.tcp(Lab.remote, 80, Lab.natOutside, sent, syn | ack))
    }
    #expect(lab.inside(lab.udp(Lab.other, 1, Lab.remote, 53)) == nil)
    #expect(lab.nat.dropCount(.tableFull) == 1)
    #expect(lab.outputs().map(\.frame.code) == [13])
  }

  @Test("errors are limited (RFC 1812 section 4.3.2.8)")
  func errorLimit() throws {
    let lab = try Lab()
    var errors = 0
    for _ in 0..<200 {
      lab.inside(lab.udp(Lab.host, 4000, Lab.remote, 53, hops: 1))
      errors += lab.outputs().count
    }
    #expect(errors == 50)
    lab.wait(seconds: 1)
    lab.inside(lab.udp(Lab.host, 4000, Lab.remote, 53, hops: 1))
    #expect(lab.outputs().count == 1)
  }

  @Test("no gateway: senders are told that there is no way")
  func noGateway() throws {
    let lab = try Lab(
      "inside 192.168.1.1/24\noutside 203.0.113.2/24\notherwise accept", knowsNeighbors: false)
    lab.introduce(Lab.host, .inside)
    #expect(lab.inside(lab.udp(Lab.host, 1, Lab.remote, 1)) == nil)
    let answer = lab.outputs().first?.frame
    #expect(answer?.kind == 3 && answer?.code == 0 && lab.nat.sessionCount == 0)
  }
}
