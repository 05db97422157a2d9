// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine
import Testing

@testable import Clock

@Suite struct ClockScaleTests {
  /// A second of cycles is a second, to within what the multiplier's 32 bits can say.
  @Test(arguments: [1_000_000_000, 2_399_999_000, 24_000_000, 999_999_999, 5_700_000_000])
  func aSecondOfCyclesIsASecond(frequency: UInt64) {
    let scale = ClockScale(startingAt: 1_000, frequency: frequency)
    #expect(scale.nanoseconds(at: 1_000) == 0)
    let second = Int64(scale.nanoseconds(at: 1_000 + frequency))
    #expect(abs(second - 1_000_000_000) <= 4)
  }

  @Test func beforeTheAnchorTimeStandsStill() {
    let scale = ClockScale(cyclesAtAnchor: 500, nanosecondsAtAnchor: 70, multiplier: 1 << 32)
    #expect(scale.nanoseconds(at: 0) == 70)
    #expect(scale.nanoseconds(at: 500) == 70)
    #expect(scale.nanoseconds(at: 501) == 71)
  }

  /// The product has 96 bits: a counter that has run for a century must not overflow.
  @Test func aCenturyDoesNotOverflow() {
    let century: UInt64 = 3_155_760_000
    let scale = ClockScale(startingAt: 0, frequency: 4_000_000_000)
    #expect(scale.nanoseconds(at: century * 4_000_000_000) == century * 1_000_000_000)
  }

  @Test(arguments: 1...50)
  func aNewRateKeepsTheTimeContinuous(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let start = random.next() >> 20
    let scale = ClockScale(
      startingAt: start, frequency: UInt64.random(in: 1_000_000...5_000_000_000, using: &random))
    let turn = start + random.next() >> 24
    let multiplier = UInt64.random(in: 1 << 28...1 << 40, using: &random)
    let other = scale.reanchored(at: turn, multiplier: multiplier)
    #expect(other.nanoseconds(at: turn) == scale.nanoseconds(at: turn))
    #expect(other.multiplier == multiplier)
    let later = turn + random.next() >> 40
    #expect(other.nanoseconds(at: later) >= other.nanoseconds(at: turn))
  }

  @Test func aMultiplierOfNoCyclesIsOne() {
    #expect(ClockScale.multiplier(nanoseconds: 0, cycles: 0) == 1 << 32)
    #expect(ClockScale.multiplier(nanoseconds: 1_000_000_000, cycles: 500_000_000) == 2 << 32)
  }
}

@Suite struct ClockCalibrationTests {
  private func sample(cycles: UInt64, nanoseconds: UInt64, gap: UInt64 = 0) -> RateSample {
    RateSample(
      begin: (1000, 1000 + gap), end: (1000 + cycles, 1000 + cycles + gap),
      nanoseconds: nanoseconds)
  }

  /// The truth lies between what the readings allow: the middle, and within the gaps.
  @Test func aSampleKnowsHowGoodItIs() {
    let timer = RateSample(begin: (100, 140), end: (1100, 1160), nanoseconds: 1000)
    #expect(timer.uncertainty == 100)
    #expect(timer.cycles == 1010)
    #expect(!timer.isPrecise)
    #expect(sample(cycles: 10_000_000, nanoseconds: 1, gap: 49).isPrecise)
  }

  @Test func aLongStretchBeatsAShortOneUnlessItsEndsAreVague() {
    let short = sample(cycles: 1000, nanoseconds: 1000, gap: 10)
    #expect(sample(cycles: 2000, nanoseconds: 2000, gap: 10).isBetter(than: short))
    #expect(!sample(cycles: 2000, nanoseconds: 2000, gap: 30).isBetter(than: short))
    #expect(!short.isBetter(than: short))
  }

  /// A rate that is not known closely is measured until it is.
  @Test func measuringGoesOnUnderLoad() {
    var calibration = ClockCalibration()
    for turn in 1...9 {
      _ = calibration.multiplier(sample(cycles: 100_000, nanoseconds: 100_000, gap: 5000))
      calibration.scheduleNext(after: .start)
      #expect(!calibration.isFinished)
      #expect(calibration.isDue(at: .start + Nanoseconds(seconds: 10)))
      #expect(calibration.isDue(at: .start + Nanoseconds(seconds: 9)) == (turn < 5))
    }
    _ = calibration.multiplier(sample(cycles: 100_000_000, nanoseconds: 100_000, gap: 10))
    #expect(calibration.isFinished)
  }

  @Test func aShortSampleSaysNothing() {
    var calibration = ClockCalibration()
    #expect(calibration.multiplier(sample(cycles: 1000, nanoseconds: 9_999)) == nil)
    #expect(calibration.multiplier(sample(cycles: 0, nanoseconds: 50_000)) == nil)
    #expect(calibration.count == 0)
    #expect(calibration.multiplier(sample(cycles: 20_000, nanoseconds: 10_000)) == 1 << 31)
    #expect(calibration.count == 1)
  }

  /// Each interval is ten times the one before, and after five measurements there are no more.
  @Test func measurementsBecomeRare() {
    var calibration = ClockCalibration()
    var now = Instant.start
    var intervals: [Int64] = []
    while !calibration.isFinished {
      #expect(calibration.isDue(at: now))
      _ = calibration.multiplier(sample(cycles: 100_000, nanoseconds: 100_000))
      calibration.scheduleNext(after: now)
      var interval: Int64 = 1
      while !calibration.isDue(at: now + Nanoseconds(interval)) { interval *= 10 }
      #expect(!calibration.isDue(at: now + Nanoseconds(interval - 1)))
      intervals.append(interval)
      now = now + Nanoseconds(interval)
    }
    #expect(
      intervals == [
        1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000,
      ])
  }
}
