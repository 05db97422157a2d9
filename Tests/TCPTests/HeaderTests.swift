// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Packets
import Testing

@testable import TCP

/// Headers, options and checksums (RFC 9293 sections 3.1, 3.2, 3.7.1).
@Suite struct HeaderTests {
  @Test(arguments: [40_000, 65_535]) func windowsAreUnsigned(_ window: Int) throws {
    let script = Script()
    let connection = try script.accepted(window: window) { $0.windowScale = 14 }
    #expect(connection.information.peerWindow == window << 14, "MUST-1, section 3.1")
  }

  @Test(arguments: [false, true]) func everySegmentSentHasARightChecksum(_ version6: Bool) throws {
    let script = Script(version6: version6)
    let connection = try script.connect()
    var all = [try #require(script.expect(.syn))]
    script.inject([.syn, .ack], seq: 0, ack: 1)
    try script.write(connection, 3001)
    connection.abort(now: script.now)
    script.inject(.ack, seq: 5, count: 3)
    all += script.drain()
    #expect(all.count >= 6)
    for segment in all {
      var checksum = InternetChecksum(
        from: segment.source, to: segment.target, protocol: 6, byteCount: segment.bytes.count)
      checksum.add(segment.bytes.span.bytes)
      #expect(checksum.isRight, "MUST-2, section 3.1: \(script.describe(segment))")
    }
  }

  @Test func aWrongChecksumIsNotTaken() throws {
    let script = Script()
    let connection = try script.accepted()
    script.inject(.ack, count: 5, breaksChecksum: true)
    #expect(connection.readableByteCount == 0, "MUST-3, section 3.1")
    #expect(script.tcp.counters.malformed == 1)
    script.inject(.rst, breaksChecksum: true)
    #expect(connection.state == .established, "MUST-3")
    script.inject(.ack, count: 5)
    #expect(connection.readableByteCount == 5)
  }

  @Test func theMandatoryOptionsAreUnderstoodWhereverTheyAre() throws {
    let script = Script()
    let listener = try script.listen()
    // Padding so that the size is on an odd byte, then the end; what follows it does not count.
    script.inject(.syn, seq: 0, rawOptions: [1, 2, 4, 0x03, 0x20, 0, 2, 4])
    script.expect([.syn, .ack], ack: 1)
    script.inject(.ack)
    let connection = try #require(listener.accept())
    #expect(connection.segmentSize == 800, "MUST-4, MUST-64, section 3.2")
    script.inject(.ack, count: 3, rawOptions: [1, 0, 0, 0])
    #expect(connection.readableByteCount == 3, "MUST-5: in any segment")
  }

  @Test func unknownOptionsAreSkippedByTheirLength() throws {
    let script = Script()
    let listener = try script.listen()
    // 254 is for experiments; its data looks like another option.
    script.inject(.syn, seq: 0, rawOptions: [254, 6, 2, 4, 1, 1, 2, 4, 0x03, 0x20, 1, 1])
    script.expect([.syn, .ack], ack: 1)
    script.inject(.ack, rawOptions: [30, 2, 1, 1])
    let connection = try #require(listener.accept(), "MUST-6, section 3.1")
    #expect(connection.segmentSize == 800, "MUST-68: by its length")
  }

  @Test(
    arguments: [
      [2, 0, 0, 0], [254, 0, 0, 0], [254, 1, 0, 0], [2, 5, 1, 1], [1, 1, 1, 8], [3, 4, 0, 0],
      [5, 10, 0, 0], [8, 255, 0, 0],
    ] as [[UInt8]])
  func illegalLengthsDoNoHarm(_ options: [UInt8]) throws {
    let script = Script()
    let connection = try script.accepted()
    script.inject(.ack, count: 5, rawOptions: options)
    script.inject(.ack, count: 5)
    #expect(connection.state == .established, "MUST-7, section 3.1")
    #expect(try script.read(connection) == Script.data(5))
  }

  @Test(arguments: [false, true]) func bothSidesSendTheirSegmentSize(_ version6: Bool) throws {
    let script = Script(version6: version6)
    let size: UInt16 = version6 ? 1440 : 1460
    let connection = try script.connect()
    let first = try #require(script.expect(.syn))
    #expect(first.header.options.maximumSegmentSize == size, "MUST-14, MUST-67, section 3.7.1")
    script.inject([.syn, .ack], seq: 0, ack: 1) { $0.options.maximumSegmentSize = 700 }
    script.expect(.ack)
    #expect(connection.segmentSize == 700, "MUST-14")
    script.localPort = 80
    _ = try script.listen()
    script.remote = Endpoint(script.remote.address, 4001)
    script.inject(.syn, seq: 0)
    let answer = try #require(script.expect([.syn, .ack]))
    #expect(answer.header.options.maximumSegmentSize == size, "MUST-14, MUST-67")
  }

  @Test(arguments: [(false, 536), (true, 1220)])
  func withoutTheOptionSegmentsAreSmall(_ version6: Bool, _ size: Int) throws {
    let script = Script(version6: version6)
    let listener = try script.listen()
    script.inject(.syn, seq: 0)
    script.expect([.syn, .ack])
    script.inject(.ack)
    let connection = try #require(listener.accept())
    try script.write(connection, 3000)
    #expect(script.drain().map(\.payload.count).max() == size, "MUST-15, section 3.7.1")
  }

  @Test func theEffectiveSegmentSizeLeavesRoomForOptionsAndThePath() throws {
    let script = Script(mtu: 1400)
    let connection = try script.accepted {
      $0.maximumSegmentSize = 9000
      $0.hasTimestamps = true
    }
    try script.write(connection, 5000)
    let segments = script.drain()
    #expect(segments.first?.payload.count == 1400 - 20 - 20 - 12, "MUST-16, section 3.7.1")
    #expect(segments.allSatisfy { $0.bytes.count <= 1380 })
  }

  @Test func onlySynchronizingSegmentsHaveASegmentSize() throws {
    let script = Script()
    let connection = try script.connected()
    try script.write(connection, 2500)
    script.inject(.ack, seq: 5, count: 10)
    connection.close(now: script.now)
    script.advance(seconds: 5)
    let all = script.drain()
    #expect(all.count > 5)
    for segment in all {
      #expect(segment.header.options.maximumSegmentSize == 0, "MUST-65, section 3.7.1")
    }
  }

  @Test func headersArePaddedToWholeWords() throws {
    for scaled in [false, true] {
      for selective in [false, true] {
        for timestamps in [false, true] {
          var configuration = TCPConfiguration()
          configuration.offersWindowScale = scaled
          configuration.offersSelective = selective
          configuration.offersTimestamps = timestamps
          let script = Script(configuration)
          _ = try script.connect()
          let bytes = try #require(script.expect(.syn)).bytes
          #expect(Int(bytes[12] >> 4) * 4 == bytes.count, "MUST-69, section 3.1")
          #expect(bytes.count == 24 + (scaled ? 4 : 0) + (timestamps ? 12 : selective ? 4 : 0))
          let parsed = SegmentHeader(parsing: bytes.span.bytes)
          let header = try #require(parsed)
          #expect((header.options.windowScale != nil) == scaled)
          #expect(header.options.allowsSelective == selective)
          #expect(header.options.hasTimestamps == timestamps)
        }
      }
    }
  }

  @Test func reservedBitsAreIgnored() throws {
    let script = Script()
    let connection = try script.accepted()
    var header = SegmentHeader(
      from: 4000, to: 80, sequence: script.peerBase + 1, acknowledgement: script.base + 1,
      flags: .ack, window: 1000)
    header.urgentPointer = 0
    var bytes = [UInt8](repeating: 0, count: 20)
    do {
      var span = bytes.mutableSpan
      var raw = span.mutableBytes
      header.emit(into: &raw)
    }
    bytes[12] |= 0x0f
    bytes[13] |= 0xc0
    script.injectRaw(bytes + [1, 2, 3])
    #expect(connection.readableByteCount == 3, "section 3.1, Rsrvd")
  }
}
