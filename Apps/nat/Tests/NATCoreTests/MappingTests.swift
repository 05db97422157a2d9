// SPDX-License-Identifier: BSD-3-Clause

import Testing

@testable import NATCore

/// What RFC 4787, RFC 5382 and RFC 5508 ask of mapping and filtering, each by its name.
@Suite struct MappingTests {
  @Test("RFC 4787 REQ-1: a host's port is mapped to the same port whomever it speaks to")
  func endpointIndependentMapping() throws {
    let lab = try Lab()
    let first = try #require(lab.inside(lab.udp(Lab.host, 4000, Lab.remote, 53)))
    let second = try #require(lab.inside(lab.udp(Lab.host, 4000, Lab.remote2, 99)))
    #expect(first.source == Lab.natOutside)
    #expect(first.sourcePort == second.sourcePort)
    #expect(first.target == Lab.remote && first.targetPort == 53)
    #expect(first.to == Lab.gatewayStation && first.from == Lab.outsideStation)
    #expect(first.hops == 63)
    // Another host with the same port gets another one (REQ-3: no overloading).
    let other = try #require(lab.inside(lab.udp(Lab.other, 4000, Lab.remote, 53)))
    #expect(other.sourcePort != first.sourcePort)
    let answer = try #require(
      lab.outside(lab.udp(Lab.remote, 53, Lab.natOutside, other.sourcePort)))
    #expect(answer.target == Lab.other && answer.targetPort == 4000)
    #expect(answer.to == Lab.station(of: Lab.other) && answer.from == Lab.insideStation)
  }

  @Test("RFC 4787 REQ-3a and REQ-4: range and parity of ports are kept")
  func rangeAndParity() throws {
    let lab = try Lab()
    for port in [UInt16(700), 701, 1024, 3000, 3001, 65_534, 65_535] {
      let first = try #require(lab.inside(lab.udp(Lab.host, port, Lab.remote, 53)))
      #expect(first.sourcePort == port)
      let other = try #require(lab.inside(lab.udp(Lab.other, port, Lab.remote, 53)))
      #expect(other.sourcePort != port && other.sourcePort & 1 == port & 1)
      #expect((other.sourcePort < 1024) == (port < 1024))
    }
  }

  @Test("RFC 4787 REQ-8: who was not spoken to does not come in")
  func filtering() throws {
    let lab = try Lab()
    let sent = try #require(lab.inside(lab.udp(Lab.host, 4000, Lab.remote, 53)))
    #expect(lab.outside(lab.udp(Lab.remote, 54, Lab.natOutside, sent.sourcePort)) == nil)
    #expect(lab.outside(lab.udp(Lab.remote2, 53, Lab.natOutside, sent.sourcePort)) == nil)
    #expect(lab.nat.dropCount(.filtered) == 2)
    let answer = lab.outside(lab.udp(Lab.remote, 53, Lab.natOutside, sent.sourcePort))
    #expect(answer?.target == Lab.host && answer?.targetPort == 4000 && answer?.hops == 63)
    #expect(lab.outputs().isEmpty)
  }

  @Test("RFC 4787 REQ-5 and REQ-6: UDP lives at least two minutes after the last packet")
  func udpTimeout() throws {
    let lab = try Lab()
    let sent = try #require(lab.inside(lab.udp(Lab.host, 4000, Lab.remote, 53)))
    let answer = lab.udp(Lab.remote, 53, Lab.natOutside, sent.sourcePort)
    lab.wait(seconds: 200)
    lab.introduce(Lab.gateway, .outside, station: Lab.gatewayStation)
    lab.introduce(Lab.host, .inside)
    #expect(lab.inside(lab.udp(Lab.host, 4000, Lab.remote, 53)) != nil)
    lab.wait(seconds: 299)
    lab.introduce(Lab.host, .inside)
    #expect(lab.outside(answer) != nil)
    lab.wait(seconds: 303)
    #expect(lab.outside(answer) == nil)
    #expect(lab.nat.sessionCount == 0 && lab.nat.mappingCount == 2)
    #expect(lab.nat.counters.expired == 1)
  }

  @Test("RFC 5382 REQ-5: a connection that stands lives two hours and four minutes")
  func establishedTimeout() throws {
    let lab = try Lab()
    let sent = try #require(lab.inside(lab.tcp(Lab.host, 4000, Lab.remote, 80, syn)))
    let port = sent.sourcePort
    #expect(lab.outside(lab.tcp(Lab.remote, 80, Lab.natOutside, port, syn | ack)) != nil)
    #expect(lab.inside(lab.tcp(Lab.host, 4000, Lab.remote, 80, ack)) != nil)
    lab.wait(seconds: 7439)
    lab.introduce(Lab.host, .inside)
    #expect(lab.outside(lab.tcp(Lab.remote, 80, Lab.natOutside, port, ack)) != nil)
    lab.wait(seconds: 7443)
    #expect(lab.outside(lab.tcp(Lab.remote, 80, Lab.natOutside, port, ack)) == nil)
  }

  @Test("RFC 5382 REQ-5: one that is being made, or has ended, lives four minutes")
  func transitoryTimeout() throws {
    let lab = try Lab()
    let port = try #require(lab.inside(lab.tcp(Lab.host, 4000, Lab.remote, 80, syn))).sourcePort
    lab.wait(seconds: 239)
    lab.introduce(Lab.host, .inside)
    #expect(lab.outside(lab.tcp(Lab.remote, 80, Lab.natOutside, port, syn | ack)) != nil)
    #expect(lab.outside(lab.tcp(Lab.remote, 80, Lab.natOutside, port, fin)) != nil)
    #expect(lab.inside(lab.tcp(Lab.host, 4000, Lab.remote, 80, fin)) == nil)  // held: ARP
    lab.wait(seconds: 239)
    lab.introduce(Lab.host, .inside)
    #expect(lab.outside(lab.tcp(Lab.remote, 80, Lab.natOutside, port, ack)) != nil)
    lab.wait(seconds: 243)
    #expect(lab.outside(lab.tcp(Lab.remote, 80, Lab.natOutside, port, ack)) == nil)
  }

  @Test("RFC 7857 section 2.2: a forged reset does not end a connection that goes on")
  func resets() throws {
    let lab = try Lab()
    let port = try #require(lab.inside(lab.tcp(Lab.host, 4000, Lab.remote, 80, syn))).sourcePort
    lab.outside(lab.tcp(Lab.remote, 80, Lab.natOutside, port, syn | ack))
    #expect(lab.outside(lab.tcp(Lab.remote, 80, Lab.natOutside, port, rst)) != nil)
    #expect(lab.inside(lab.tcp(Lab.host, 4000, Lab.remote, 80, ack)) != nil)
    lab.wait(seconds: 3600)
    lab.introduce(Lab.host, .inside)
    #expect(lab.outside(lab.tcp(Lab.remote, 80, Lab.natOutside, port, ack)) != nil)
    // One that nothing follows ends in four minutes.
    lab.outside(lab.tcp(Lab.remote, 80, Lab.natOutside, port, rst))
    lab.wait(seconds: 243)
    #expect(lab.outside(lab.tcp(Lab.remote, 80, Lab.natOutside, port, ack)) == nil)
  }

  @Test("RFC 5382 REQ-2: both ends may begin at the same time")
  func simultaneousOpen() throws {
    let lab = try Lab()
    let port = try #require(lab.inside(lab.tcp(Lab.host, 4000, Lab.remote, 80, syn))).sourcePort
    #expect(lab.outside(lab.tcp(Lab.remote, 80, Lab.natOutside, port, syn))?.target == Lab.host)
    #expect(lab.inside(lab.tcp(Lab.host, 4000, Lab.remote, 80, syn | ack)) != nil)
  }

  @Test("RFC 5382 REQ-4: a SYN from somebody else is dropped without a word")
  func unsolicited() throws {
    let lab = try Lab()
    let port = try #require(lab.inside(lab.tcp(Lab.host, 4000, Lab.remote, 80, syn))).sourcePort
    #expect(lab.outside(lab.tcp(Lab.remote2, 80, Lab.natOutside, port, syn)) == nil)
    #expect(lab.outside(lab.tcp(Lab.remote, 81, Lab.natOutside, 7777, syn)) == nil)
    #expect(lab.outputs().isEmpty)
  }

  @Test("only a SYN begins a TCP session")
  func beginnings() throws {
    let lab = try Lab()
    for flags in [ack, syn | ack, fin, rst, ack | 8] {
      #expect(lab.inside(lab.tcp(Lab.host, 4000, Lab.remote, 80, flags)) == nil)
      #expect(lab.outside(lab.tcp(Lab.remote, 4000, Lab.natOutside, 8080, flags)) == nil)
    }
    #expect(lab.nat.sessionCount == 0)
  }

  @Test("RFC 5508 REQ-1 and REQ-2: echo requests are mapped by their identifier, for a minute")
  func echoes() throws {
    let lab = try Lab()
    let first = try #require(lab.inside(lab.echo(8, Lab.host, Lab.remote, 77)))
    let other = try #require(lab.inside(lab.echo(8, Lab.other, Lab.remote, 77)))
    #expect(first.source == Lab.natOutside && first.sourcePort != other.sourcePort)
    #expect(try #require(lab.inside(lab.echo(8, Lab.host, Lab.remote2, 77))).sourcePort == 77)
    let reply = lab.outside(lab.echo(0, Lab.remote, Lab.natOutside, other.sourcePort))
    #expect(reply?.target == Lab.other && reply?.targetPort == 77 && reply?.kind == 0)
    lab.wait(seconds: 59)
    #expect(lab.outside(lab.echo(0, Lab.remote2, Lab.natOutside, 77))?.target == Lab.host)
    lab.wait(seconds: 63)
    #expect(lab.outside(lab.echo(0, Lab.remote2, Lab.natOutside, 77)) == nil)
    lab.introduce(Lab.host, .inside)
    lab.introduce(Lab.gateway, .outside, station: Lab.gatewayStation)
    // Identifier 0 is one as any other.
    #expect(lab.inside(lab.echo(8, Lab.host, Lab.remote, 0)) != nil)
    #expect(lab.outside(lab.echo(0, Lab.remote, Lab.natOutside, 0))?.target == Lab.host)
  }

  @Test("a forward lets anybody in whom the rules let in, and answers come from its port")
  func forwards() throws {
    let lab = try Lab()
    let sent = try #require(lab.outside(lab.tcp(Lab.remote, 5000, Lab.natOutside, 8080, syn)))
    #expect(sent.target == Lab.host && sent.targetPort == 80)
    #expect(sent.source == Lab.remote && sent.sourcePort == 5000)
    let answer = try #require(lab.inside(lab.tcp(Lab.host, 80, Lab.remote, 5000, syn | ack)))
    #expect(answer.source == Lab.natOutside && answer.sourcePort == 8080)
    let datagram = try #require(lab.outside(lab.udp(Lab.remote, 5000, Lab.natOutside, 5353)))
    #expect(datagram.target == Lab.other && datagram.targetPort == 5353)
    // A host's own session from a forwarded port has that port outside (REQ-1).
    let own = try #require(lab.inside(lab.udp(Lab.other, 5353, Lab.remote2, 9)))
    #expect(own.sourcePort == 5353)
    lab.wait(seconds: 7500)
    lab.nat.advance(to: lab.now)
    #expect(lab.nat.sessionCount == 0 && lab.nat.mappingCount == 2)
  }

  @Test("RFC 4787 REQ-9, RFC 5382 REQ-8: hosts inside meet by their outside ports")
  func hairpins() throws {
    let lab = try Lab()
    // By a forward.
    let sent = try #require(lab.inside(lab.tcp(Lab.other, 4000, Lab.natOutside, 8080, syn)))
    #expect(sent.source == Lab.natOutside && sent.sourcePort == 4000)
    #expect(sent.target == Lab.host && sent.targetPort == 80 && sent.hops == 63)
    #expect(sent.to == Lab.station(of: Lab.host))
    let answer = try #require(lab.inside(lab.tcp(Lab.host, 80, Lab.natOutside, 4000, syn | ack)))
    #expect(answer.source == Lab.natOutside && answer.sourcePort == 8080)
    #expect(answer.target == Lab.other && answer.targetPort == 4000)
    // By mappings, once both have spoken.
    let one = try #require(lab.inside(lab.udp(Lab.host, 6000, Lab.remote, 1))).sourcePort
    let two = try #require(lab.inside(lab.udp(Lab.other, 6001, Lab.remote, 1))).sourcePort
    #expect(lab.inside(lab.udp(Lab.host, 6000, Lab.natOutside, two)) == nil)
    let met = try #require(lab.inside(lab.udp(Lab.other, 6001, Lab.natOutside, one)))
    #expect(met.target == Lab.host && met.source == Lab.natOutside && met.sourcePort == two)
    #expect(lab.inside(lab.udp(Lab.host, 6000, Lab.natOutside, two))?.target == Lab.other)
  }
}
