// SPDX-License-Identifier: BSD-3-Clause

import Base
import Testing

@testable import TCP

/// Keep-alives (RFC 9293 section 3.8.4).
@Suite struct KeepAliveTests {
  private func options(idle: Int64 = 60, interval: Int64 = 10, count: Int = 3) -> ConnectionOptions
  {
    var options = ConnectionOptions()
    options.keepsAlive = true
    options.keepIdle = Nanoseconds(seconds: idle)
    options.keepInterval = Nanoseconds(seconds: interval)
    options.keepCount = count
    return options
  }

  @Test func nothingIsSentUnlessAskedFor() throws {
    let script = Script()
    let connection = try script.accepted()
    #expect(script.millisecondsUntilSent(limit: 100_000) == nil, "MUST-25")
    var options = ConnectionOptions()
    #expect(options.keepIdle == Nanoseconds(seconds: 7200), "MUST-28")
    options.keepsAlive = true
    connection.setKeepAlive(true, now: script.now)
    script.advance(milliseconds: 100)
    script.drain()
    connection.setKeepAlive(false, now: script.now)
    #expect(script.millisecondsUntilSent(limit: 100_000) == nil, "MUST-24: and off again")
  }

  @Test func aQuietConnectionIsAskedWhetherItLives() throws {
    let script = Script()
    let connection = try script.accepted(options: options())
    #expect(script.millisecondsUntilSent() == 60_000, "MUST-24, MUST-27")
    script.expect(.ack, seq: 0, ack: 1, count: 0, "SHLD-12: no data")
    script.inject(.ack, ack: 1)
    #expect(script.millisecondsUntilSent() == 60_000, "MUST-26: idle for the whole time")
    script.expect(.ack, seq: 0)
    // The default's time when nothing else was set.
    let slow = Script()
    var plain = ConnectionOptions()
    plain.keepsAlive = true
    _ = try slow.accepted(options: plain)
    #expect(slow.millisecondsUntilSent(limit: 10_000) == 7_200_000, "MUST-28")
    _ = connection
  }

  @Test func lostAnswersAreTolerated() throws {
    let script = Script()
    let connection = try script.accepted(options: options())
    #expect(script.millisecondsUntilSent() == 60_000)
    script.expect(.ack, seq: 0)
    #expect(script.millisecondsUntilSent() == 10_000)
    script.expect(.ack, seq: 0)
    #expect(connection.state == .established, "MUST-29")
    script.inject(.ack, ack: 1)
    #expect(script.millisecondsUntilSent() == 60_000)
    #expect(connection.state == .established)
  }

  @Test func whoNeverAnswersIsGivenUp() throws {
    let script = Script()
    let connection = try script.accepted(options: options())
    let witness = Witness()
    connection.observer = witness
    for _ in 0..<3 {
      _ = script.millisecondsUntilSent()
      script.expect(.ack, seq: 0)
    }
    #expect(script.millisecondsUntilSent() == 10_000)
    script.expect([.rst, .ack], seq: 1)
    #expect(connection.takeError() == .timedOut)
    #expect(witness.take().contains(.failed))
    script.expectNoDeadline()
  }

  @Test func outstandingDataHasATimerOfItsOwn() throws {
    let script = Script()
    let connection = try script.accepted(options: options(idle: 1, interval: 1))
    try script.write(connection, 10)
    for _ in 0..<8 {
      _ = script.millisecondsUntilSent()
      script.expect(.ack, seq: 1, count: 10, "MUST-26: not while something is outstanding")
    }
    script.inject(.ack, ack: 11)
    #expect(script.millisecondsUntilSent() == 1000)
    script.expect(.ack, seq: 10)
  }

  @Test func trafficPutsItOff() throws {
    let script = Script()
    let connection = try script.accepted(options: options())
    for index in 0..<5 {
      script.advance(seconds: 50)
      script.inject(.ack, seq: 1 + index, count: 1)
      script.advance(milliseconds: 100)
      script.expect(.ack, seq: 1, ack: 2 + index)
    }
    script.expectNothing("MUST-26: data came")
    connection.setKeepAlive(idle: Nanoseconds(seconds: 5), now: script.now)
    #expect(try #require(script.millisecondsUntilSent()) <= 5000, "MUST-27")
  }
}
