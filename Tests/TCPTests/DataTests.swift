// SPDX-License-Identifier: BSD-3-Clause

import Base
import Testing

@testable import TCP

/// Sending and receiving data (RFC 9293 sections 3.4, 3.7.4, 3.8.6, 3.9.1), without losses.
@Suite struct DataTests {
  // MARK: Sending

  @Test func smallSegmentsWaitForTheAcknowledgementOfTheOneBefore() throws {
    let script = Script()
    let connection = try script.accepted()
    try script.write(connection, 10)
    script.expect(.ack, seq: 1, count: 10)
    try script.write(connection, 20, from: 11)
    try script.write(connection, 30, from: 31)
    script.expectNothing("SHLD-7, section 3.7.4")
    script.inject(.ack, ack: 11)
    script.expect(.ack, seq: 11, count: 50)
    // A full segment waits for nobody.
    try script.write(connection, 1100, from: 61)
    script.expect(.ack, seq: 61, count: 1000)
    script.expectNothing()
    script.inject(.ack, ack: 1061)
    script.expect(.ack, seq: 1061, count: 100)
  }

  @Test func programsCanSwitchWaitingOff() throws {
    let script = Script()
    let connection = try script.accepted()
    try script.write(connection, 10)
    script.expect(.ack, count: 10)
    try script.write(connection, 20, from: 11)
    script.expectNothing()
    connection.setNoDelay(true, now: script.now)
    script.expect(.ack, seq: 11, count: 20, "MUST-17, section 3.7.4")
    try script.write(connection, 30, from: 31)
    script.expect(.ack, seq: 31, count: 30)
  }

  @Test func corksKeepSmallSegmentsBack() throws {
    let script = Script()
    let connection = try script.accepted(options: .atOnce)
    connection.setCorked(true, now: script.now)
    try script.write(connection, 1500)
    script.expect(.ack, seq: 1, count: 1000)
    try script.write(connection, 700, from: 1501)
    script.expect(.ack, seq: 1001, count: 1000)
    script.inject(.ack, ack: 2001)
    script.expectNothing()
    connection.setCorked(false, now: script.now)
    script.expect(.ack, seq: 2001, count: 200)
  }

  @Test func aCorkHoldsNoLongerThanItsTime() throws {
    let script = Script()
    let connection = try script.accepted()
    connection.setCorked(true, now: script.now)
    try script.write(connection, 100)
    #expect(script.millisecondsUntilSent() == 200, "tcp(7)")
    script.expect(.ack, seq: 1, count: 100)
    script.inject(.ack, ack: 101)
    try script.write(connection, 100, from: 101)
    #expect(script.millisecondsUntilSent() == 200, "corked still")
    script.expect(.ack, seq: 101, count: 100)
  }

  @Test func moreToComeIsWaitedForButNotForEver() throws {
    let script = Script()
    let connection = try script.accepted(options: .atOnce)
    try script.write(connection, 100, .more)
    script.expectNothing()
    try script.write(connection, 50, from: 101)
    script.expect(.ack, seq: 1, count: 150)
    script.inject(.ack, ack: 151)
    try script.write(connection, 10, from: 151, .more)
    #expect(script.millisecondsUntilSent() == 200, "MUST-60: not kept for ever")
    script.expect([.ack, .psh], seq: 151, count: 10)
  }

  @Test func theLastSegmentOfAWriteIsPushed() throws {
    let script = Script()
    let connection = try script.accepted()
    try script.write(connection, 2500)
    script.expect(.ack, seq: 1, count: 1000)
    script.expect(.ack, seq: 1001, count: 1000)
    script.expect([.ack, .psh], seq: 2001, count: 500, "MUST-61, section 3.9.1.2")
  }

  @Test func aSmallWindowIsNotFilledWithSillySegments() throws {
    let script = Script()
    let connection = try script.accepted(window: 4000)
    try script.write(connection, 6000)
    #expect(script.drain().map(\.payload.count) == [1000, 1000, 1000, 1000])
    // Room for a few bytes: less than a segment and less than half of the largest window.
    script.inject(.ack, ack: 4001, window: 300)
    script.expectNothing("MUST-38, section 3.8.6.2.1")
    script.inject(.ack, ack: 4001, window: 999)
    script.expectNothing()
    script.inject(.ack, ack: 4001, window: 1000)
    script.expect(.ack, seq: 4001, count: 1000)
  }

  @Test func aWindowThatIsSmallForEverIsUsed() throws {
    let script = Script()
    let connection = try script.accepted(window: 400)
    try script.write(connection, 1000)
    script.expect(.ack, seq: 1, count: 400, "at least half of the largest window")
    script.inject(.ack, ack: 401, window: 150)
    script.expectNothing()
    #expect(script.millisecondsUntilSent() != nil, "the override timeout")
    script.expect(.ack, seq: 401, count: 150)
    script.inject(.ack, ack: 551, window: 400)
    script.expect(.ack, seq: 551, count: 400)
  }

  @Test func aWindowThatShrinksDoesNoHarm() throws {
    let script = Script()
    let connection = try script.accepted(options: .atOnce, window: 5000)
    try script.write(connection, 8000)
    #expect(script.drain().count == 5)
    // The right edge moves back below what was sent.
    script.inject(.ack, ack: 1001, window: 1000)
    script.expectNothing("SHLD-15: no new data")
    #expect(connection.information.outstanding == 4000)
    script.inject(.ack, ack: 5001, window: 3000)
    #expect(script.drain().map(\.payload.count) == [1000, 1000, 1000], "MUST-34, section 3.8.6")
  }

  @Test func aWindowThatShrinksToNothingIsProbed() throws {
    let script = Script()
    let connection = try script.accepted(window: 5000)
    try script.write(connection, 5000)
    #expect(script.drain().count == 5)
    script.inject(.ack, ack: 1, window: 0)
    #expect(script.millisecondsUntilSent() != nil, "MUST-35")
    script.expect(.ack, seq: 1, count: 1)
    script.inject(.ack, ack: 1, window: 0)
    script.inject(.ack, ack: 1, window: 5000)
    #expect(script.drain().first?.header.sequence == script.base + 1)
    for _ in 0..<10 {
      script.inject(.ack, ack: 5001, window: 5000)
    }
    #expect(connection.unacknowledgedByteCount == 0, "MUST-34")
  }

  @Test func oldWindowsDoNotCount() throws {
    let script = Script()
    let connection = try script.accepted()
    script.inject(.ack, seq: 1, count: 10, window: 5000)
    #expect(connection.information.peerWindow == 5000)
    // Overtaken: an older number.
    script.inject(.ack, seq: 1, count: 5, window: 9000)
    #expect(connection.information.peerWindow == 5000, "section 3.10.7.4, SND.WL1")
    try script.write(connection, 10)
    script.inject(.ack, seq: 11, ack: 11, window: 6000)
    script.inject(.ack, seq: 11, ack: 1, window: 7000)
    #expect(connection.information.peerWindow == 6000, "SND.WL2")
  }

  // MARK: Receiving

  @Test func acknowledgementsWaitForCompany() throws {
    let script = Script()
    let connection = try script.accepted()
    script.inject(.ack, count: 100)
    script.expectNothing("SHLD-18")
    let span = try #require(script.millisecondsUntilSent())
    #expect(span < 500, "MUST-40, section 3.8.6.3")
    #expect(span == 40)
    script.expect(.ack, seq: 1, ack: 101)
    // Every second full segment at once (SHLD-19).
    script.inject(.ack, seq: 101, count: 1000)
    script.expectNothing()
    script.inject(.ack, seq: 1101, count: 1000)
    script.expect(.ack, ack: 2101)
    // Data takes it along.
    script.inject(.ack, seq: 2101, count: 10)
    try script.write(connection, 5)
    script.expect(.ack, seq: 1, ack: 2111, count: 5)
    #expect(script.millisecondsUntilSent(limit: 1).map { $0 > 100 } ?? true)
  }

  @Test func aPacketJoinedFromSeveralSegmentsIsAcknowledgedAtOnce() throws {
    let script = Script()
    _ = try script.accepted()
    // As a device gives it that joins segments: more than two of them.
    script.inject(.ack, seq: 1, count: 1500)
    script.inject(.ack, seq: 1501, count: 1500)
    script.drain()
    script.inject(.ack, seq: 3001, count: 1460)
    script.inject(.ack, seq: 4461, count: 1460)
    script.expect(.ack, ack: 5921, "SHLD-19: two of the largest that this side announced")
  }

  @Test func aFilledGapIsAcknowledgedOnceForAll() throws {
    let script = Script()
    let connection = try script.accepted()
    for index in 1..<6 {
      script.inject(.ack, seq: 1 + index * 1000, count: 1000)
      script.expect(.ack, ack: 1, "RFC 5681 section 4.2: at once")
    }
    script.inject(.ack, seq: 1, count: 1000)
    script.expect(.ack, ack: 6001, "MUST-58, MUST-59, section 3.10.7.4")
    script.expectNothing()
    #expect(try script.read(connection) == Script.data(6000))
  }

  @Test func overlapsAreCutAndWhatWasAcknowledgedNeverChanges() throws {
    let script = Script()
    let connection = try script.accepted()
    script.inject(.ack, seq: 1, count: 100)
    script.inject(.ack, seq: 51, count: 100)
    script.inject(.ack, seq: 201, count: 50)
    script.inject(.ack, seq: 101, data: [UInt8](repeating: 0xee, count: 50))
    script.inject(.ack, seq: 140, count: 200)
    #expect(try script.read(connection) == Script.data(339))
  }

  @Test func sequenceNumbersWrapAround() throws {
    let script = Script()
    script.peerBase = SequenceNumber(0xffff_ffff)
    let connection = try script.accepted()
    script.inject(.ack, seq: 1, count: 1000)
    script.inject(.ack, seq: 2001, count: 1000)
    script.inject(.ack, seq: 1001, count: 1000)
    #expect(try script.read(connection) == Script.data(3000))
  }

  @Test func dataBeyondTheWindowIsCutOff() throws {
    var configuration = TCPConfiguration()
    configuration.receiveBuffer = 3000
    let script = Script(configuration)
    let connection = try script.accepted()
    script.inject([.ack, .fin], seq: 2501, count: 1000)
    script.inject(.ack, seq: 1, count: 1200)
    script.inject(.ack, seq: 1201, count: 1300)
    #expect(connection.readableByteCount == 3000)
    #expect(connection.state == .established, "the FIN was behind the window")
    script.drain()
    #expect(try script.read(connection)?.count == 3000)
    script.expect(.ack, ack: 3001, window: 3000)
    script.inject([.ack, .fin], seq: 2501, count: 1000)
    #expect(try script.read(connection) == Script.data(500, from: 3001))
    #expect(connection.state == .closeWait)
  }

  @Test func theRightEdgeNeverMovesBack() throws {
    var configuration = TCPConfiguration()
    configuration.receiveBuffer = 20_000
    let script = Script(configuration)
    let connection = try script.accepted { $0.windowScale = 0 }
    var edge = 0
    var number = 1
    for count in [1, 999, 37, 1200, 5, 800, 1460, 3, 1000, 1000] {
      script.inject(.ack, seq: number, count: count)
      number += count
      script.advance(milliseconds: 50)
      for segment in script.drain() {
        let header = segment.header
        let offered = (header.acknowledgement - script.peerBase) + Int(header.window) << 7
        #expect(offered >= edge, "SHLD-14, section 3.8.6")
        edge = offered
      }
      // Reading a little opens nothing.
      _ = try script.read(connection, count / 2)
    }
    #expect(edge > 20_000)
  }

  // MARK: The program

  @Test func whoHasWrittenLessThanItWantedIsToldOfRoom() throws {
    var options = ConnectionOptions()
    options.sendBuffer = 9000
    let script = Script()
    let connection = try script.accepted(options: options)
    let witness = Witness()
    connection.observer = witness
    #expect(try script.write(connection, 12_000) == 9000)
    #expect(!connection.isWritable)
    #expect(script.drain().count == 9)
    script.inject(.ack, ack: 1001)
    #expect(witness.take() == [], "not for every segment")
    script.inject(.ack, ack: 4001)
    #expect(witness.take() == .writable)
    #expect(connection.isWritable)
  }

  @Test func whoHasFilledMostOfTheBufferIsToldOfRoom() throws {
    var options = ConnectionOptions()
    options.sendBuffer = 9000
    let script = Script()
    let connection = try script.accepted(options: options)
    let witness = Witness()
    connection.observer = witness
    // All was taken, but poll would say "not writable" now.
    #expect(try script.write(connection, 8000) == 8000)
    #expect(!connection.isWritable)
    script.inject(.ack, ack: 6001)
    #expect(witness.take() == .writable)
  }

  @Test func readersLearnOfDataOnceForEachSegment() throws {
    let script = Script()
    let connection = try script.accepted()
    let witness = Witness()
    connection.observer = witness
    script.inject(.ack, count: 10)
    #expect(witness.told == [.readable])
    #expect(throws: TCPError.wouldBlock) {
      _ = try script.read(connection, 10)
      try connection.receiveOrThrow(now: script.now)
    }
  }

  @Test func peekingTakesNothing() throws {
    let script = Script()
    let connection = try script.accepted()
    script.inject(.ack, count: 1000)
    script.inject(.ack, seq: 1001, count: 1000)
    var bytes: [UInt8] = []
    let count = try connection.peek(count: 1500) { piece, offset in
      #expect(offset == bytes.count)
      for index in 0..<piece.byteCount { bytes.append(piece.byte(at: index)) }
      return true
    }
    #expect(count == 1500 && bytes == Script.data(1500))
    #expect(connection.skip(500, now: script.now) == 500)
    #expect(try script.read(connection) == Script.data(1500, from: 501))
    #expect(script.tcp.receivedBytes == 0)
  }
}

extension Connection {
  /// One byte, or what `receive` throws.
  func receiveOrThrow(now: Instant) throws {
    _ = try receive(count: 1, now: now) { _, _ in true }
  }
}
