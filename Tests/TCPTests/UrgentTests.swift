// SPDX-License-Identifier: BSD-3-Clause

import Base
import Testing

@testable import TCP

/// Urgent data (RFC 9293 section 3.8.5, RFC 6093), as Linux does it by default.
@Suite struct UrgentTests {
  @Test func theProgramIsToldAtOnceAndReadsTheByteOutOfBand() throws {
    let script = Script()
    let connection = try script.accepted()
    let witness = Witness()
    connection.observer = witness
    script.inject([.ack, .urg], count: 5, urgent: 3)
    #expect(witness.take().isSuperset(of: [.urgent, .readable]), "MUST-30, MUST-32")
    #expect(connection.hasUrgent, "MUST-33")
    #expect(connection.readableByteCount == 4)
    // Without inline the byte before the pointer is out of the stream, and reads stop at the mark.
    #expect(try connection.receiveUrgent() == Script.byte(3), "MUST-62: BSD's pointer, one behind")
    #expect(throws: TCPError.invalid) { try connection.receiveUrgent() }
    #expect(!connection.isAtMark)
    #expect(try script.read(connection) == Script.data(2))
    #expect(connection.isAtMark, "MUST-33: SIOCATMARK")
    #expect(try script.read(connection) == Script.data(2, from: 4))
    #expect(!connection.hasUrgent && !connection.isAtMark)
  }

  @Test func anAnnouncementMayComeLongBeforeTheByte() throws {
    let script = Script()
    let connection = try script.accepted()
    let witness = Witness()
    connection.observer = witness
    script.inject([.ack, .urg], count: 1000, urgent: 3000)
    #expect(witness.take().contains(.urgent), "MUST-31: however long, MUST-32")
    #expect(throws: TCPError.wouldBlock) { try connection.receiveUrgent() }
    // Out of order.
    script.inject([.ack, .urg], seq: 2001, count: 1000, urgent: 1000)
    script.inject([.ack, .urg], seq: 1001, count: 1000, urgent: 2000)
    #expect(try connection.receiveUrgent(peeking: .peek) == Script.byte(3000))
    #expect(try connection.receiveUrgent() == Script.byte(3000))
    #expect(try script.read(connection)?.count == 2999)
  }

  @Test func inlineBytesStayInTheStream() throws {
    var options = ConnectionOptions()
    options.keepsUrgentInline = true
    let script = Script()
    let connection = try script.accepted(options: options)
    script.inject([.ack, .urg], count: 5, urgent: 3)
    #expect(throws: TCPError.invalid) { try connection.receiveUrgent() }
    #expect(connection.readableByteCount == 5)
    #expect(try script.read(connection) == Script.data(2))
    #expect(connection.isAtMark)
    #expect(try script.read(connection) == Script.data(3, from: 3))
  }

  @Test func aNewerByteTakesThePlaceOfTheOlder() throws {
    let script = Script()
    let connection = try script.accepted()
    script.inject([.ack, .urg], count: 1, urgent: 1)
    script.inject([.ack, .urg], seq: 2, count: 1, urgent: 1)
    script.inject([.ack, .urg], seq: 3, count: 1, urgent: 0)
    #expect(try connection.receiveUrgent() == Script.byte(2))
    #expect(try script.read(connection) == [Script.byte(1)])
    #expect(try script.read(connection) == [Script.byte(3)])
  }

  @Test func sendersPointBehindTheByte() throws {
    let script = Script()
    let connection = try script.accepted()
    try script.write(connection, 3)
    script.expect(.ack, seq: 1, count: 3)
    // Nagle does not hold it back.
    try script.write(connection, 4, from: 4, .urgent)
    let segment = try #require(script.expect([.ack, .urg], seq: 4, count: 4))
    #expect(segment.header.urgentPointer == 4, "MUST-62 as in RFC 6093 section 3.1")
    script.inject(.ack, ack: 8)
    try script.write(connection, 3, from: 8)
    script.expect(.ack, seq: 8, count: 3)
  }

  @Test func aDeviceDoesNotCutUrgentDataUp() throws {
    let script = Script()
    script.host.conditions.segmentationLimit = 65535
    script.host.conditions.completesChecksums = true
    let connection = try script.accepted()
    try script.write(connection, 3500, .urgent)
    let pointers = script.drain().map { Int($0.header.urgentPointer) }
    #expect(pointers == [3500, 2500, 1500, 500])
  }

  @Test func aMarkThatWasSkippedIsForgotten() throws {
    let script = Script()
    let connection = try script.accepted()
    script.inject([.ack, .urg], count: 5, urgent: 3)
    #expect(connection.skip(5, now: script.now) == 5)
    script.inject(.ack, seq: 6, count: 5)
    #expect(try script.read(connection) == Script.data(5, from: 6))
    #expect(connection.readableByteCount == 0)
    #expect(!connection.isAtMark && !connection.hasUrgent)
  }
}
