// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Testing

@testable import LinuxNetlink

@Suite(.serialized) struct NetlinkTests {
  private static let linkRequest: UInt16 = 18
  private static let addressRequest: UInt16 = 22
  private static let routeRequest: UInt16 = 26
  private static let neighborRequest: UInt16 = 30

  private static let notFound: Int32 = 2
  private static let notPermitted: Int32 = 1
  private static let noDevice: Int32 = 19
  private static let invalid: Int32 = 22
  private static let notSupported: Int32 = 95
  private static let noAddress: Int32 = 99
  private static let unreachable: Int32 = 101

  // MARK: Messages

  @Test func readsTheMessagesOfADatagram() throws {
    let first = TestRequest(type: 18, body: [1, 2, 3, 4, 5]).bytes
    let second = TestRequest(type: 22, flags: 5, body: [9]).bytes
    let requests = RouteRequest.all(in: first + [0, 0, 0] + second)
    try #require(requests.map(\.type) == [18, 22])
    #expect(requests.map(\.sequence) == [0x0102_0304, 0x0102_0304])
    #expect(requests[0].bytes == first)
    #expect(requests[1].family == 9)
    #expect(requests[1].flags.rawValue == 5)
  }

  @Test(arguments: 0..<16) func takesNoPartOfAHeader(count: Int) {
    let bytes = TestRequest(type: 18).bytes
    #expect(RouteRequest.all(in: [UInt8](bytes[..<count])).isEmpty)
  }

  @Test(arguments: [0, 8, 15, 18, 100, 0x7fff_ffff, 0xffff_fff0, .max] as [UInt32])
  func takesNoWrongLength(length: UInt32) {
    let wrong = TestRequest(type: 18, length: length).bytes
    #expect(RouteRequest.all(in: wrong).isEmpty)
    // What came before it counts.
    let right = TestRequest(type: 22, body: [0, 0, 0, 0]).bytes
    #expect(RouteRequest.all(in: right + wrong).map(\.type) == [22])
  }

  @Test func findsAttributesAndStopsAtWrongOnes() {
    let request = TestRequest(type: 26, body: [2] + [UInt8](repeating: 0, count: 11))
      .with(4, [7, 0, 0]).with(0x8001, [10, 1, 2, 3])
    func read(_ request: TestRequest) -> RouteRequest { RouteRequest.all(in: request.bytes)[0] }
    #expect(read(request).attribute(4, behind: 12) == [7, 0, 0])
    #expect(read(request).attribute(9, behind: 12) == nil)
    // The nested flag is no part of the type.
    #expect(read(request).address(1, behind: 12) == IPAddress(NetlinkFixture.v4("10.1.2.3")))
    for length in [0, 3, 200, 0xffff] as [UInt16] {
      var wrong = request
      wrong.body.replaceSubrange(12..<14, with: little(length))
      #expect(read(wrong).attribute(1, behind: 12) == nil)
      #expect(read(wrong).attribute(4, behind: 12) == nil)
    }
    let short = TestRequest(type: 26, body: [10] + [UInt8](repeating: 0, count: 11))
    #expect(read(short.with(1, [10, 1, 2, 3])).address(1, behind: 12) == nil)
    #expect(read(short).number(at: 8) == 0)
    #expect(read(short).number(at: 9) == 0)
  }

  @Test func splitsDatagramsAtAPage() {
    var writer = NetlinkWriter(sequence: 1, port: 2)
    for index in 0..<30 {
      writer.begin(16, .multipart)
      writer.attribute(1, [UInt8](repeating: UInt8(index), count: 901))
      writer.end()
    }
    writer.flush()
    let datagrams = writer.datagrams
    #expect(datagrams.allSatisfy { $0.count <= 4096 })
    #expect(datagrams.count == 8)
    let answers = datagrams.flatMap { Answer.all(in: $0) }
    #expect(answers.map { $0.attributes(behind: 0)[1]?.first } == (0..<30).map { UInt8($0) })
    // One that is longer goes alone.
    writer = NetlinkWriter(sequence: 1, port: 2)
    for count in [10, 5000, 10] {
      writer.begin(16, [])
      writer.append([UInt8](repeating: 0, count: count))
      writer.end()
    }
    writer.flush()
    #expect(writer.datagrams.map { Answer.all(in: $0).map(\.length) } == [[26], [5016], [26]])
  }

  // MARK: Wrong requests

  @Test func answersNothingToWhatIsNoRequest() {
    #expect(TestRequest(type: Self.linkRequest, flags: 0x300).answers().isEmpty)
    #expect(TestRequest(type: Self.linkRequest, flags: 0x304).verdict() == 0)
    #expect(TestRequest(type: 1, flags: 1).answers().isEmpty)
    #expect(TestRequest(type: 1, flags: 5).verdict() == 0)
    #expect(
      TestRequest(type: Self.linkRequest, flags: TestRequest.dump, body: []).answers().isEmpty)
    #expect(TestRequest(type: Self.linkRequest, flags: 0x305, body: []).verdict() == 0)
  }

  @Test func refusesWhatItDoesNotKnow() {
    for type in [124, 2000, .max] as [UInt16] {
      #expect(TestRequest(type: type).verdict() == Self.notSupported)
      #expect(TestRequest(type: type, flags: TestRequest.dump).verdict() == Self.notSupported)
    }
    // RTM_GETNSID
    #expect(TestRequest(type: 90).verdict() == Self.notSupported)
  }

  @Test func refusesEveryChange() throws {
    // Of each four types, the first makes, the second removes, the fourth sets.
    for type in UInt16(16)...123 where type & 3 != 2 {
      try #require(
        TestRequest(type: type, flags: TestRequest.acknowledged).verdict() == Self.notPermitted)
    }
  }

  @Test func tellsErrorsWithTheirRequest() throws {
    let request = TestRequest(type: 2000, body: [1, 2, 3, 4, 5])
    let answer = try #require(request.answers().first)
    #expect(answer.length == 36 + 5)
    #expect(answer.flags == 0)
    #expect(answer.sequence == 0x0102_0304)
    #expect(answer.port == 4711)
    #expect([UInt8](answer.body[4...]) == request.bytes)
    let capped = try #require(request.answers(.capsErrors).first)
    #expect(capped.length == 36)
    #expect(capped.flags == 0x100)
    #expect([UInt8](capped.body[4...]) == [UInt8](request.bytes[..<16]))
  }

  // MARK: Links

  private func link(_ number: Int32) -> TestRequest {
    TestRequest(
      type: Self.linkRequest, body: little(Int32(0)) + little(number) + little(UInt64(0)))
  }

  @Test func tellsLinks() throws {
    let datagrams = TestRequest(type: Self.linkRequest, flags: TestRequest.dump).datagrams()
    // The end comes alone.
    #expect(datagrams.count == 2)
    let end = datagrams[1]
    #expect(end.map(\.type) == [3] && end[0].flags == 2 && end[0].length == 20)
    #expect(datagrams[0].allSatisfy { $0.type == 16 && $0.flags == 2 && $0.port == 4711 })
    let (loopback, card) = (datagrams[0][0], datagrams[0][1])
    #expect(datagrams[0].count == 2)
    #expect(loopback.number(at: 2) == UInt16(772))
    #expect(loopback.number(at: 4) == Int32(1))
    #expect(loopback.number(at: 8) == UInt32(0x1_0049))
    #expect(loopback.attributes(behind: 16)[3] == Array("lo\0".utf8))
    #expect(card.number(at: 2) == UInt16(1))
    #expect(card.number(at: 4) == Int32(2))
    #expect(card.number(at: 8) == UInt32(0x1_1043))
    let attributes = card.attributes(behind: 16)
    #expect(attributes[3] == Array("eth0\0".utf8))
    #expect(attributes[1] == [0x52, 0x54, 0, 0x12, 0x34, 0x56])
    #expect(attributes[2] == [UInt8](repeating: 255, count: 6))
    #expect(attributes[4] == little(UInt32(1500)))
    #expect(attributes[16] == [6])
  }

  @Test func tellsCounters() throws {
    let attributes = try #require(link(2).answers().first).attributes(behind: 16)
    let wide = try #require(attributes[23])
    #expect(wide.count == 200)
    let expected: [UInt64] = [11, 13, 5_000_000_001, 14, 0, 0, 2, 3]
    #expect([UInt8](wide[..<64]) == expected.flatMap { little($0) })
    let narrow = try #require(attributes[7])
    #expect(narrow.count == 96)
    #expect(
      [UInt8](narrow[..<32]) == expected.flatMap { little(UInt32(truncatingIfNeeded: $0)) })
  }

  @Test func findsOneLink() {
    #expect(link(2).answers().map { $0.number(at: 4) as Int32 } == [2])
    #expect(link(2).answers().first?.flags == 0)
    #expect(link(3).verdict() == Self.noDevice)
    #expect(link(0).verdict() == Self.invalid)
    #expect(link(-1).verdict() == Self.invalid)
    #expect(link(0).with(3, Array("eth0\0".utf8)).answers().map(\.type) == [16])
    #expect(link(0).with(3, Array("eth0".utf8)).answers().map(\.type) == [16])
    #expect(link(0).with(3, Array("eth".utf8)).verdict() == Self.noDevice)
    #expect(link(0).with(3, []).verdict() == Self.noDevice)
    #expect(TestRequest(type: Self.linkRequest).verdict() == Self.invalid)
    var acknowledged = link(1)
    acknowledged.flags = TestRequest.acknowledged
    #expect(acknowledged.datagrams().map { $0.map(\.type) } == [[16], [2]])
    // Bridges.
    let bridges = TestRequest(type: Self.linkRequest, flags: TestRequest.dump, body: [7])
    #expect(bridges.answers().map(\.type) == [3])
  }

  // MARK: Addresses

  private func addresses(family: UInt8, link: Int32 = 0) -> TestRequest {
    TestRequest(
      type: Self.addressRequest, flags: TestRequest.dump, body: [family, 0, 0, 0] + little(link))
  }

  @Test func tellsAddresses() throws {
    let answers = addresses(family: 2).answers()
    #expect(answers.map(\.type) == [20, 20, 3])
    #expect([UInt8](answers[0].body[..<8]) == [2, 8, 0x80, 254] + little(Int32(1)))
    #expect(answers[0].attributes(behind: 8)[1] == [127, 0, 0, 1])
    #expect([UInt8](answers[1].body[..<8]) == [2, 24, 0x80, 0] + little(Int32(2)))
    let attributes = answers[1].attributes(behind: 8)
    #expect(attributes[1] == [10, 1, 2, 3])
    #expect(attributes[2] == [10, 1, 2, 3])
    #expect(attributes[4] == [10, 1, 2, 255])
    #expect(attributes[3] == Array("eth0\0".utf8))
    let six = addresses(family: 10).answers()
    #expect(six.dropLast().allSatisfy { $0.type == 20 && $0.body[0] == 10 })
    #expect(six[0].body[1] == 128 && six[0].body[3] == 254)
    let own = try #require(
      six.first { $0.attributes(behind: 8)[1]?.first == 0xfd })
    #expect(own.body[1] == 64 && own.body[3] == 0)
    #expect(own.attributes(behind: 8)[1]?.last == 3)
    let linkLocal = try #require(six.first { $0.attributes(behind: 8)[1]?.first == 0xfe })
    #expect(linkLocal.body[3] == 253)
    #expect(addresses(family: 0).answers().count == answers.count + six.count - 1)
  }

  @Test func narrowsAddressesDownWhenStrict() {
    #expect(addresses(family: 2, link: 2).answers().count == 3)
    #expect(addresses(family: 2, link: 2).answers(.isStrict).map(\.type) == [20, 3])
    #expect(addresses(family: 2, link: 3).answers(.isStrict).map(\.type) == [3])
  }

  @Test func findsOneAddress() {
    func request(_ address: String?, family: UInt8 = 10, link: Int32 = 0) -> TestRequest {
      var request = addresses(family: family, link: link)
      request.flags = 1
      guard let address else { return request }
      let value = NetlinkFixture.v6(address)
      return request.with(1, little(value.high.byteSwapped) + little(value.low.byteSwapped))
    }
    #expect(request("fd00::3").answers().map(\.type) == [20])
    #expect(request("fd00::3", link: 2).answers().first?.flags == 0)
    #expect(request("::1").answers().map { $0.number(at: 4) as Int32 } == [1])
    #expect(request("fd00::3", link: 1).verdict() == Self.noAddress)
    #expect(request("fd00::4").verdict() == Self.noAddress)
    #expect(request(nil).verdict() == Self.invalid)
    #expect(request(nil, family: 2).verdict() == Self.notSupported)
    #expect(TestRequest(type: Self.addressRequest, body: [10]).verdict() == Self.invalid)
  }

  @Test func countsTheSecondsThatAreLeft() {
    func seconds(_ nanoseconds: UInt64) -> UInt32 {
      RouteAnswers.seconds(until: Instant(nanoseconds: nanoseconds), Instant(nanoseconds: 5))
    }
    #expect(seconds(0) == 0)
    #expect(seconds(2_999_999_999) == 2)
    #expect(seconds(3_000_000_005) == 3)
    #expect(RouteAnswers.seconds(until: .never, .start) == .max)
  }

  // MARK: Routes

  private func routes(family: UInt8, table: UInt8 = 0) -> TestRequest {
    TestRequest(
      type: Self.routeRequest, flags: TestRequest.dump,
      body: [family, 0, 0, 0, table, 0, 0, 0, 0, 0, 0, 0])
  }

  @Test func tellsRoutes() throws {
    let answers = routes(family: 2).answers()
    #expect(answers.last?.type == 3)
    let main = answers.dropLast().filter { $0.body[4] == 254 }
    #expect(main.count == 2)
    // The way out comes first: RTPROT_BOOT, everywhere, unicast.
    #expect([UInt8](main[0].body[..<8]) == [2, 0, 0, 0, 254, 3, 0, 1])
    let out = main[0].attributes(behind: 12)
    #expect(out[5] == [10, 1, 2, 1] && out[1] == nil && out[4] == little(Int32(2)))
    #expect([UInt8](main[1].body[..<8]) == [2, 24, 0, 0, 254, 2, 253, 1])
    let near = main[1].attributes(behind: 12)
    #expect(near[1] == [10, 1, 2, 0] && near[7] == [10, 1, 2, 3] && near[5] == nil)
    let local = answers.dropLast().filter { $0.body[4] == 255 }
    #expect(local.allSatisfy { $0.body[7] == 2 || $0.body[7] == 3 })
    #expect(
      local.map { $0.attributes(behind: 12)[1] ?? [] } == [
        [127, 0, 0, 0], [127, 0, 0, 1], [127, 255, 255, 255], [10, 1, 2, 3], [10, 1, 2, 255],
      ])
    let six = routes(family: 10).answers()
    #expect(six.dropLast().allSatisfy { $0.body[0] == 10 })
    let gateways = six.dropLast().compactMap { $0.attributes(behind: 12)[5] }
    #expect(gateways == [[0xfe, 0x80] + [UInt8](repeating: 0, count: 13) + [1]])
    #expect(routes(family: 0).answers().count == answers.count + six.count - 1)
  }

  @Test func narrowsRoutesDownWhenStrict() {
    #expect(routes(family: 2, table: 254).answers().count == 8)
    let main = routes(family: 2, table: 254).answers(.isStrict)
    #expect(main.dropLast().map { $0.body[4] } == [254, 254])
    #expect(routes(family: 2, table: 9).answers(.isStrict).map(\.type) == [3])
  }

  private func way(to address: [UInt8], family: UInt8 = 2) -> TestRequest {
    TestRequest(
      type: Self.routeRequest,
      body: [family, UInt8(address.count * 8)] + [UInt8](repeating: 0, count: 10)
    ).with(1, address)
  }

  @Test func tellsTheWay() throws {
    func attributes(_ address: [UInt8]) throws -> [UInt16: [UInt8]] {
      let answers = way(to: address).answers(.isStrict)
      #expect(answers.map(\.type) == [24])
      #expect(answers.first?.flags == 0)
      return try #require(answers.first).attributes(behind: 12)
    }
    let far = try attributes([192, 0, 2, 1])
    #expect(far[5] == [10, 1, 2, 1] && far[7] == [10, 1, 2, 3] && far[4] == little(Int32(2)))
    let near = try attributes([10, 1, 2, 9])
    #expect(near[5] == nil && near[7] == [10, 1, 2, 3])
    #expect(way(to: [10, 1, 2, 9]).answers().first?.number(at: 8) == UInt32(0x200))
    let own = try attributes([10, 1, 2, 3])
    #expect(own[4] == little(Int32(1)))
    #expect(way(to: [127, 0, 0, 1]).answers().first?.body[7] == 2)
    #expect(way(to: []).verdict() == Self.invalid)
    #expect(way(to: [10, 1, 2]).verdict() == Self.invalid)
    #expect(way(to: [10, 1, 2, 3], family: 10).verdict() == Self.invalid)
    #expect(way(to: [10, 1, 2, 3], family: 7).verdict() == Self.notSupported)
    #expect(TestRequest(type: Self.routeRequest, body: [2]).verdict() == Self.invalid)
  }

  // MARK: Neighbours

  @Test func tellsNeighbours() throws {
    func dump(_ family: UInt8) -> [Answer] {
      TestRequest(type: Self.neighborRequest, flags: TestRequest.dump, body: [family]).answers()
    }
    #expect(dump(0).map(\.type) == [28, 28, 3])
    let answers = dump(2)
    #expect(answers.map(\.type) == [28, 3])
    #expect(answers[0].body[0] == 2 && answers[0].number(at: 4) == Int32(2))
    #expect(answers[0].attributes(behind: 12)[1] == [10, 1, 2, 1])
    #expect(answers[0].attributes(behind: 12)[2] == [0x52, 0x54, 0, 0, 0, 1])
    func one(_ address: [UInt8]) -> TestRequest {
      TestRequest(
        type: Self.neighborRequest, body: [2] + [UInt8](repeating: 0, count: 11)
      ).with(1, address)
    }
    #expect(one([10, 1, 2, 1]).answers().map(\.type) == [28])
    #expect(one([10, 1, 2, 1]).answers().first?.flags == 0)
    #expect(one([10, 1, 2, 2]).verdict() == Self.notFound)
    #expect(one([]).verdict() == Self.invalid)
    // There are no rules, queues and filters.
    #expect(TestRequest(type: 34, flags: TestRequest.dump).answers().map(\.type) == [3])
    #expect(TestRequest(type: 34).verdict() == Self.notSupported)
  }

  // MARK: Noise

  /// Whatever is sent, the answers are whole messages, and few: `Answer.all` traps otherwise.
  @Test func answersNoiseWithWholeMessages() {
    var state: UInt64 = 1
    func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33
    }
    var count = 0
    for _ in 0..<3000 {
      var request = TestRequest(
        type: UInt16(14 + next() % 60), flags: UInt16(next() % 2 * 0x300 + next() % 8))
      request.body = (0..<next() % 40).map { _ in
        UInt8([0, 1, 2, 4, 8, 10, 255, next() & 255][Int(next() % 8)])
      }
      if next() % 4 == 0 { request.length = UInt32(next() % 80) }
      var bytes = request.bytes
      if next() % 4 == 0 { bytes[Int(next()) % bytes.count] = UInt8(next() & 255) }
      for parsed in RouteRequest.all(in: bytes + bytes) {
        let options = NetlinkOptions(rawValue: UInt16(next() & 0xffff))
        let answers = RouteAnswers(
          to: parsed, port: 1, options: options, host: NetlinkFixture.host
        ).datagrams().flatMap { Answer.all(in: $0) }
        #expect(answers.count < 40)
        count += answers.count
      }
    }
    #expect(count > 1000)
  }
}
