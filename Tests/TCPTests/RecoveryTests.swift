// SPDX-License-Identifier: BSD-3-Clause

import Base
import Testing

@testable import TCP

/// The repair of losses: fast retransmit with and without SACK (RFC 5681, 6582, 2018, 2883, 6675).
@Suite struct RecoveryTests {
  /// A connection that has ten segments of 1000 bytes under way.
  private func sending(
    _ script: Script, selective: Bool, count: Int = 10_000
  ) throws -> Connection {
    let connection = try script.accepted { $0.allowsSelective = selective }
    try script.write(connection, count)
    #expect(script.drain().count == 10, "RFC 6928: ten segments")
    return connection
  }

  private func blocks(_ ranges: (Int, Int)..., on script: Script) -> (inout SegmentHeader) -> Void {
    {
      for range in ranges {
        $0.options.selective.append(
          SequenceRange(script.base + range.0, script.base + range.1))
      }
    }
  }

  private func numbers(_ script: Script) -> [Int] {
    script.drain().map { $0.header.sequence - script.base }
  }

  // MARK: Without SACK

  @Test func threeDuplicatesMeanALoss() throws {
    let script = Script()
    let connection = try sending(script, selective: false)
    script.inject(.ack, ack: 1)
    script.inject(.ack, ack: 1)
    script.expectNothing()
    script.inject(.ack, ack: 1)
    script.expect(.ack, seq: 1, count: 1000, "RFC 5681 section 3.2")
    #expect(connection.information.threshold == 7000, "RFC 9438 section 4.6: beta is 0.7")
    script.inject(.ack, ack: 10_001)
    #expect(connection.information.outstanding == 0)
    #expect(connection.information.congestionWindow == 7000)
    #expect(script.millisecondsUntilSent() == nil)
  }

  @Test func whatIsNoDuplicateDoesNotCount() throws {
    let script = Script()
    _ = try sending(script, selective: false)
    for index in 0..<6 {
      // Data, or another window (RFC 5681 section 2).
      if index % 2 == 0 {
        script.inject(.ack, seq: 1 + index / 2, ack: 1, count: 1)
      } else {
        script.inject(.ack, seq: 1 + (index + 1) / 2, ack: 1, window: 65535 - index)
      }
    }
    #expect(numbers(script).allSatisfy { $0 == 10_001 }, "only acknowledgements")
  }

  @Test func aPartialAcknowledgementShowsTheNextLoss() throws {
    let script = Script()
    let connection = try sending(script, selective: false)
    for _ in 0..<3 { script.inject(.ack, ack: 1) }
    #expect(numbers(script) == [1])
    script.inject(.ack, ack: 4001)
    #expect(numbers(script).first == 4001, "RFC 6582 section 3.2, step 3")
    script.inject(.ack, ack: 6001)
    #expect(numbers(script).first == 6001)
    script.inject(.ack, ack: 10_001)
    #expect(connection.information.congestionWindow == connection.information.threshold)
    #expect(connection.sender.phase == .open)
  }

  @Test func duplicatesLetNewDataOut() throws {
    let script = Script()
    let connection = try sending(script, selective: false, count: 30_000)
    script.inject(.ack, ack: 1)
    script.inject(.ack, ack: 1)
    #expect(numbers(script) == [10_001, 11_001], "RFC 3042")
    script.inject(.ack, ack: 1)
    #expect(numbers(script) == [1])
    var sent: [Int] = []
    for _ in 0..<8 {
      script.inject(.ack, ack: 1)
      sent += numbers(script)
    }
    #expect(!sent.isEmpty && sent.first == 12_001, "RFC 5681 section 3.2 step 4")
    #expect(connection.information.outstanding > 12_000)
  }

  @Test func duplicatesOfAWindowFromBeforeATimeoutDoNotCount() throws {
    let script = Script()
    let connection = try sending(script, selective: false)
    _ = script.millisecondsUntilSent()
    #expect(numbers(script) == [1])
    let window = connection.information.congestionWindow
    for _ in 0..<5 { script.inject(.ack, ack: 1) }
    #expect(connection.information.congestionWindow == window, "RFC 6582 section 4")
    #expect(connection.sender.phase == .loss)
  }

  // MARK: With SACK

  @Test func blocksTellWhatIsMissing() throws {
    let script = Script()
    let connection = try sending(script, selective: true)
    // 1 and 4001 are lost.
    script.inject(.ack, ack: 1, blocks((1001, 4001), on: script))
    #expect(numbers(script).first == 1, "RFC 6675: more than two segments' worth")
    script.inject(.ack, ack: 1, blocks((5001, 10_001), (1001, 4001), on: script))
    #expect(numbers(script) == [4001], "only what is missing")
    script.inject(.ack, ack: 4001, blocks((5001, 10_001), on: script))
    #expect(connection.sender.phase == .recovery)
    script.inject(.ack, ack: 10_001)
    #expect(connection.sender.phase == .open)
    #expect(connection.information.congestionWindow == 7000)
    #expect(script.millisecondsUntilSent() == nil)
  }

  @Test func blocksOnAnAcknowledgementOfNewDataCountToo() throws {
    let script = Script()
    _ = try sending(script, selective: true)
    script.inject(.ack, ack: 2001, blocks((3001, 7001), on: script))
    #expect(numbers(script).contains(2001), "RFC 6675 section 5")
  }

  @Test func fewBlocksAreNoLossYet() throws {
    let script = Script()
    let connection = try sending(script, selective: true, count: 30_000)
    script.inject(.ack, ack: 1, blocks((1001, 2001), on: script))
    #expect(numbers(script) == [10_001], "limited transmit")
    script.inject(.ack, ack: 1, blocks((1001, 3001), on: script))
    #expect(numbers(script) == [11_001])
    #expect(connection.sender.phase == .open, "DupThresh is three")
    script.inject(.ack, ack: 1, blocks((1001, 3001), (4001, 5001), on: script))
    #expect(connection.sender.phase == .recovery)
  }

  @Test func repairsAreBoundedByTheCongestionWindow() throws {
    let script = Script()
    let connection = try sending(script, selective: true)
    // Every second segment is lost.
    script.inject(.ack, ack: 1, blocks((3001, 4001), (1001, 2001), on: script))
    script.expectNothing()
    script.inject(
      .ack, ack: 1, blocks((9001, 10_001), (7001, 8001), (5001, 6001), on: script))
    #expect(numbers(script) == [1, 2001, 4001], "those behind which enough has come")
    #expect(connection.sender.pipe == 5000, "three sent again, two not lost yet")
    #expect(connection.information.congestionWindow == 7000)
    script.inject(.ack, ack: 2001, blocks((9001, 10_001), (3001, 4001), on: script))
    script.inject(.ack, ack: 4001, blocks((9001, 10_001), (7001, 8001), on: script))
    script.expectNothing("no second time")
    script.inject(.ack, ack: 6001, blocks((9001, 10_001), (7001, 8001), on: script))
    // What is at the end has nothing behind it that tells: the timer repairs it.
    #expect(script.millisecondsUntilSent() != nil)
    #expect(numbers(script) == [6001])
  }

  @Test func nonsenseBlocksAreIgnored() throws {
    let script = Script()
    let connection = try sending(script, selective: true)
    script.inject(.ack, ack: 1, blocks((20_001, 30_001), (-500, -100), (5001, 4001), on: script))
    script.inject(.ack, ack: 2001, blocks((1, 2001), on: script))
    #expect(connection.sender.scoreboard.isEmpty, "RFC 2883: a duplicate, below the number")
    #expect(connection.sender.phase == .open)
  }

  @Test func aTimeoutForgetsTheBlocks() throws {
    let script = Script()
    let connection = try sending(script, selective: true)
    script.inject(.ack, ack: 1, blocks((9001, 10_001), on: script))
    #expect(!connection.sender.scoreboard.isEmpty)
    _ = script.millisecondsUntilSent()
    #expect(connection.sender.scoreboard.isEmpty, "RFC 2018 section 8: it may have lied")
    #expect(numbers(script) == [1])
  }

  // MARK: The receiving side

  @Test func whatCameOutOfOrderIsReported() throws {
    let script = Script()
    _ = try script.accepted { $0.allowsSelective = true }
    func report() -> [[Int]] {
      guard let header = script.expect(.ack, ack: 1)?.header else { return [] }
      let blocks = header.options.selective
      return (0..<blocks.count).map {
        [blocks[$0].start - script.peerBase, blocks[$0].end - script.peerBase]
      }
    }
    script.inject(.ack, seq: 1001, count: 100)
    #expect(report() == [[1001, 1101]], "RFC 2018 section 4")
    script.inject(.ack, seq: 3001, count: 100)
    #expect(report() == [[3001, 3101], [1001, 1101]], "the newest first")
    script.inject(.ack, seq: 1101, count: 100)
    #expect(report() == [[1001, 1201], [3001, 3101]])
    script.inject(.ack, seq: 5001, count: 100)
    script.drain()
    script.inject(.ack, seq: 7001, count: 100)
    #expect(report().count == 4)
    script.inject(.ack, seq: 9001, count: 100)
    #expect(report() == [[9001, 9101], [7001, 7101], [5001, 5101], [1001, 1201]])
    // A duplicate comes before them (RFC 2883 section 4).
    script.inject(.ack, seq: 5001, count: 100)
    #expect(report().prefix(2) == [[5001, 5101], [9001, 9101]])
    script.expectNothing()
  }

  @Test func withTimestampsThreeBlocksFit() throws {
    let script = Script()
    _ = try script.accepted {
      $0.allowsSelective = true
      $0.hasTimestamps = true
    }
    for start in stride(from: 1001, to: 9001, by: 1000) {
      script.inject(.ack, seq: start, count: 10) { $0.options.hasTimestamps = true }
    }
    let last = try #require(script.drain().last)
    #expect(last.header.options.selective.count == 3)
    #expect(last.header.byteCount == 60)
  }

  @Test func aDuplicateIsReported() throws {
    let script = Script()
    _ = try script.accepted { $0.allowsSelective = true }
    script.inject(.ack, seq: 1, count: 100)
    script.inject(.ack, seq: 1, count: 100)
    let header = try #require(script.expect(.ack, ack: 101)).header
    #expect(header.options.selective.count == 1, "RFC 2883 section 4.1")
    script.inject(.ack, seq: 301, count: 100)
    #expect(script.expect(.ack, ack: 101)?.header.options.selective.count == 1, "once")
  }

  @Test func noBlocksWithoutAgreement() throws {
    let script = Script()
    _ = try script.accepted()
    script.inject(.ack, seq: 1001, count: 100)
    #expect(script.expect(.ack, ack: 1)?.header.options.selective.isEmpty == true)
  }
}
