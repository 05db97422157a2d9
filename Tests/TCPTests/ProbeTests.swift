// SPDX-License-Identifier: BSD-3-Clause

import Base
import Testing

@testable import TCP

/// Closed windows (RFC 9293 section 3.8.6.1), from both sides.
@Suite struct ProbeTests {
  @Test func aProbeThatFoundNoRoomComesAgainWhenTheWindowOpens() throws {
    let script = Script()
    let connection = try script.accepted(window: 0)
    try script.write(connection, 1)
    script.expectNothing()
    #expect(script.millisecondsUntilSent() == 200, "MUST-36, SHLD-29")
    script.expect(.ack, seq: 1, ack: 1, count: 1)
    script.inject(.ack, ack: 1, window: 0)
    script.inject(.ack, ack: 1, window: 5000)
    script.expect(.ack, seq: 1, count: 1, "the byte was thrown away")
    script.inject(.ack, ack: 2, window: 5000)
    #expect(connection.unacknowledgedByteCount == 0)
    #expect(script.millisecondsUntilSent() == nil)
  }

  @Test func probesBackOffAndGoOnAsLongAsTheyAreAnswered() throws {
    let script = Script()
    let connection = try script.accepted(options: .atOnce, window: 0)
    try script.write(connection, 3000)
    var spans: [Int] = []
    for _ in 0..<40 {
      spans.append(try #require(script.millisecondsUntilSent()))
      script.expect(.ack, seq: 1, count: 1)
      script.inject(.ack, ack: 1, window: 0)
    }
    #expect(spans[0...4] == [200, 400, 800, 1600, 3200], "SHLD-30")
    #expect(spans.last == 120_000)
    #expect(connection.state == .established, "MUST-37")
    // The long back-off is over with the closed window.
    script.inject(.ack, ack: 1, window: 5000)
    #expect(script.drain().reduce(0) { $0 + $1.payload.count } == 3000)
    #expect(try #require(script.millisecondsUntilSent()) <= 1000)
  }

  @Test func aClosedWindowOfAnOrphanIsNotWaitedForForEver() throws {
    let script = Script()
    let connection = try script.accepted(window: 0)
    try script.write(connection, 3000)
    connection.close(now: script.now)
    var count = 0
    while script.millisecondsUntilSent() != nil {
      script.drain()
      count += 1
      script.inject(.ack, ack: 1, window: 0)
      if count > 100 { break }
    }
    #expect(connection.state == .closed)
    #expect(count < 20)
    #expect(script.tcp.connectionCount == 0)
  }

  @Test func unansweredProbesEndTheConnection() throws {
    let script = Script()
    let connection = try script.accepted(window: 0)
    let witness = Witness()
    connection.observer = witness
    try script.write(connection, 10)
    script.advance(seconds: 3000)
    #expect(connection.state == .closed)
    #expect(witness.take().isSuperset(of: [.failed, .closed, .readable, .writable]))
    #expect(connection.takeError() == .timedOut)
  }

  @Test func theWindowOpensWithDataOfTheOtherSide() throws {
    let script = Script()
    let connection = try script.accepted(options: .atOnce, window: 0)
    try script.write(connection, 3000)
    _ = script.millisecondsUntilSent()
    script.expect(.ack, seq: 1, count: 1)
    script.inject(.ack, ack: 1, count: 10, window: 5000)
    #expect(script.drain().reduce(0) { $0 + $1.payload.count } >= 3000)
  }

  @Test func aFinishAloneIsProbedWith() throws {
    let script = Script()
    let connection = try script.accepted(window: 0)
    try connection.shutdownSending(now: script.now)
    script.expectNothing()
    #expect(script.millisecondsUntilSent() == 200)
    script.expect([.fin, .ack], seq: 1)
    script.inject(.ack, ack: 1, window: 0)
    script.inject(.ack, ack: 1, window: 100)
    script.expect([.fin, .ack], seq: 1)
    script.inject(.ack, ack: 2, window: 100)
    #expect(connection.state == .finWait2)
  }

  @Test func aClosedWindowOpensWhenTheProgramReads() throws {
    var configuration = TCPConfiguration()
    configuration.receiveBuffer = 4000
    let script = Script(configuration)
    let connection = try script.accepted()
    for index in 0..<4 { script.inject(.ack, seq: 1 + index * 1000, count: 1000) }
    #expect(script.drain().last?.header.window == 0)
    // MUST-66 and the answer to probes.
    script.inject(.ack, seq: 4001, count: 1)
    script.expect(.ack, ack: 4001, window: 0)
    #expect(try script.read(connection, 500)?.count == 500)
    script.expectNothing("MUST-39: no silly window")
    #expect(try script.read(connection, 3500) == Script.data(3500, from: 501))
    script.expect(.ack, ack: 4001, window: 4000)
  }

  @Test func urgencyAndResetsAreSeenThroughAClosedWindow() throws {
    var configuration = TCPConfiguration()
    configuration.receiveBuffer = 2048
    let script = Script(configuration)
    let connection = try script.accepted()
    script.inject(.ack, seq: 1, count: 1024)
    script.inject(.ack, seq: 1025, count: 1024)
    #expect(script.drain().last?.header.window == 0)
    script.inject([.ack, .urg], seq: 2049, count: 1, urgent: 1)
    #expect(connection.hasUrgent, "MUST-66")
    script.drain()
    script.inject(.rst, seq: 2049)
    #expect(connection.state == .closed, "MUST-66")
  }
}
