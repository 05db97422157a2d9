// SPDX-License-Identifier: BSD-3-Clause

import Base
import Packets
import Testing

@testable import TCP

/// The retransmission timer and its limits (RFC 6298, RFC 9293 sections 3.8.1 to 3.8.3).
@Suite struct RetransmissionTests {
  @Test func theEstimateFollowsTheRules() {
    var time = RoundTripTime()
    #expect(time.timeout == Nanoseconds(seconds: 1), "RFC 6298 section 2.1")
    time.measured(.milliseconds(100))
    #expect(time.smoothed == .milliseconds(100))
    #expect(time.variation == .milliseconds(50), "section 2.2")
    #expect(time.timeout == .milliseconds(300))
    time.measured(.milliseconds(180))
    // RTTVAR = 3/4 * 50 + 1/4 * 80, SRTT = 7/8 * 100 + 1/8 * 180 (section 2.3).
    #expect(time.variation == Nanoseconds(57_500_000))
    #expect(time.smoothed == .milliseconds(110))
    #expect(time.timeout == .milliseconds(340))
    time.backOff()
    time.backOff()
    #expect(time.timeout == .milliseconds(1360), "section 5.5")
    for _ in 0..<40 { time.backOff() }
    #expect(time.timeout == Nanoseconds(seconds: 120), "section 2.5")
    time.measured(.milliseconds(110))
    #expect(time.timeout < .milliseconds(340))
    for _ in 0..<200 { time.measured(Nanoseconds(1000)) }
    #expect(time.timeout == .milliseconds(200), "Linux's least")
    #expect(time.minimum == Nanoseconds(1000))
  }

  @Test func lostDataComesAgainEverMoreSlowly() throws {
    let script = Script()
    let connection = try script.accepted()
    try script.write(connection, 10)
    script.expect(.ack, seq: 1, count: 10)
    var spans: [Int] = []
    for _ in 0..<6 {
      spans.append(try #require(script.millisecondsUntilSent()))
      script.expect(.ack, seq: 1, count: 10)
    }
    #expect(spans == [200, 400, 800, 1600, 3200, 6400], "MUST-19, RFC 6298 section 5.5")
    script.inject(.ack, ack: 11)
    try script.write(connection, 10, from: 11)
    script.expect(.ack, seq: 11, count: 10)
    script.advance(milliseconds: 50)
    script.inject(.ack, ack: 21)
    try script.write(connection, 10, from: 21)
    script.expect(.ack, seq: 21, count: 10)
    #expect(script.millisecondsUntilSent() == 200, "MUST-18: until the next measurement")
  }

  @Test func whatWasSentTwiceIsNotMeasured() throws {
    let script = Script()
    let connection = try script.accepted()
    let before = connection.information.smoothedRoundTrip
    try script.write(connection, 10)
    script.expect(.ack, count: 10)
    #expect(script.millisecondsUntilSent() == 200)
    script.expect(.ack, count: 10)
    script.advance(milliseconds: 1)
    script.inject(.ack, ack: 11)
    #expect(connection.information.smoothedRoundTrip == before, "MUST-18, section 3.8.1")
    // The next one is.
    try script.write(connection, 10, from: 11)
    script.advance(milliseconds: 80)
    script.inject(.ack, ack: 21)
    #expect(connection.information.smoothedRoundTrip > .milliseconds(9))
  }

  @Test func aTimeoutBeginsAgainWithOneSegment() throws {
    let script = Script()
    let connection = try script.accepted()
    try script.write(connection, 8000)
    #expect(script.drain().count == 8)
    _ = script.millisecondsUntilSent()
    script.expect(.ack, seq: 1, count: 1000)
    script.expectNothing("RFC 5681 section 3.1: one segment")
    #expect(connection.information.congestionWindow == 1000)
    script.inject(.ack, ack: 1001)
    // Slow start: two for one.
    #expect(script.drain().map { $0.header.sequence - script.base } == [1001, 2001])
    script.inject(.ack, ack: 8001)
    #expect(connection.information.outstanding == 0)
  }

  @Test func afterTooManyTriesTheConnectionEnds() throws {
    let script = Script()
    let connection = try script.accepted()
    let witness = Witness()
    connection.observer = witness
    try script.write(connection, 10)
    let begin = script.now
    while script.millisecondsUntilSent() != nil { script.drain() }
    #expect(connection.state == .closed, "MUST-20, section 3.8.3")
    #expect(script.now - begin >= Nanoseconds(seconds: 100), "SHLD-11: R2")
    #expect(connection.takeError() == .timedOut)
    #expect(witness.take().contains(.failed), "MUST-47")
    #expect(script.tcp.counters.retransmitted >= 15, "SHLD-10: R1 is long past")
  }

  @Test func programsSetHowLongTheyWait() throws {
    let script = Script()
    let connection = try script.accepted()
    connection.setUserTimeout(Nanoseconds(seconds: 5))
    try script.write(connection, 10)
    let begin = script.now
    while script.millisecondsUntilSent(limit: 300) != nil, connection.state != .closed {
      script.drain()
    }
    #expect(connection.takeError() == .timedOut, "MUST-21, section 3.8.3")
    #expect(script.now - begin < Nanoseconds(seconds: 320))
    script.expectNothing()
  }

  @Test func aSynchronizeComesAgainForThreeMinutes() throws {
    let script = Script()
    let connection = try script.connect()
    script.expect(.syn)
    let begin = script.now
    var spans: [Int] = []
    while connection.state != .closed {
      if let span = script.millisecondsUntilSent(limit: 1) { spans.append(span) }
      guard spans.count < 20, script.now - begin < Nanoseconds(seconds: 1000) else { break }
      script.drain()
    }
    #expect(connection.takeError() == .timedOut, "MUST-22")
    #expect(script.now - begin >= Nanoseconds(seconds: 180), "MUST-23, section 3.8.3")
    #expect(spans.count == 7)
    script.expectNoDeadline()
  }

  @Test func aLostSynchronizeMakesTheSenderCareful() throws {
    let script = Script()
    let connection = try script.connect()
    script.expect(.syn)
    #expect(script.millisecondsUntilSent() == 1000)
    script.expect(.syn)
    script.inject([.syn, .ack], seq: 0, ack: 1)
    script.expect(.ack)
    try script.write(connection, 5000)
    #expect(script.drain().count == 1, "RFC 5681 section 3.1")
    #expect(script.millisecondsUntilSent() == 3000, "RFC 6298 section 5.7")
  }

  @Test func theTimerBeginsAgainWithProgress() throws {
    let script = Script()
    let connection = try script.accepted()
    try script.write(connection, 3000)
    script.drain()
    script.advance(milliseconds: 150)
    script.inject(.ack, ack: 1001)
    #expect(script.millisecondsUntilSent().map { $0 >= 200 } == true, "RFC 6298 section 5.3")
    script.expect(.ack, seq: 1001, count: 1000)
    script.inject(.ack, ack: 3001)
    #expect(script.millisecondsUntilSent() == nil, "section 5.2")
  }

  @Test func timestampsMeasureDuringRepair() throws {
    let script = Script()
    let connection = try script.accepted {
      $0.hasTimestamps = true
      $0.timestamp = 500
    }
    try script.write(connection, 3000)
    script.drain()
    _ = script.millisecondsUntilSent()
    let again = try #require(script.expect(.ack, seq: 1, count: 988))
    let stamp = again.header.options.timestamp
    script.advance(milliseconds: 70)
    script.inject(.ack, ack: 989) {
      $0.options.hasTimestamps = true
      $0.options.timestamp = 600
      $0.options.timestampEcho = stamp
    }
    #expect(connection.information.smoothedRoundTrip > .milliseconds(5), "RFC 7323 section 4.1")
    #expect(connection.information.timeoutCount == 0)
  }

  @Test func theBackOffStaysUntilSomethingIsMeasured() throws {
    let script = Script()
    let connection = try script.accepted()
    try script.write(connection, 10)
    script.drain()
    for _ in 0..<4 {
      _ = script.millisecondsUntilSent()
      script.drain()
    }
    script.inject(.ack, ack: 11)
    try script.write(connection, 10, from: 11)
    script.expect(.ack, seq: 11, count: 10)
    #expect(script.millisecondsUntilSent() == 3200, "RFC 6298 section 5, Karn")
  }

  @Test func anEchoFromBeforeTheRepairIsNoRoundTrip() throws {
    let script = Script()
    let connection = try script.accepted {
      $0.hasTimestamps = true
      $0.timestamp = 500
    }
    let before = connection.information.smoothedRoundTrip
    try script.write(connection, 10)
    let first = try #require(script.expect(.ack, count: 10))
    for _ in 0..<5 {
      _ = script.millisecondsUntilSent()
      script.drain()
    }
    script.advance(milliseconds: 20)
    // It had come at once, but five acknowledgements were lost.
    script.inject(.ack, ack: 11) {
      $0.options.hasTimestamps = true
      $0.options.timestamp = 501
      $0.options.timestampEcho = first.header.options.timestamp
    }
    #expect(connection.information.smoothedRoundTrip == before)
  }

  @Test func aShortageOfBuffersIsNoLoss() throws {
    let script = Script(bufferCount: 128)
    let connection = try script.accepted()
    try script.write(connection, 4000)
    #expect(script.drain().count == 4)
    // The device gives nothing back.
    var taken = PacketQueue()
    while let packet = script.host.pool.allocate() { taken.append(packet) }
    try connection.shutdownSending(now: script.now)
    script.expectNothing("no buffer for the FIN")
    script.advance(milliseconds: 2000)
    #expect(connection.state == .finWait1)
    #expect(connection.information.timeoutCount == 3)
    #expect(script.tcp.counters.noBuffers > 5)
    script.drain()
    taken.removeAll()
    script.inject(.ack, ack: 4001)
    #expect(script.drain().last?.header.flags.contains(.fin) == true)
    script.inject(.ack, ack: 4002)
    #expect(connection.state == .finWait2)
  }
}
