// SPDX-License-Identifier: BSD-3-Clause

import Base
import Testing

@testable import NATCore

/// Random conversations against a model that keeps sessions in dictionaries.
@Suite struct ModelTests {
  struct Inside: Hashable {
    var number: UInt8
    var host: UInt32
    var port: UInt16
  }
  struct Remote: Hashable {
    var host: UInt32
    var port: UInt16
  }
  struct Key: Hashable {
    var inside: Inside
    var remote: Remote
  }
  struct Port: Hashable {
    var number: UInt8
    var port: UInt16
  }

  /// What a translator of UDP and echoes has to know, without bounds.
  struct Model {
    var sessions: [Key: Instant] = [:]
    var ports: [Inside: UInt16] = [:]

    static func lifetime(_ number: UInt8) -> Nanoseconds {
      Nanoseconds(seconds: number == 17 ? 30 : 20)
    }

    /// Forgets what has certainly ended; true when nothing is between life and death.
    mutating func advance(to now: Instant) -> Bool {
      var isCertain = true
      for (key, last) in sessions {
        let age = now - last
        let limit = Self.lifetime(key.inside.number)
        // A session lives up to a second longer, and is swept every half second.
        if age.count > limit.count + 2_600_000_000 {
          sessions[key] = nil
        } else if age >= limit {
          isCertain = false
        }
      }
      for inside in ports.keys where !sessions.keys.contains(where: { $0.inside == inside }) {
        ports[inside] = nil
      }
      return isCertain
    }
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func conversations(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let lab = try Lab(
      """
      inside 192.168.1.1/24
      outside 203.0.113.2/24 gateway 203.0.113.1
      accept inside
      timeout udp 30
      timeout icmp 20
      """, seed: seed)
    var model = Model()
    var forwarded = 0
    var refused = 0
    for step in 0..<6000 {
      if step % 40 == 0 {
        lab.introduce(Lab.host, .inside)
        lab.introduce(Lab.other, .inside)
        lab.introduce(Lab.gateway, .outside, station: Lab.gatewayStation)
      }
      lab.now = lab.now + .milliseconds(Int64.random(in: 0...1500, using: &random))
      while !model.advance(to: lab.now) { lab.now = lab.now + .milliseconds(400) }
      let number: UInt8 = Bool.random(using: &random) ? 17 : 1
      let inside = Inside(
        number: number, host: Bool.random(using: &random) ? Lab.host : Lab.other,
        port: .random(in: 2000...2004, using: &random))
      let remote = Remote(
        host: Bool.random(using: &random) ? Lab.remote : Lab.remote2,
        port: number == 1 ? 0 : .random(in: 1...2, using: &random))
      if Bool.random(using: &random) {
        try send(lab, &model, inside, remote)
        forwarded += 1
      } else if try answer(lab, &model, number, remote, &random) {
        forwarded += 1
      } else {
        refused += 1
      }
      _ = lab.outputs()
    }
    #expect(forwarded > 2500 && refused > 100)
    #expect(lab.nat.sessionCount >= model.sessions.count)
  }

  private func send(
    _ lab: Lab, _ model: inout Model, _ inside: Inside, _ remote: Remote
  ) throws {
    let packet =
      inside.number == 1
      ? lab.echo(8, inside.host, remote.host, inside.port)
      : lab.udp(inside.host, inside.port, remote.host, remote.port)
    let sent = try #require(lab.inside(packet))
    #expect(sent.source == Lab.natOutside && sent.target == remote.host)
    #expect(sent.targetPort == remote.port)
    if let port = model.ports[inside] {
      #expect(sent.sourcePort == port, "the mapping changed")
    } else {
      let isTaken = model.ports.contains {
        $0.key.number == inside.number && $0.value == sent.sourcePort
      }
      #expect(!isTaken, "two hosts share a port")
      model.ports[inside] = sent.sourcePort
    }
    model.sessions[Key(inside: inside, remote: remote)] = lab.now
  }

  /// Sends to a port that is, or was, somebody's; true when that must be let in.
  private func answer(
    _ lab: Lab, _ model: inout Model, _ number: UInt8, _ remote: Remote,
    _ random: inout SeededGenerator
  ) throws -> Bool {
    let port =
      model.ports.values.sorted().randomElement(using: &random)
      ?? UInt16.random(in: 2000...2004, using: &random)
    let packet =
      number == 1
      ? lab.echo(0, remote.host, Lab.natOutside, port)
      : lab.udp(remote.host, remote.port, Lab.natOutside, port)
    let got = lab.outside(packet)
    let owner = model.ports.first { $0.key.number == number && $0.value == port }?.key
    if let owner, model.sessions[Key(inside: owner, remote: remote)] != nil {
      let got = try #require(got, "an answer was not let in")
      #expect(got.target == owner.host && got.targetPort == owner.port)
      #expect(got.source == remote.host && got.sourcePort == remote.port)
      model.sessions[Key(inside: owner, remote: remote)] = lab.now
      return true
    }
    #expect(got == nil, "somebody was let in")
    return false
  }
}
