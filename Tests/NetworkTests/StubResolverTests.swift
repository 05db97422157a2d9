// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import StubResolver
import Testing

/// Looking up names, against messages written by hand.
@Suite struct StubResolverTests {
  private static let server = IPAddress(IPv4Address(192, 0, 2, 53))
  private static let other = IPAddress(IPv4Address(192, 0, 2, 54))

  private static func name(_ text: String) -> DomainName { DomainName(text: Array(text.utf8))! }

  /// An answer to a message that was asked.
  private static func answer(
    _ query: [UInt8], flags: UInt16 = 0x8180, count: Int = 0, _ records: [UInt8] = []
  ) -> [UInt8] {
    var bytes = query
    bytes[2] = UInt8(flags >> 8)
    bytes[3] = UInt8(flags & 0xff)
    bytes[6] = UInt8(count >> 8)
    bytes[7] = UInt8(count & 0xff)
    // Records stand where OPT was.
    if bytes[11] == 1 {
      bytes[11] = 0
      bytes.removeLast(11)
    }
    return bytes + records
  }

  /// A record whose owner is the pointer or name `owner`.
  private static func record(_ owner: [UInt8], _ type: UInt8, _ data: [UInt8]) -> [UInt8] {
    owner + [0, type, 0, 1, 0, 0, 0, 60, UInt8(data.count >> 8), UInt8(data.count & 0xff)] + data
  }

  private static let toQuestion: [UInt8] = [0xc0, 12]

  private static func parsed(_ bytes: [UInt8], to query: NameQuery) -> NameAnswer? {
    NameAnswer(RawSpan(_elements: bytes.span), to: query)
  }

  private static func isVersion6(_ query: [UInt8]) -> Bool {
    let end = query[11] == 1 ? query.count - 11 : query.count
    return query[end - 3] == 28
  }

  @Test(
    arguments: [
      ("a", [1, 97, 0]),
      ("Www.Example", [3, 119, 119, 119, 7, 101, 120, 97, 109, 112, 108, 101, 0]),
      ("x-1._y.", [3, 120, 45, 49, 2, 95, 121, 0]),
    ] as [(String, [UInt8])])
  func namesHaveTheirForm(text: String, wire: [UInt8]) {
    #expect(DomainName(text: Array(text.utf8))?.wire == wire)
  }

  @Test(arguments: [
    "", ".", "..", "a..b", ".a", "a b", "a\u{0}b", "é", String(repeating: "a", count: 64),
    Array(repeating: "abcdefghijklmno", count: 16).joined(separator: "."),
  ])
  func whatIsNoNameIsRefused(text: String) {
    #expect(DomainName(text: Array(text.utf8)) == nil)
  }

  @Test func aQueryIsAsRFC1035SaysIt() {
    var query = NameQuery(Self.name("ab.c"), .aaaa, number: 0x1234)
    let question: [UInt8] = [2, 97, 98, 1, 99, 0, 0, 28, 0, 1]
    #expect(
      query.message == [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1] + question
        + [0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0])
    query.allowsLong = false
    #expect(query.message == [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] + question)
  }

  @Test func anAliasIsFollowedWhereverItStands() {
    let query = NameQuery(Self.name("www.example"), .a, number: 7)
    let target: [UInt8] = [1, 120, 0xc0, 16]
    let bytes = Self.answer(
      query.message, count: 3,
      Self.record([1, 120, 0xc0, 16], 1, [192, 0, 2, 1]) + Self.record(Self.toQuestion, 5, target)
        + Self.record([1, 121, 0xc0, 16], 1, [192, 0, 2, 66]))
    #expect(
      Self.parsed(bytes, to: query) == .addresses([IPAddress(IPv4Address(192, 0, 2, 1))]))
  }

  @Test func aCircleOfAliasesEnds() {
    let query = NameQuery(Self.name("a.b"), .a, number: 7)
    let bytes = Self.answer(
      query.message, count: 1, Self.record(Self.toQuestion, 5, [0xc0, 12]))
    #expect(Self.parsed(bytes, to: query) == .noAddress)
  }

  @Test func whatIsNoAnswerToTheQueryIsIgnored() {
    let query = NameQuery(Self.name("a.b"), .a, number: 7)
    let right = Self.answer(
      query.message, count: 1, Self.record(Self.toQuestion, 1, [192, 0, 2, 1]))
    #expect(Self.parsed(right, to: query) != nil)
    // Another number, a query, another opcode, no question, another name, type or class.
    for (index, value) in [(1, 8), (2, 1), (2, 0x91), (5, 0), (13, 99), (18, 28), (20, 3)] {
      var wrong = right
      wrong[index] = UInt8(value)
      #expect(Self.parsed(wrong, to: query) == nil, "byte \(index)")
    }
    for count in 0..<21 { #expect(Self.parsed(Array(right[..<count]), to: query) == nil) }
  }

  @Test func whatIsCutBehindTheQuestionFails() {
    let query = NameQuery(Self.name("a.b"), .a, number: 7)
    let right = Self.answer(
      query.message, count: 1, Self.record(Self.toQuestion, 1, [192, 0, 2, 1]))
    for count in 21..<right.count {
      #expect(Self.parsed(Array(right[..<count]), to: query) == .failed)
    }
    // A pointer to itself, forward, and an address of a wrong length.
    for owner in [[0xc0, 21], [0xc0, 40]] as [[UInt8]] {
      let bytes = Self.answer(query.message, count: 1, Self.record(owner, 1, [1, 2, 3, 4]))
      #expect(Self.parsed(bytes, to: query) == .failed)
    }
    let bytes = Self.answer(query.message, count: 1, Self.record(Self.toQuestion, 1, [1, 2, 3]))
    #expect(Self.parsed(bytes, to: query) == .failed)
  }

  @Test func nothingAServerSaysTraps() {
    var random = SystemRandomNumberGenerator()
    let query = NameQuery(Self.name("www.example"), .a, number: 7)
    let right = Self.answer(
      query.message, count: 2,
      Self.record(Self.toQuestion, 5, [1, 120, 0xc0, 16])
        + Self.record([1, 120, 0xc0, 16], 1, [192, 0, 2, 1]))
    for _ in 0..<50_000 {
      var bytes = right
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(
          in: 0...255, using: &random)
      }
      if Bool.random(using: &random) {
        bytes.removeLast(Int.random(in: 0...bytes.count, using: &random))
      }
      _ = Self.parsed(bytes, to: query)
    }
  }

  // MARK: Lookups

  private static func lookup(_ names: [String], _ servers: [IPAddress]) -> NameLookup {
    var number: UInt64 = 100
    return NameLookup(names: names.map(name), servers: servers) {
      number += 1
      return number
    }
  }

  /// Both questions of a server's turn.
  private static func questions(_ lookup: inout NameLookup, at now: Instant) -> [[UInt8]] {
    var result: [[UInt8]] = []
    while case .ask(let message) = lookup.step(at: now) { result.append(message) }
    return result
  }

  private static func receive(_ lookup: inout NameLookup, _ bytes: [UInt8], byStream: Bool = false)
  {
    lookup.receive(RawSpan(_elements: bytes.span), byStream: byStream)
  }

  private static func hasAddress(_ query: [UInt8]) -> [UInt8] {
    let six: [UInt8] = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    return isVersion6(query)
      ? answer(query, count: 1, record(toQuestion, 28, six))
      : answer(query, count: 1, record(toQuestion, 1, [192, 0, 2, 1]))
  }

  private static let both = [
    IPAddress(IPv6Address(high: 0x2001_0db8_0000_0000, low: 1)),
    IPAddress(IPv4Address(192, 0, 2, 1)),
  ]

  @Test func bothVersionsAreAskedAtOnce() {
    var lookup = Self.lookup(["a.b"], [Self.server])
    let queries = Self.questions(&lookup, at: .start)
    #expect(queries.map(Self.isVersion6) == [true, false])
    #expect(lookup.step(at: .start) == .wait(until: Instant(nanoseconds: 2_000_000_000)))
    for query in queries.reversed() { Self.receive(&lookup, Self.hasAddress(query)) }
    #expect(lookup.step(at: .start) == .found(Self.both))
  }

  @Test func aServerThatIsSilentIsFollowedByTheNext() {
    var lookup = Self.lookup(["a.b"], [Self.server, Self.other])
    let first = Self.questions(&lookup, at: .start)
    Self.receive(&lookup, Self.hasAddress(first[0]))
    let later = Instant(nanoseconds: 2_000_000_000)
    let second = Self.questions(&lookup, at: later)
    #expect(lookup.server == Self.other)
    #expect(second.count == 1 && second[0] != first[1])
    // What the first one says now is nobody's.
    Self.receive(&lookup, Self.hasAddress(first[1]))
    #expect(lookup.step(at: later) == .wait(until: Instant(nanoseconds: 4_000_000_000)))
    Self.receive(&lookup, Self.hasAddress(second[0]))
    #expect(lookup.step(at: later) == .found(Self.both))
  }

  @Test func silenceEndsAfterThreeRounds() {
    var lookup = Self.lookup(["a.b"], [Self.server, Self.other])
    var now = Instant.start
    var turns = 0
    loop: while true {
      switch lookup.step(at: now) {
      case .ask: turns += 1
      case .wait(let deadline): now = deadline
      case let step:
        #expect(step == .failed(.timedOut))
        break loop
      }
    }
    #expect(turns == 12)
    #expect(now == Instant(nanoseconds: 18_000_000_000))
  }

  @Test func aNameThatIsNotThereIsTriedInTheNextDomain() {
    var lookup = Self.lookup(["a.b", "a.c"], [Self.server])
    for query in Self.questions(&lookup, at: .start) {
      Self.receive(&lookup, Self.answer(query, flags: 0x8183))
    }
    let second = Self.questions(&lookup, at: .start)
    #expect(second.count == 2)
    for query in second { Self.receive(&lookup, Self.answer(query)) }
    #expect(lookup.step(at: .start) == .failed(.notFound))
  }

  @Test func aServerThatFailsIsFollowedAtOnce() {
    var lookup = Self.lookup(["a.b"], [Self.server, Self.other])
    let first = Self.questions(&lookup, at: .start)
    Self.receive(&lookup, Self.answer(first[0], flags: 0x8182))
    let second = Self.questions(&lookup, at: .start)
    #expect(lookup.server == Self.other && second.count == 2)
    for query in second { Self.receive(&lookup, Self.hasAddress(query)) }
    #expect(lookup.step(at: .start) == .found(Self.both))
  }

  @Test func anOldServerIsAskedWithoutOPT() {
    var lookup = Self.lookup(["a.b"], [Self.server])
    for query in Self.questions(&lookup, at: .start) {
      Self.receive(&lookup, Self.answer(query, flags: 0x8181))
    }
    let second = Self.questions(&lookup, at: .start)
    #expect(second.map { $0[11] } == [0, 0])
    for query in second { Self.receive(&lookup, Self.answer(query, flags: 0x8181)) }
    #expect(lookup.step(at: .start) != .found([]))
  }

  @Test func anAnswerThatWasCutComesByStream() {
    var lookup = Self.lookup(["a.b"], [Self.server])
    let queries = Self.questions(&lookup, at: .start)
    Self.receive(&lookup, Self.hasAddress(queries[0]))
    Self.receive(&lookup, Self.answer(queries[1], flags: 0x8380))
    #expect(lookup.step(at: .start) == .askByStream(queries[1]))
    // Not by the other way any more.
    Self.receive(&lookup, Self.hasAddress(queries[1]))
    #expect(lookup.step(at: .start) == .wait(until: Instant(nanoseconds: 2_000_000_000)))
    Self.receive(&lookup, Self.hasAddress(queries[1]), byStream: true)
    #expect(lookup.step(at: .start) == .found(Self.both))
  }

  @Test func withoutAServerNobodyIsAsked() {
    var lookup = Self.lookup(["a.b"], [])
    #expect(lookup.step(at: .start) == .failed(.noServer))
  }
}
