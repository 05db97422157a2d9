// SPDX-License-Identifier: BSD-3-Clause

import Base
import Testing

@testable import TCP

/// Congestion control by itself: NewReno (RFC 5681, 6582, 3465) and CUBIC (RFC 9438).
@Suite struct CongestionTests {
  private let size = 1000
  private let start = Instant(nanoseconds: 1_000_000_000)

  @Test(arguments: [CongestionAlgorithm.newReno, .cubic])
  func itBeginsWithTenSegmentsAndDoublesEachRoundTrip(_ algorithm: CongestionAlgorithm) {
    var control = CongestionController(algorithm, segmentSize: size)
    #expect(control.window == 10_000, "RFC 6928 section 2")
    for _ in 0..<10 { control.acknowledged(1000, roundTrip: .milliseconds(10), now: start) }
    #expect(control.window == 20_000, "RFC 5681 section 3.1, MUST-19 of RFC 9293")
    // An acknowledgement of much does not make a burst.
    control.acknowledged(10_000, roundTrip: .milliseconds(10), now: start)
    #expect(control.window == 22_000, "RFC 3465 section 2.3")
    #expect(CongestionController(algorithm, segmentSize: 1460).window == 14_600)
    #expect(CongestionController(algorithm, segmentSize: 9000).window == 18_000)
  }

  @Test func newRenoHalvesAndGrowsByASegmentEachRoundTrip() {
    var control = NewReno(segmentSize: size)
    control.beginRecovery(inFlight: 10_000, now: start)
    #expect(control.threshold == 5000, "RFC 5681 section 3.1, equation 4")
    control.endRecovery()
    #expect(control.window == 5000)
    for round in 1...5 {
      let window = control.window
      var acknowledged = 0
      while acknowledged < window {
        control.acknowledged(1000, roundTrip: .milliseconds(10), now: start)
        acknowledged += 1000
      }
      #expect(control.window == 5000 + round * 1000, "section 3.1, congestion avoidance")
    }
  }

  @Test(arguments: [CongestionAlgorithm.newReno, .cubic])
  func aTimeoutBeginsWithOneSegment(_ algorithm: CongestionAlgorithm) {
    var control = CongestionController(algorithm, segmentSize: size)
    control.timedOut(inFlight: 10_000, isRepeated: false)
    #expect(control.window == 1000, "RFC 5681 section 3.1: the loss window")
    let threshold = algorithm == .newReno ? 5000 : 7000
    #expect(control.threshold == threshold)
    control.timedOut(inFlight: 1000, isRepeated: true)
    #expect(control.threshold == threshold, "not twice for the same segment")
    control.acknowledged(1000, roundTrip: .milliseconds(10), now: start)
    #expect(control.window == 2000, "slow start")
    control.timedOut(inFlight: 1000, isRepeated: false)
    #expect(control.threshold == 2000, "two segments at least")
  }

  @Test(arguments: [CongestionAlgorithm.newReno, .cubic])
  func aPauseEndsWhatWasProven(_ algorithm: CongestionAlgorithm) {
    var control = CongestionController(algorithm, segmentSize: size)
    for _ in 0..<100 { control.acknowledged(1000, roundTrip: .milliseconds(10), now: start) }
    let threshold = control.threshold
    control.restart()
    #expect(control.window == 10_000, "RFC 5681 section 4.1")
    #expect(control.threshold == threshold)
  }

  /// A window in congestion avoidance with a round trip of 100 ms: its size after each second, in
  /// segments.
  private func grow(_ control: inout Cubic, from begin: Instant, seconds: Int) -> [Int] {
    var windows: [Int] = []
    for round in 0..<seconds * 10 {
      let now = begin + .milliseconds(Int64(round) * 100)
      let window = control.window
      var acknowledged = 0
      while acknowledged < window {
        control.acknowledged(size, roundTrip: .milliseconds(100), now: now)
        acknowledged += size
      }
      if round % 10 == 9 { windows.append(control.window / size) }
    }
    return windows
  }

  @Test func cubicGoesBackToTheOldWindowAndPausesThere() {
    var control = Cubic(segmentSize: size)
    while control.window < 1_000_000 {
      control.acknowledged(2000, roundTrip: .milliseconds(100), now: start)
    }
    control.beginRecovery(inFlight: control.window, now: start)
    control.endRecovery()
    #expect(control.window == 700_000, "RFC 9438 section 4.6")
    // K = cbrt(300 / 0.4) = 9.08 s (section 4.2, equation 2).
    let windows = grow(&control, from: start, seconds: 15)
    #expect(windows[0] > 750, "concave: fast at first")
    #expect((970...1000).contains(windows[5]))
    #expect((995...1002).contains(windows[8]), "W_max after K")
    #expect(windows[9] - windows[8] <= 3, "the plateau")
    #expect(windows[14] > 1050, "convex: ever faster")
    #expect(windows[14] - windows[13] > windows[11] - windows[10])
    #expect(windows == windows.sorted())
    // W_cubic(t) = 0.4 (t - K)^3 + W_max at 15 s: 1083 (equation 1).
    #expect((1060...1100).contains(windows[14]))
  }

  @Test func cubicIsNeverSlowerThanTheStandard() {
    var control = Cubic(segmentSize: size)
    control.beginRecovery(inFlight: 10_000, now: start)
    control.endRecovery()
    #expect(control.window == 7000)
    // With 10 ms a round trip Reno's growth is ahead (section 4.3): 9 / 17 a round trip until the
    // old window, 1 above.
    var rounds = 0
    while control.window < 10_000, rounds < 100 {
      let now = start + .milliseconds(Int64(rounds) * 10)
      let window = control.window
      var acknowledged = 0
      while acknowledged < window {
        control.acknowledged(size, roundTrip: .milliseconds(10), now: now)
        acknowledged += size
      }
      rounds += 1
    }
    #expect((5...7).contains(rounds))
  }

  @Test func cubicGivesWayFaster() {
    var control = Cubic(segmentSize: size)
    while control.window < 1_000_000 {
      control.acknowledged(2000, roundTrip: .milliseconds(100), now: start)
    }
    control.beginRecovery(inFlight: 1_000_000, now: start)
    control.endRecovery()
    control.beginRecovery(inFlight: 700_000, now: start)
    control.endRecovery()
    #expect(control.window == 490_000)
    // Fast convergence (section 4.7): W_max is 0.85 * 700 = 595, so K is 6.4 s.
    let windows = grow(&control, from: start, seconds: 8)
    #expect((588...600).contains(windows[6]))
  }

  @Test func afterATimeoutCubicBeginsAtItsPlateau() {
    var control = Cubic(segmentSize: size)
    while control.window < 1_000_000 {
      control.acknowledged(2000, roundTrip: .milliseconds(100), now: start)
    }
    control.timedOut(inFlight: 1_000_000, isRepeated: false)
    while control.window < control.threshold {
      control.acknowledged(2000, roundTrip: .milliseconds(100), now: start)
    }
    let windows = grow(&control, from: start, seconds: 3)
    #expect(windows[0] < 710, "RFC 9438 section 4.8: K is 0, not the way back to 1000")
    #expect(windows[2] > 705)
  }

  @Test func cubeRootsAreExact() {
    for root: UInt64 in [0, 1, 2, 3, 10, 99, 1000, 65_535, 1_000_000, 2_642_245] {
      let cube = root * root * root
      #expect(Cubic.cubeRoot(cube) == root)
      if cube > 0 { #expect(Cubic.cubeRoot(cube - 1) == root - 1) }
    }
    #expect(Cubic.cubeRoot(.max) == 2_642_245)
  }

  // MARK: In connections

  @Test func whatIsNotUsedDoesNotGrow() throws {
    let script = Script()
    let connection = try script.accepted(options: .atOnce)
    var number = 1
    for _ in 0..<50 {
      try script.write(connection, 1000, from: number)
      number += 1000
      script.inject(.ack, ack: number)
    }
    #expect(connection.information.congestionWindow == 10_000, "RFC 7661 section 4.3")
  }

  @Test func theWindowBoundsWhatIsUnderWay() throws {
    let script = Script()
    let connection = try script.accepted()
    try script.write(connection, 100_000)
    #expect(script.drain().count == 10)
    script.inject(.ack, ack: 2001)
    #expect(script.drain().count == 4, "slow start")
    #expect(connection.information.congestionWindow == 12_000)
  }

  @Test func afterAPauseTheWindowBeginsAgain() throws {
    let script = Script()
    let connection = try script.accepted()
    try script.write(connection, 40_000)
    var number = 1
    while number < 40_001 {
      number += 2000
      script.inject(.ack, ack: number)
    }
    #expect(connection.information.congestionWindow > 20_000)
    script.drain()
    script.advance(seconds: 3)
    try script.write(connection, 40_000, from: number)
    #expect(script.drain().count == 10, "RFC 5681 section 4.1")
  }

  @Test func theAlgorithmCanBeChosen() throws {
    var options = ConnectionOptions()
    options.congestion = .newReno
    let script = Script()
    let connection = try script.accepted(options: options)
    #expect(connection.congestionAlgorithm == .newReno)
    connection.setCongestionAlgorithm(.cubic)
    #expect(connection.congestionAlgorithm == .cubic)
    #expect(try Script().accepted().congestionAlgorithm == .cubic)
  }
}
