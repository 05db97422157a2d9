// SPDX-License-Identifier: BSD-3-Clause

import Base
import Testing

@testable import TCP

/// Blind attacks (RFC 5961) and old segments (RFC 7323).
@Suite struct ChallengeTests {
  @Test func onlyTheExactNumberResets() throws {
    let script = Script()
    let connection = try script.accepted()
    script.inject(.rst, seq: 2)
    script.expect(.ack, seq: 1, ack: 1, "RFC 5961 section 3.2: a challenge")
    script.inject(.rst, seq: 0)
    script.inject(.rst, seq: 70_000)
    script.expectNothing("outside of the window: silence")
    #expect(connection.state == .established)
    script.inject(.rst, seq: 1)
    #expect(connection.takeError() == .reset)
  }

  @Test func aSynchronizeIsChallengedWhateverItsNumber() throws {
    for number in [1, 500, 0, 100_000] {
      let script = Script()
      let connection = try script.accepted()
      script.inject(.syn, seq: number)
      script.expect(.ack, seq: 1, ack: 1, "RFC 5961 section 4.2")
      #expect(connection.state == .established)
      // The other side has really begun anew: it answers the challenge with a reset.
      script.inject(.rst, seq: 1)
      #expect(connection.state == .closed)
    }
  }

  @Test func acknowledgementsOfWhatWasNeverSentAreChallenged() throws {
    let script = Script()
    let connection = try script.accepted(window: 5000)
    try script.write(connection, 100)
    script.drain()
    script.inject(.ack, ack: 5000, count: 10)
    script.expect(.ack, seq: 101, ack: 1, "section 3.10.7.4, fifth check")
    #expect(connection.readableByteCount == 0)
    script.advance(milliseconds: 600)
    script.drain()
    // Older than the largest window ever offered.
    script.inject(.ack, ack: -5100, count: 10)
    script.expect(.ack, seq: 101, ack: 1, "RFC 5961 section 5.2")
    #expect(connection.readableByteCount == 0)
    // Old, but possible.
    script.inject(.ack, ack: -4000, count: 10)
    #expect(connection.readableByteCount == 10)
  }

  @Test func challengesAreLimited() throws {
    var configuration = TCPConfiguration()
    configuration.challengeLimit = 10
    configuration.invalidInterval = .zero
    let script = Script(configuration)
    _ = try script.accepted()
    for _ in 0..<100 { script.inject(.rst, seq: 5) }
    #expect((5...10).contains(script.drain().count), "RFC 5961 section 7")
    script.advance(seconds: 1)
    script.inject(.rst, seq: 5)
    script.expect(.ack)
  }

  @Test func confusedSidesDoNotTalkForEver() throws {
    let script = Script()
    _ = try script.accepted()
    for _ in 0..<50 { script.inject(.ack, seq: -100) }
    #expect(script.drain().count == 1, "tcp_invalid_ratelimit")
    script.advance(milliseconds: 501)
    script.inject(.ack, seq: -100)
    script.expect(.ack, seq: 1, ack: 1)
  }

  // MARK: Timestamps

  private func stamped(_ value: UInt32) -> (inout SegmentHeader) -> Void {
    {
      $0.options.hasTimestamps = true
      $0.options.timestamp = value
    }
  }

  private func acceptedWithTimestamps(_ script: Script, at value: UInt32 = 1000) throws
    -> Connection
  {
    try script.accepted {
      $0.hasTimestamps = true
      $0.timestamp = value
    }
  }

  @Test func segmentsFromThePastAreDropped() throws {
    let script = Script()
    let connection = try acceptedWithTimestamps(script)
    script.inject(.ack, count: 5, stamped(1005))
    script.drain()
    script.inject(.ack, seq: 6, count: 5, stamped(1004))
    script.expect(.ack, ack: 6, "RFC 7323 section 5.3, R1")
    #expect(connection.readableByteCount == 5)
    #expect(script.tcp.counters.oldTimestamps == 1)
    script.inject(.ack, seq: 6, count: 5, stamped(1005))
    #expect(connection.readableByteCount == 10)
  }

  @Test func theEchoIsOfTheSegmentThatWasAcknowledgedLast() throws {
    let script = Script()
    _ = try acceptedWithTimestamps(script)
    // Two segments, one acknowledgement: the earlier stamp (section 4.3).
    script.inject(.ack, seq: 1, count: 988, stamped(1010))
    script.inject(.ack, seq: 989, count: 988, stamped(1020))
    #expect(script.expect(.ack, ack: 1977)?.header.options.timestampEcho == 1010)
    // A gap: the last one that advanced the window.
    script.inject(.ack, seq: 3000, count: 10, stamped(1030))
    #expect(script.expect(.ack, ack: 1977)?.header.options.timestampEcho == 1010)
    script.inject(.ack, seq: 1977, count: 1023, stamped(1040))
    #expect(script.expect(.ack, ack: 3010)?.header.options.timestampEcho == 1040)
  }

  @Test func aSegmentThatComesAgainIsEchoed() throws {
    let script = Script()
    _ = try acceptedWithTimestamps(script)
    script.inject(.ack, seq: 1, count: 988, stamped(1010))
    script.inject(.ack, seq: 989, count: 988, stamped(1010))
    script.expect(.ack, ack: 1977)
    script.inject(.ack, seq: 989, count: 988, stamped(9000))
    #expect(script.expect(.ack, ack: 1977)?.header.options.timestampEcho == 9000)
    // Not any old one.
    script.inject(.ack, seq: 1, count: 988, stamped(9500))
    #expect(script.expect(.ack, ack: 1977)?.header.options.timestampEcho == 9000)
  }

  @Test func theClockOfTheOtherSideMayWrapAndRest() throws {
    let script = Script()
    let connection = try acceptedWithTimestamps(script, at: 0xffff_fff0)
    script.inject(.ack, count: 5, stamped(5))
    #expect(connection.readableByteCount == 5, "wrapped")
    script.advance(seconds: 25 * 86_400)
    script.inject(.ack, seq: 6, count: 5, stamped(3))
    #expect(connection.readableByteCount == 10, "section 5.5: older than 24 days")
  }

  @Test func segmentsWithoutTheAgreedOptionAreDroppedButResets() throws {
    let script = Script()
    let connection = try acceptedWithTimestamps(script)
    script.inject(.ack, count: 5)
    #expect(connection.readableByteCount == 0, "section 3.2")
    script.inject(.rst)
    #expect(connection.state == .closed, "section 3.2")
  }

  @Test func everySegmentHasTheOptionOnceItIsAgreed() throws {
    let script = Script()
    let connection = try acceptedWithTimestamps(script)
    try script.write(connection, 3000)
    script.advance(milliseconds: 700)
    script.inject(.ack, ack: 3001, count: 1, stamped(1001))
    connection.close(now: script.now)
    for segment in script.drain() where !segment.header.flags.contains(.rst) {
      #expect(segment.header.options.hasTimestamps, "section 3.2")
    }
    let stamps = script.drain().map(\.header.options.timestamp)
    #expect(stamps == stamps.sorted())
  }

  @Test func clocksTellNothingAboutTheMachine() throws {
    let script = Script()
    let first = try script.connect()
    let second = try script.connect()
    #expect(first.timestamps.offset != second.timestamps.offset, "section 7.1")
  }

  // MARK: Window scaling

  @Test func windowsAreScaledOnlyWhenBothSidesOfferIt() throws {
    for (offers, agreed) in [(UInt8?.none, 0), (3, 3), (14, 14), (20, 14)] {
      let script = Script()
      let connection = try script.accepted(window: 1000) { $0.windowScale = offers }
      script.inject(.ack, count: 1, window: 100)
      #expect(connection.information.peerWindow == 100 << agreed, "RFC 7323 section 2.3")
      script.advance(milliseconds: 50)
      let header = try #require(script.expect(.ack)).header
      let scale = offers == nil ? 0 : Int(TCP.windowScale)
      #expect(Int(header.window) << scale >= (offers == nil ? 65535 : 256 << 10) - 200)
    }
  }

  @Test func theWindowOfASynchronizeIsNotScaled() throws {
    let script = Script()
    let connection = try script.connect()
    let syn = try #require(script.expect(.syn))
    #expect(syn.header.window == 65535, "RFC 7323 section 2.2")
    script.inject([.syn, .ack], seq: 0, ack: 1, window: 1000) { $0.options.windowScale = 7 }
    #expect(connection.information.peerWindow == 1000)
    script.inject(.ack, count: 1, window: 1000)
    #expect(connection.information.peerWindow == 128_000)
  }
}
