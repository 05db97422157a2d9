// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Testing

@testable import TCP

/// How connections end (RFC 9293 sections 3.6, 3.10.4 to 3.10.7), and what programs see of it on
/// Linux.
@Suite struct ClosingTests {
  @Test func programsLearnOfAResetOnceThenOfTheEnd() throws {
    let script = Script()
    let connection = try script.accepted()
    let witness = Witness()
    connection.observer = witness
    script.inject(.ack, count: 5)
    script.inject(.rst, seq: 6)
    #expect(
      witness.take().isSuperset(of: [.failed, .closed, .peerEnded, .readable, .writable]),
      "MUST-12, section 3.6")
    #expect(connection.isReadable && connection.isWritable && connection.isHungUp)
    #expect(connection.hasFailed)
    // What had come is still there, then the error, then the end.
    #expect(try script.read(connection) == Script.data(5))
    #expect(throws: TCPError.reset) { try script.read(connection) }
    #expect(try script.read(connection) == nil)
    #expect(throws: TCPError.sendingEnded) { try script.write(connection, 1) }
    #expect(script.tcp.connectionCount == 0)
  }

  @Test func aWriteAfterAResetFailsWithItThenWithABrokenPipe() throws {
    let script = Script()
    let connection = try script.accepted()
    script.inject(.rst)
    #expect(throws: TCPError.reset) { try script.write(connection, 1) }
    #expect(throws: TCPError.sendingEnded) { try script.write(connection, 1) }
  }

  @Test func aResetAfterTheOtherSidesEndIsABrokenPipe() throws {
    let script = Script()
    let connection = try script.accepted()
    script.inject([.fin, .ack])
    script.drain()
    script.inject(.rst, seq: 2)
    #expect(connection.takeError() == .sendingEnded, "tcp_reset in CLOSE_WAIT")
  }

  @Test func timeWaitLastsTwiceTheLifetimeOfSegments() throws {
    let script = Script()
    let connection = try script.accepted()
    connection.close(now: script.now)
    script.expect([.fin, .ack], seq: 1, ack: 1)
    script.inject(.ack, ack: 2)
    script.inject([.fin, .ack])
    script.expect(.ack, seq: 2, ack: 2)
    #expect(connection.state == .timeWait)
    script.advance(seconds: 59)
    #expect(script.tcp.timeWaitCount == 1, "MUST-13, section 3.6.1")
    // The last acknowledgement was lost: the time begins again.
    script.inject([.fin, .ack])
    script.expect(.ack, seq: 2, ack: 2)
    script.advance(seconds: 59)
    #expect(script.tcp.timeWaitCount == 1, "section 3.10.7.4, eighth check")
    script.advance(seconds: 2)
    #expect(script.tcp.connectionCount == 0)
    script.expectNoDeadline()
    script.inject([.fin, .ack])
    script.expect(.rst, seq: 2)
  }

  @Test func timeWaitGivesWayToANewerConnection() throws {
    let script = Script()
    let listener = try script.listen()
    let connection = try script.accept(from: listener)
    connection.close(now: script.now)
    script.expect([.fin, .ack])
    script.inject([.fin, .ack], ack: 2)
    script.expect(.ack, seq: 2, ack: 2)
    #expect(script.tcp.timeWaitCount == 1)
    // An old duplicate SYN is answered with an acknowledgement.
    script.inject(.syn, seq: -5)
    script.expect(.ack, seq: 2, ack: 2)
    // A newer number is taken (MAY-2), and answered with a number above the old ones.
    let old = script.base
    script.inject(.syn, seq: 1000)
    let answer = try #require(script.expect([.syn, .ack], ack: 1001))
    #expect(answer.header.sequence - old > 2)
    script.inject(.ack, seq: 1001, ack: 1)
    #expect(listener.isReadable)
    #expect(script.tcp.timeWaitCount == 0)
  }

  @Test func timeWaitGivesWayToNewerTimestamps() throws {
    let script = Script()
    let listener = try script.listen()
    let connection = try script.accept(from: listener) {
      $0.hasTimestamps = true
      $0.timestamp = 1000
    }
    let stamp: (inout SegmentHeader, UInt32) -> Void = {
      $0.options.hasTimestamps = true
      $0.options.timestamp = $1
    }
    connection.close(now: script.now)
    script.expect([.fin, .ack])
    script.inject([.fin, .ack], ack: 2) { stamp(&$0, 1001) }
    script.expect(.ack)
    script.inject(.syn, seq: -50) { stamp(&$0, 1001) }
    script.expect(.ack, seq: 2, ack: 2, "not newer")
    script.inject(.syn, seq: -50) { stamp(&$0, 1002) }
    script.expect([.syn, .ack], ack: -49, "RFC 6191 section 2")
  }

  @Test func aPortInTimeWaitIsUsedAgainWhenTimestampsKeepThingsApart() throws {
    var configuration = TCPConfiguration()
    configuration.ephemeralPorts = 40_000...40_000
    let script = Script(configuration)
    for hasTimestamps in [true, false] {
      let connection = try script.connect()
      script.expect(.syn)
      script.inject([.syn, .ack], seq: 0, ack: 1) { $0.options.hasTimestamps = hasTimestamps }
      script.drain()
      connection.close(now: script.now)
      script.drain()
      script.inject([.fin, .ack], ack: 2) { $0.options.hasTimestamps = hasTimestamps }
      script.drain()
      #expect(connection.state == .timeWait)
      #expect(throws: TCPError.noPort) { _ = try script.connect() }
      script.advance(milliseconds: 1100)
      if !hasTimestamps { #expect(throws: TCPError.noPort) { _ = try script.connect() } }
    }
  }

  @Test func unreadDataMakesAnAbort() throws {
    let script = Script()
    let connection = try script.accepted()
    script.inject(.ack, count: 5)
    connection.close(now: script.now)
    script.expect([.rst, .ack], seq: 1, ack: 6, "RFC 2525 section 2.17")
    #expect(script.tcp.connectionCount == 0)
    #expect(script.tcp.receivedBytes == 0)
  }

  @Test func lingeringForNoTimeAborts() throws {
    let script = Script()
    var options = ConnectionOptions()
    options.abortsOnClose = true
    let connection = try script.accepted(options: options)
    try script.write(connection, 500)
    script.expect(.ack, count: 500)
    connection.close(now: script.now)
    script.expect([.rst, .ack], seq: 501)
    #expect(script.tcp.connectionCount == 0)
    script.expectNoDeadline()
  }

  @Test func dataForNobodyIsAnsweredWithAReset() throws {
    let script = Script()
    let connection = try script.accepted()
    connection.close(now: script.now)
    script.expect([.fin, .ack], seq: 1)
    script.inject(.ack, ack: 2)
    #expect(connection.state == .finWait2)
    script.inject(.ack, ack: 2, count: 10)
    script.expect([.rst, .ack], seq: 2)
    #expect(script.tcp.connectionCount == 0)
  }

  @Test func whatWasWrittenIsSentBeforeTheEnd() throws {
    let script = Script()
    let connection = try script.accepted()
    try script.write(connection, 1500)
    connection.close(now: script.now)
    script.expect(.ack, seq: 1, count: 1000)
    script.expect([.ack, .psh], seq: 1001, count: 500)
    script.expect([.fin, .ack], seq: 1501)
    script.inject(.ack, ack: 1502)
    #expect(connection.state == .finWait2)
  }

  @Test func halfClosedConnectionsGoOnTheOtherWay() throws {
    let script = Script()
    let connection = try script.accepted()
    let witness = Witness()
    connection.observer = witness
    try connection.shutdownSending(now: script.now)
    script.expect([.fin, .ack], seq: 1)
    #expect(throws: TCPError.sendingEnded) { try script.write(connection, 1) }
    script.inject(.ack, ack: 2)
    script.inject(.ack, ack: 2, count: 1000)
    script.inject([.ack, .fin], seq: 1001, ack: 2, count: 10)
    script.expect(.ack, ack: 1012)
    #expect(connection.state == .timeWait)
    #expect(witness.take().isSuperset(of: [.readable, .peerEnded, .closed]))
    #expect(try script.read(connection)?.count == 1010)
    #expect(try script.read(connection) == nil)
    connection.close(now: script.now)
    script.expectNothing()
  }

  @Test func theOtherSideMayHalfCloseFirst() throws {
    let script = Script()
    let connection = try script.accepted()
    script.inject([.ack, .fin], count: 3)
    script.expect(.ack, ack: 5)
    #expect(connection.state == .closeWait)
    #expect(connection.isReadable && connection.isPeerEnded && !connection.isHungUp)
    #expect(try script.read(connection) == Script.data(3))
    #expect(try script.read(connection) == nil)
    try script.write(connection, 100)
    script.expect(.ack, seq: 1, count: 100)
    connection.close(now: script.now)
    script.expect([.fin, .ack], seq: 101)
    #expect(connection.state == .lastAck)
    script.inject(.ack, seq: 5, ack: 102)
    #expect(connection.state == .closed)
    #expect(script.tcp.connectionCount == 0)
    script.expectNoDeadline()
  }

  @Test func bothSidesMayCloseAtOnce() throws {
    let script = Script()
    let connection = try script.accepted()
    connection.close(now: script.now)
    script.expect([.fin, .ack], seq: 1)
    script.inject([.fin, .ack], seq: 1, ack: 1)
    script.expect(.ack, seq: 2, ack: 2, "section 3.6 figure 13")
    #expect(connection.state == .closing)
    script.inject(.ack, seq: 2, ack: 2)
    #expect(connection.state == .timeWait)
  }

  @Test func aLostFinishComesAgain() throws {
    let script = Script()
    let connection = try script.accepted()
    try script.write(connection, 10)
    connection.close(now: script.now)
    script.drain()
    script.inject(.ack, ack: 11)
    #expect(script.millisecondsUntilSent() != nil)
    script.expect([.fin, .ack], seq: 11)
    script.inject([.fin, .ack], seq: 1, ack: 12)
    script.expect(.ack, seq: 12, ack: 2)
    #expect(connection.state == .timeWait)
  }

  @Test func aFinishThatOvertakesItsDataWaits() throws {
    let script = Script()
    let connection = try script.accepted()
    script.inject([.fin, .ack], seq: 1001, count: 5)
    script.expect(.ack, ack: 1)
    #expect(connection.state == .established)
    script.inject(.ack, seq: 1, count: 1000)
    script.expect(.ack, ack: 1007)
    #expect(connection.state == .closeWait)
    #expect(try script.read(connection)?.count == 1005)
    #expect(try script.read(connection) == nil)
  }

  @Test func anOrphanDoesNotWaitForTheOtherSidesEndForEver() throws {
    let script = Script()
    let connection = try script.accepted()
    connection.close(now: script.now)
    script.drain()
    script.inject(.ack, ack: 2)
    script.advance(seconds: 59)
    #expect(connection.state == .finWait2)
    script.advance(seconds: 2)
    #expect(connection.state == .closed, "tcp_fin_timeout")
    #expect(script.tcp.connectionCount == 0)
    script.expectNoDeadline()
  }

  @Test func whoHasNotClosedWaitsForTheOtherSidesEnd() throws {
    let script = Script()
    let connection = try script.accepted()
    try connection.shutdownSending(now: script.now)
    script.drain()
    script.inject(.ack, ack: 2)
    script.advance(seconds: 3600)
    #expect(connection.state == .finWait2)
    connection.close(now: script.now)
    script.advance(seconds: 61)
    #expect(script.tcp.connectionCount == 0)
  }

  @Test func anOrphanGivesUpSooner() throws {
    let script = Script()
    let connection = try script.accepted()
    try script.write(connection, 10)
    connection.close(now: script.now)
    script.advance(seconds: 150)
    #expect(connection.state == .closed, "tcp_orphan_retries")
    script.drain()
    script.expectNoDeadline()
    #expect(script.host.pool.freeCount == script.host.pool.bufferCount)
  }

  @Test func closingAListenerResetsWhatNobodyAccepted() throws {
    let script = Script()
    let listener = try script.listen()
    script.inject(.syn, seq: 0)
    script.expect([.syn, .ack])
    script.inject(.ack)
    script.remote = Endpoint(script.remote.address, 4001)
    script.inject(.syn, seq: 0)
    script.drain()
    #expect(script.tcp.connectionCount == 2)
    listener.close(now: script.now)
    script.expect([.rst, .ack])
    #expect(script.tcp.connectionCount == 0)
    script.expectNoDeadline()
    script.inject(.syn, seq: 0)
    script.expect([.rst, .ack])
  }

  @Test func nothingReadableAfterTheProgramStopsReading() throws {
    let script = Script()
    let connection = try script.accepted()
    let witness = Witness()
    connection.observer = witness
    connection.shutdownReceiving()
    #expect(witness.take().contains(.readable))
    #expect(try script.read(connection) == nil)
    #expect(connection.isReadable && connection.isPeerEnded)
    // Linux takes what comes all the same.
    script.inject(.ack, count: 3)
    #expect(try script.read(connection) == Script.data(3))
  }

  @Test func closingBeforeTheConnectionIsMadeForgetsIt() throws {
    let script = Script()
    let connection = try script.connect()
    script.expect(.syn)
    connection.close(now: script.now)
    script.expectNothing()
    #expect(script.tcp.connectionCount == 0)
    script.expectNoDeadline()
    script.inject([.syn, .ack], seq: 0, ack: 1)
    script.expect(.rst, seq: 1)
  }

  @Test func theOldestInTimeWaitGoesWhenThereAreTooMany() throws {
    var configuration = TCPConfiguration()
    configuration.timeWaitLimit = 10
    let script = Script(configuration)
    let listener = try script.listen()
    for port in 5000..<5025 as Range<UInt16> {
      script.remote = Endpoint(script.remote.address, port)
      let connection = try script.accept(from: listener)
      connection.close(now: script.now)
      script.inject([.fin, .ack], ack: 2)
      script.drain()
    }
    #expect(script.tcp.timeWaitCount == 10)
    #expect(script.tcp.connectionCount == 10)
    script.inject([.fin, .ack], ack: 2)
    script.expect(.ack, seq: 2)
    script.advance(seconds: 61)
    #expect(script.tcp.connectionCount == 0)
  }
}
