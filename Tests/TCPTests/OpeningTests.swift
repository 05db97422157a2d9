// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Testing

@testable import TCP

/// How connections begin (RFC 9293 sections 3.4.1, 3.5, 3.9.1.1, 3.9.2.3; RFC 6528).
@Suite struct OpeningTests {
  @Test func sequenceNumbersBeginWithAClockAndASecret() {
    let one = ConnectionTuple(
      local: Endpoint(.v4(IPv4Address(10, 0, 0, 1)), 80),
      remote: Endpoint(.v4(IPv4Address(10, 0, 0, 2)), 4000))
    let two = ConnectionTuple(local: one.local, remote: Endpoint(one.remote.address, 4001))
    let key = SipKey(low: 1, high: 2)
    let start = Instant(nanoseconds: 5_000_000_000)
    let later = start + .milliseconds(100)
    let number = InitialSequence.number(for: one, key: key, now: start)
    // About 4 microseconds for each number.
    let gone = InitialSequence.number(for: one, key: key, now: later) - number
    #expect((24_000...26_000).contains(gone), "MUST-8, section 3.4.1")
    #expect(InitialSequence.number(for: one, key: key, now: start) == number)
    let others = [
      InitialSequence.number(for: two, key: key, now: start),
      InitialSequence.number(for: one, key: SipKey(low: 1, high: 3), now: start),
    ]
    for other in others {
      #expect(abs(other - number) > 1_000_000, "MUST-9: nobody outside can compute it")
    }
  }

  @Test func bothSidesMayOpenAtOnce() throws {
    let script = Script()
    let connection = try script.connect()
    script.expect(.syn, seq: 0)
    script.inject(.syn, seq: 0) { $0.options.maximumSegmentSize = 1000 }
    script.expect([.syn, .ack], seq: 0, ack: 1, "MUST-10, section 3.5 figure 7")
    #expect(connection.state == .synReceived)
    script.inject([.syn, .ack], seq: 0, ack: 1)
    #expect(connection.state == .established)
    script.expect(.ack, seq: 1, ack: 1)
    script.inject(.ack, count: 4)
    #expect(try script.read(connection) == Script.data(4))
  }

  @Test func aSimultaneousOpenSurvivesLosses() throws {
    let script = Script()
    let connection = try script.connect()
    script.expect(.syn)
    script.inject(.syn, seq: 0)
    script.expect([.syn, .ack], seq: 0)
    // The answer was lost on the way there, and the other side sends its SYN again.
    script.inject(.syn, seq: 0)
    script.expect([.syn, .ack], seq: 0, ack: 1)
    // Or nothing comes.
    #expect(script.millisecondsUntilSent() == 1000)
    script.expect([.syn, .ack], seq: 0, ack: 1)
    script.inject(.ack, seq: 1, ack: 1)
    #expect(connection.state == .established)
    script.expectNothing()
  }

  @Test func aResetSendsAPassiveOpenBackToListening() throws {
    let script = Script()
    let listener = try script.listen()
    script.inject(.syn, seq: 0)
    script.expect([.syn, .ack])
    script.inject(.rst, seq: 1)
    script.expectNothing()
    #expect(script.tcp.connectionCount == 0, "MUST-11, section 3.5")
    #expect(!listener.isReadable)
    _ = try script.accept(from: listener)
  }

  @Test func aResetEndsAnActiveOpen() throws {
    let script = Script()
    let connection = try script.connect()
    let witness = Witness()
    connection.observer = witness
    script.expect(.syn)
    // Not ours: section 3.10.7.3.
    script.inject([.rst, .ack], seq: 0, ack: 0)
    script.inject([.rst, .ack], seq: 0, ack: 2)
    script.inject(.rst, seq: 0)
    #expect(connection.state == .synSent)
    script.inject([.rst, .ack], seq: 0, ack: 1)
    #expect(connection.state == .closed)
    #expect(witness.take().isSuperset(of: [.failed, .writable, .readable, .closed]))
    #expect(connection.takeError() == .refused)
    #expect(connection.takeError() == nil)
  }

  @Test func aResetEndsAnActiveOpenThatCrossedAnother() throws {
    let script = Script()
    let connection = try script.connect()
    script.expect(.syn)
    script.inject(.syn, seq: 0)
    script.expect([.syn, .ack])
    script.inject(.rst, seq: 1)
    #expect(connection.takeError() == .refused, "MUST-11: it was active")
  }

  @Test func aWrongAcknowledgementOfASynchronizeIsReset() throws {
    let script = Script()
    let connection = try script.connect()
    script.expect(.syn)
    script.inject([.syn, .ack], seq: 0, ack: 5)
    script.expect(.rst, seq: 5, "section 3.10.7.3")
    #expect(connection.state == .synSent)
    script.inject([.syn, .ack], seq: 0, ack: 1)
    #expect(connection.state == .established)
  }

  @Test func severalConnectionsShareAPort() throws {
    let script = Script()
    let listener = try script.listen()
    let first = try script.accept(from: listener)
    script.remote = Endpoint(script.remote.address, 4001)
    let second = try script.accept(from: listener)
    script.inject(.ack, count: 7)
    #expect(first.readableByteCount == 0, "MUST-41, MUST-42, section 3.9.1.1")
    #expect(second.readableByteCount == 7, "MUST-42")
    // Another listener and an active open beside them.
    script.localPort = 81
    let other = try script.accept(from: try script.listen())
    let active = try script.connect()
    #expect(Set([first.tuple, second.tuple, other.tuple, active.tuple]).count == 4, "MUST-41")
    #expect(throws: TCPError.addressInUse) {
      _ = try script.tcp.bind(Endpoint(.v6(.any), 80))
    }
  }

  @Test func theSourceIsAskedForOrGiven() throws {
    let script = Script()
    let asked = try script.connect()
    #expect(asked.tuple.local.address == script.host.address, "MUST-44, section 3.9.1.1")
    #expect(script.expect(.syn)?.source == script.host.address, "MUST-45")
    let other = IPAddress.v4(IPv4Address(10, 0, 0, 9))
    let given = try script.connect(from: Endpoint(other, 5000))
    #expect(given.tuple.local == Endpoint(other, 5000), "MUST-43")
    #expect(script.expect(.syn)?.source == other, "MUST-45")
    script.host.isReachable = false
    #expect(throws: TCPError.unreachable) { _ = try script.connect() }
  }

  @Test(arguments: [IPv4Address(224, 0, 0, 1), IPv4Address(255, 255, 255, 255)])
  func groupsAreNoPartners(_ group: IPv4Address) throws {
    let script = Script()
    let listener = try script.listen()
    #expect(throws: TCPError.invalid, "MUST-46, section 3.9.2.3") {
      _ = try script.tcp.connect(to: Endpoint(.v4(group), 80), now: script.now)
    }
    script.inject(.syn, seq: 0, to: .v4(group))
    script.expectNothing("MUST-57: in silence")
    script.remote = Endpoint(.v4(group), 4000)
    script.inject(.syn, seq: 0)
    script.expectNothing("MUST-63")
    script.localPort = 9
    script.inject(.syn, seq: 0)
    script.expectNothing("MUST-57: no reset either")
    #expect(script.tcp.connectionCount == 0 && !listener.isReadable)
  }

  @Test func nobodyThereIsAnsweredWithAReset() {
    let script = Script()
    script.inject(.syn, seq: 0)
    script.expect([.rst, .ack], ack: 1, "section 3.5.2 group 1")
    script.inject(.ack, seq: 5, ack: 77, count: 3)
    script.expect(.rst, seq: 77)
    script.inject([.ack, .rst], seq: 5, ack: 77)
    script.expectNothing()
  }

  @Test func anAnswerThatWasLostComesAgain() throws {
    let script = Script()
    let listener = try script.listen()
    script.inject(.syn, seq: 0)
    script.expect([.syn, .ack], seq: 0, ack: 1)
    var spans: [Int] = []
    while let span = script.millisecondsUntilSent() {
      spans.append(span)
      script.expect([.syn, .ack], seq: 0, ack: 1)
    }
    #expect(spans == [1000, 2000, 4000, 8000, 16000])
    #expect(script.tcp.connectionCount == 0)
    #expect(!listener.isReadable)
  }

  @Test func theHandshakesLastAcknowledgementMayBeLost() throws {
    let script = Script()
    let listener = try script.listen()
    script.inject(.syn, seq: 0)
    script.expect([.syn, .ack])
    script.inject([.ack, .psh], seq: 1, ack: 1, count: 10)
    let connection = try #require(listener.accept())
    #expect(connection.readableByteCount == 10)
  }

  @Test func aHalfOpenConnectionAnswersWhatIsWrong() throws {
    let script = Script()
    let listener = try script.listen()
    script.inject(.syn, seq: 0)
    script.expect([.syn, .ack])
    script.inject(.ack, seq: 1, ack: 9)
    script.expect(.rst, seq: 9, "section 3.10.7.4, fifth check")
    script.inject(.ack, seq: 70_000, ack: 1)
    script.expect(.ack, seq: 1, ack: 1, "section 3.10.7.4, first check")
    script.advance(milliseconds: 600)
    script.inject(.rst, seq: 50)
    script.expect(.ack, seq: 1, ack: 1, "RFC 5961 section 3.2")
    script.inject(.ack, seq: 1, ack: 1)
    #expect(listener.isReadable)
  }

  @Test func theRoundTripOfTheHandshakeIsMeasured() throws {
    let script = Script()
    let listener = try script.listen()
    script.inject(.syn, seq: 0)
    script.expect([.syn, .ack])
    script.advance(milliseconds: 30)
    script.inject(.ack)
    let connection = try #require(listener.accept())
    #expect(connection.information.smoothedRoundTrip == .milliseconds(30))
    #expect(connection.information.timeout == .milliseconds(200))
  }
}
