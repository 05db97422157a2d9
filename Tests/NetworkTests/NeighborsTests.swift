// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import ARP
import Base
import Bytes
import Neighbors
import Packets
import Testing

private func time(_ seconds: Double) -> Instant {
  Instant(nanoseconds: UInt64(seconds * 1_000_000_000))
}

private final class TestLink: NeighborLink {
  var solicited: [(IPAddress, MACAddress?)] = []
  var delivered: [([UInt8], MACAddress)] = []
  var refused: [[UInt8]] = []

  func solicit(_ address: IPAddress, at station: MACAddress?) {
    solicited.append((address, station))
  }
  func deliver(_ frame: consuming Frame, to address: IPAddress, at station: MACAddress) {
    delivered.append((frame.array, station))
  }
  func unreachable(_ frame: consuming Frame, at address: IPAddress) { refused.append(frame.array) }
}

@Suite struct NeighborTableTests {
  private let address = IPAddress(v4("10.0.0.2"))
  private let station = MACAddress(0x5254_0000_0002)
  private let link = TestLink()

  private func known(_ table: NeighborTable, at seconds: Double = 0) {
    table.learn(
      address, at: station, by: .solicitedAnswer, creates: true, link: link, now: time(seconds))
  }

  @Test func framesWaitForTheAnswer() {
    let table = NeighborTable()
    check(table.station(of: address, now: time(0)) == nil)
    for number: UInt8 in 0..<3 {
      table.hold(Frame(packet([number])), for: address, link: link, now: time(0))
    }
    check(link.solicited.count == 1 && link.solicited[0].1 == nil)
    check(table.station(of: address, now: time(0)) == nil && !table.isKnown(address))
    known(table)
    check(link.delivered.map(\.0) == [[0], [1], [2]])
    check(link.delivered.allSatisfy { $0.1 == station })
    check(table.station(of: address, now: time(1)) == station && table.isKnown(address))
  }

  @Test func threeQuestionsThenFailure() {
    let table = NeighborTable()
    table.hold(Frame(packet([7])), for: address, link: link, now: time(0))
    for second in 1...2 {
      check(table.nextDeadline == time(Double(second)))
      table.advance(to: time(Double(second)), link: link)
      check(link.solicited.count == second + 1 && link.refused.isEmpty)
    }
    table.advance(to: time(3), link: link)
    check(link.refused == [[7]] && table.count == 0 && table.nextDeadline == .never)
  }

  /// RFC 4861 section 7.3.3.
  @Test func aNeighbourInUseIsAskedAgain() {
    let table = NeighborTable()
    known(table)
    check(table.station(of: address, now: time(29)) == station)
    check(link.solicited.isEmpty)
    table.advance(to: time(30), link: link)
    check(table.nextDeadline == .never, "stale and unused: nothing to do")
    check(table.station(of: address, now: time(100)) == station)
    check(table.nextDeadline == time(105))
    table.advance(to: time(105), link: link)
    check(link.solicited.count == 1 && link.solicited[0].1 == station, "asked alone")
    known(table, at: 105.5)
    check(table.nextDeadline <= time(135.5))
    table.advance(to: time(135.5), link: link)
    check(table.station(of: address, now: time(140)) == station)
    for second in [145.0, 146, 147, 148] { table.advance(to: time(second), link: link) }
    check(table.station(of: address, now: time(148)) == nil && table.count == 0)
  }

  @Test func trafficConfirms() {
    let table = NeighborTable()
    known(table)
    table.advance(to: time(30), link: link)
    _ = table.station(of: address, now: time(31))
    table.confirm(address, now: time(32))
    table.advance(to: time(36), link: link)
    check(link.solicited.isEmpty && table.station(of: address, now: time(61)) == station)
    table.confirm(IPAddress(v4("9.9.9.9")), now: time(32))
    check(table.count == 1)
  }

  @Test func whoMayChangeAnEntry() {
    let table = NeighborTable()
    let other = MACAddress(0x5254_0000_0009)
    table.learn(address, at: station, by: .announcement, creates: false, link: link, now: time(0))
    check(table.count == 0, "strangers are not taken in")
    known(table)
    table.learn(
      address, at: other, by: .weakAnswer(isSolicited: true), creates: true, link: link,
      now: time(1))
    check(table.station(of: address, now: time(1)) == station, "not without override")
    table.learn(address, at: other, by: .announcement, creates: false, link: link, now: time(2))
    check(table.station(of: address, now: time(2)) == other)
    table.learn(address, at: .broadcast, by: .announcement, creates: true, link: link, now: time(2))
    table.learn(address, at: .zero, by: .solicitedAnswer, creates: true, link: link, now: time(2))
    check(table.station(of: address, now: time(2)) == other)
    table.forget(address)
    check(table.count == 0 && table.station(of: address, now: time(2)) == nil)
  }

  @Test func whoIsForgottenTakesFramesAlong() {
    let table = NeighborTable(frameLimit: 4)
    let free = testPool.availableCount
    for _ in 0..<10 {
      for _ in 0..<4 { table.hold(Frame(packet([1])), for: address, link: link, now: time(0)) }
      table.forget(address)
    }
    check(testPool.availableCount == free && table.count == 0)
    table.hold(Frame(packet([2])), for: address, link: link, now: time(0))
    known(table)
    check(link.delivered.map(\.0) == [[2]], "there is room again")
  }

  @Test func everythingIsBounded() {
    let table = NeighborTable(limit: 8, frameLimit: 100)
    let gateway = IPAddress(v4("10.0.0.1"))
    table.learn(gateway, at: station, by: .announcement, creates: true, link: link, now: time(0))
    for number in 0..<1000 {
      let stranger = IPAddress(IPv4Address(10, 1, UInt8(number >> 8), UInt8(number & 255)))
      _ = table.station(of: gateway, now: time(1 + Double(number)))
      table.learn(
        stranger, at: station, by: .announcement, creates: true, link: link,
        now: time(1 + Double(number)))
      check(table.count <= 8)
    }
    check(table.isKnown(gateway), "the one in use stays")
    let free = testPool.availableCount
    for number in 0..<300 {
      let target = IPAddress(IPv4Address(10, 9, 0, UInt8(number % 10)))
      table.hold(Frame(packet([1])), for: target, link: link, now: time(2000))
    }
    check(free - testPool.availableCount <= 100)
  }

  @Test func aFloodDoesNotPushOutWhoAnswers() {
    let table = NeighborTable(limit: 8, frameLimit: 4)
    known(table)
    for index in 0..<1000 {
      let now = time(1 + Double(index) / 1000)
      let stranger = IPAddress(IPv4Address(UInt32(0x0a00_0100 + index)))
      if index % 2 == 0 {
        table.hold(Frame(packet([1])), for: stranger, link: link, now: now)
      } else {
        table.learn(
          stranger, at: station, by: .announcement, creates: true, link: link, now: now)
      }
    }
    check(table.station(of: address, now: time(2)) == station)
    check(table.count == 8)
  }

  @Test func theTableBehavesAsAModel() {
    var random = SeededGenerator(seed: 21)
    let table = NeighborTable(limit: 1000)
    var model: [IPAddress: MACAddress] = [:]
    for step in 0..<3000 {
      let address = IPAddress(IPv4Address(10, 0, 0, UInt8.random(in: 1...100, using: &random)))
      let station = MACAddress(0x0200_0000_0000 | random.next() >> 40)
      switch Int.random(in: 0..<4, using: &random) {
      case 0:
        table.forget(address)
        model[address] = nil
      case 1:
        guard station.rawValue != 0, !station.isMulticast else { continue }
        table.learn(
          address, at: station, by: .announcement, creates: true, link: link,
          now: Instant(nanoseconds: UInt64(step)))
        model[address] = station
      default:
        check(table.station(of: address, now: Instant(nanoseconds: UInt64(step))) == model[address])
      }
      check(table.count == model.count)
    }
    var found: [IPAddress: MACAddress] = [:]
    table.forEach { found[$0] = $1 }
    check(found == model)
  }
}

@Suite struct ARPTests {
  private let request = hex(
    "0001 0800 06 04 0001 525400000001 0a000001 000000000000 0a000002")
  private let own = MACAddress(0x5254_0000_0001)
  private let other = MACAddress(0x5254_0000_0002)

  private func bytes(_ message: ARPMessage) -> [UInt8] {
    var bytes = [UInt8](repeating: 0xee, count: 28)
    var elements = bytes.mutableSpan
    var span = MutableRawSpan(_elements: &elements)
    message.store(in: &span)
    return span.bytes.array
  }

  private func parse(_ bytes: [UInt8]) -> ARPMessage? {
    ARPMessage(parsing: RawSpan(_elements: bytes.span))
  }

  @Test func aRequestAndItsReply() throws {
    let message = try #require(parse(request + [0, 0, 0]))
    check(message == .request(for: v4("10.0.0.2"), from: v4("10.0.0.1"), own))
    check(bytes(message) == request)
    check(
      bytes(message.reply(from: other))
        == hex("0001 0800 06 04 0002 525400000002 0a000002 525400000001 0a000001"))
    check(
      bytes(.probe(for: v4("10.0.0.7"), from: own))
        == hex("0001 0800 06 04 0001 525400000001 00000000 000000000000 0a000007"))
  }

  @Test func whatIsMalformedIsRefused() {
    check(parse(Array(request[..<27])) == nil)
    for (offset, value): (Int, UInt8) in [
      (1, 2), (2, 0x86), (4, 8), (5, 16), (7, 3), (7, 0), (8, 1), (14, 224), (14, 127), (14, 255),
    ] {
      var bytes = request
      bytes[offset] = value
      check(parse(bytes) == nil, "byte \(offset)")
    }
  }

  @Test func fuzzMessages() {
    let seed = fuzz(times: 2000) { random in
      guard let message = parse(random.mutate(request)) else { return }
      precondition(parse(bytes(message)) == message)
    }
    check(seed != 0)
  }

  /// RFC 5227 section 2.1.1.
  @Test func anAddressIsProbedForAndAnnounced() {
    var defense = AddressDefense(
      v4("10.0.0.1"), station: own, isOptimistic: false, random: 500_000_000, now: time(0))
    var steps: [AddressDefense.Step] = []
    while defense.nextDeadline != .never {
      check(defense.isUsable == steps.contains(.announce))
      steps.append(defense.advance(to: defense.nextDeadline, random: 0))
    }
    check(steps == [.probe, .probe, .probe, .announce, .announce])
  }

  @Test(arguments: [true, false])
  func aRivalDuringProbingWins(isProbe: Bool) {
    var defense = AddressDefense(
      v4("10.0.0.1"), station: own, isOptimistic: false, random: 0, now: time(0))
    check(defense.advance(to: time(0), random: 0) == .probe)
    let message =
      isProbe
      ? ARPMessage.probe(for: v4("10.0.0.1"), from: other)
      : ARPMessage.announcement(of: v4("10.0.0.1"), other)
    check(defense.receive(message, now: time(0.1)) == .lost && defense.isLost)
    check(defense.nextDeadline == .never && !defense.isUsable)
  }

  /// RFC 5227 section 2.4 (b).
  @Test func anAddressIsDefendedOnceInTenSeconds() {
    var defense = AddressDefense(
      v4("10.0.0.1"), station: own, isOptimistic: true, random: 0, now: time(0))
    check(defense.advance(to: time(0), random: 0) == .announce && defense.isUsable)
    let rival = ARPMessage.announcement(of: v4("10.0.0.1"), other)
    check(defense.receive(.announcement(of: v4("10.0.0.1"), own), now: time(1)) == .none)
    check(defense.receive(.probe(for: v4("10.0.0.1"), from: other), now: time(1)) == .none)
    check(defense.receive(rival, now: time(1)) == .announce)
    check(defense.receive(rival, now: time(12)) == .announce)
    check(defense.receive(rival, now: time(13)) == .lost)
  }
}
