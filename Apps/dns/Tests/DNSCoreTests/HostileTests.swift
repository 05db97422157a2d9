// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Testing

@testable import DNSCore

/// Messages that no honest resolver sends.
@Suite struct HostileTests {
  @Test("pointers that go round, forwards, or out of the message are an error")
  func pointers() throws {
    let responder = Responder(try zone())
    let head: [UInt8] = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    for name: [UInt8] in [
      [0xc0, 12], [0xc0, 14], [1, 0x61, 0xc0, 12], [0xc0, 0], [0xff, 0xff], [0x40, 1], [0x80, 0],
      [63, 1, 2], [1, 0x61], [0xc0],
    ] {
      let reply = Reply(responder.answer(head + name + [0, 1, 0, 1], over: .datagram))
      #expect(reply?.code == 1, "\(name)")
      #expect(reply?.question == "")
    }
    // A name of more than 255 bytes.
    let label: [UInt8] = [63] + [UInt8](repeating: 0x61, count: 63)
    let long = label + label + label + label + [0, 0, 1, 0, 1]
    #expect(Reply(responder.answer(head + long, over: .datagram))?.code == 1)
    // The longest one there may be.
    let longest = label + label + label + [61] + label[1...61] + [0, 0, 1, 0, 1]
    #expect(Reply(responder.answer(head + longest, over: .datagram))?.code == 5)
    // Bytes behind the message, and records that are cut off.
    #expect(Reply(responder.answer(query("example.org", 1) + [0], over: .datagram))?.code == 1)
    var cut = query("example.org", 1)
    cut[11] = 1
    #expect(Reply(responder.answer(cut, over: .datagram))?.code == 1)
    // A pointer of a record that goes round with another.
    cut += [0xc0, UInt8(cut.count), 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]
    #expect(Reply(responder.answer(cut, over: .datagram))?.code == 1)
  }

  @Test("any change of a query: nothing traps, and every answer is whole")
  func mutations() throws {
    let responder = Responder(try zone())
    var random = SeededGenerator(seed: 5)
    let names = [
      "example.org", "www.example.org", "x.wild.example.org", "host.child.example.org",
      "nothing.example.org", "example.com", "a.b.deep.example.org", "",
    ]
    let types: [UInt16] = [1, 2, 5, 6, 15, 16, 28, 33, 41, 43, 252, 255, 257]
    var answered = 0
    var found = 0
    for _ in 0..<30_000 {
      var bytes = query(
        names.randomElement(using: &random)!, types.randomElement(using: &random)!,
        extended: Bool.random(using: &random) ? (.random(in: 0...5000, using: &random), 0) : nil)
      for _ in 0..<Int.random(in: 0...2, using: &random) where !bytes.isEmpty {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[place] = .random(in: 0...255, using: &random)
        case 1: bytes[place] = 0xc0
        case 2: bytes.removeSubrange(place...)
        case 3: bytes.insert(contentsOf: bytes[place...], at: place)
        default: bytes[place] ^= 0x20
        }
      }
      let transport: Responder.Transport = Bool.random(using: &random) ? .datagram : .stream
      guard let answer = responder.answer(bytes, over: transport) else { continue }
      guard let reply = Reply(answer) else {
        Issue.record("no whole answer to \(bytes)")
        return
      }
      #expect(Array(answer[0..<2]) == Array(bytes[0..<2]))
      #expect(transport == .stream || answer.count <= 1232)
      answered += 1
      if !reply.answers.isEmpty { found += 1 }
    }
    #expect(answered > 20_000 && found > 2000)
  }

  @Test("one network's answers are bounded, another's are not touched")
  func rates() {
    var limiter = RateLimiter(perSecond: 10)
    let one = IPAddress(IPv4Address(192, 0, 2, 1))
    let same = IPAddress(IPv4Address(192, 0, 2, 99))
    let other = IPAddress(IPv4Address(198, 51, 100, 1))
    var now = Instant(nanoseconds: 5_000_000_000)
    var decisions = (0..<10).map { limiter.decide($0 % 2 == 0 ? one : same, at: now) }
    #expect(decisions.allSatisfy { $0 == .answer })
    decisions = (0..<4).map { _ in limiter.decide(one, at: now) }
    #expect(decisions == [.truncate, .drop, .truncate, .drop])
    #expect(limiter.decide(other, at: now) == .answer)
    now = now + .milliseconds(100)
    #expect(limiter.decide(one, at: now) == .answer)
    #expect(limiter.decide(one, at: now) == .truncate)
    now = now + Nanoseconds(seconds: 100)
    decisions = (0..<11).map { _ in limiter.decide(one, at: now) }
    #expect(decisions.count { $0 == .answer } == 10)
    var unlimited = RateLimiter(perSecond: 0)
    for _ in 0..<100 { #expect(unlimited.decide(one, at: now) == .answer) }
  }
}
