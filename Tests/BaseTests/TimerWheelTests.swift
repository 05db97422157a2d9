// SPDX-License-Identifier: BSD-3-Clause

import Base
import Testing
import TimerWheel

private final class Alarm: TimerEntry {
  let number: Int
  init(_ number: Int) { self.number = number }
}

private func instant(_ nanoseconds: UInt64) -> Instant { Instant(nanoseconds: nanoseconds) }

@Suite struct TimerWheelTests {
  private func due(_ wheel: inout TimerWheel, _ now: UInt64) -> [Int] {
    var numbers: [Int] = []
    while let entry = wheel.takeDue(at: instant(now)) as? Alarm { numbers.append(entry.number) }
    return numbers.sorted()
  }

  @Test func anEmptyWheelHasNoEvent() {
    var wheel = TimerWheel()
    #expect(wheel.isEmpty)
    #expect(wheel.nextEvent == .never)
    #expect(wheel.takeDue(at: instant(1 << 60)) == nil)
  }

  /// Inside one tick the exact deadline counts.
  @Test func anAlarmIsDueAtItsNanosecondAndNotBefore() {
    var wheel = TimerWheel()
    let alarm = Alarm(1)
    wheel.insert(alarm, at: instant(1000))
    #expect(wheel.nextEvent == instant(1000))
    #expect(due(&wheel, 999) == [])
    #expect(alarm.isPending)
    #expect(due(&wheel, 1000) == [1])
    #expect(!alarm.isPending)
    #expect(wheel.isEmpty)
  }

  @Test func insertingAgainMovesAndNeverDisarms() {
    var wheel = TimerWheel()
    let alarm = Alarm(1)
    wheel.insert(alarm, at: instant(1_000_000))
    wheel.insert(alarm, at: instant(9_000_000_000))
    #expect(wheel.count == 1)
    #expect(due(&wheel, 8_999_999_999) == [])
    wheel.insert(alarm, at: .never)
    #expect(!alarm.isPending)
    #expect(wheel.isEmpty)
    wheel.remove(alarm)
    #expect(wheel.isEmpty)
  }

  @Test func aDeadlineInThePastIsDueAtOnce() {
    var wheel = TimerWheel()
    _ = wheel.takeDue(at: instant(1 << 40))
    wheel.insert(Alarm(7), at: instant(5))
    #expect(wheel.nextEvent <= instant(1 << 40))
    #expect(due(&wheel, 1 << 40) == [7])
  }

  /// Every level, with the deadline on, just before and just behind its slots' borders.
  @Test(arguments: 0..<8)
  func bordersOfLevels(level: Int) {
    let border = UInt64(1) << UInt64(16 + 6 * level)
    for offset: Int64 in [-65_537, -65_536, -1, 0, 1, 65_535, 65_536] {
      let deadline = UInt64(max(Int64(border) + offset, 1))
      var wheel = TimerWheel(at: instant(0))
      wheel.insert(Alarm(1), at: instant(deadline))
      #expect(wheel.nextEvent <= instant(deadline))
      #expect(due(&wheel, deadline - 1) == [])
      #expect(due(&wheel, deadline) == [1])
    }
  }

  /// Sleeping from event to event, as the kernel does, reaches an alarm at its time and in few
  /// steps.
  @Test func stepsToAFarAlarmAreFew() {
    var wheel = TimerWheel()
    let deadline: UInt64 = 123_456_789_012_345
    wheel.insert(Alarm(1), at: instant(deadline))
    var steps = 0
    while !wheel.isEmpty {
      let next = wheel.nextEvent
      #expect(next <= instant(deadline))
      let numbers = due(&wheel, next.nanoseconds)
      #expect(numbers.isEmpty == (next < instant(deadline)))
      steps += 1
      guard steps < 20 else {
        Issue.record("the wheel does not come nearer")
        return
      }
    }
  }

  /// Against a list: what is due is the same at every moment, and no event comes late.
  @Test(arguments: 1...16)
  func behavesAsASortedList(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var wheel = TimerWheel()
    var model: [Int: UInt64] = [:]
    let alarms = (0..<64).map { Alarm($0) }
    var now: UInt64 = 0
    for _ in 0..<1000 {
      let number = Int.random(in: 0..<64, using: &random)
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<5:
        let distance = random.next() >> UInt64.random(in: 14...63, using: &random)
        wheel.insert(alarms[number], at: instant(now + distance))
        model[number] = now + distance
      case 5, 6:
        wheel.remove(alarms[number])
        model[number] = nil
      case 7:
        let event = wheel.nextEvent
        if event != .never { now = max(now, event.nanoseconds) }
      default:
        now += random.next() >> UInt64.random(in: 20...63, using: &random)
      }
      let expected = model.filter { $0.value <= now }.keys.sorted()
      #expect(due(&wheel, now) == expected)
      for number in expected { model[number] = nil }
      #expect(wheel.count == model.count)
      if let earliest = model.values.min() {
        #expect(wheel.nextEvent <= instant(earliest))
        #expect(wheel.nextEvent > instant(now) || wheel.nextEvent.nanoseconds >> 16 >= now >> 16)
      } else {
        #expect(wheel.nextEvent == .never)
      }
      for alarm in alarms { #expect(alarm.isPending == (model[alarm.number] != nil)) }
    }
  }
}

extension TimerWheelTests {
  /// The earliest deadline is kept, not looked for: a removed alarm may make it too early, once.
  @Test func aRemovedAlarmCostsOneEarlyLookAtMost() {
    var wheel = TimerWheel()
    let early = Alarm(1)
    wheel.insert(early, at: instant(1_000_000))
    wheel.insert(Alarm(2), at: instant(1_000_000_000))
    wheel.remove(early)
    #expect(wheel.earliest <= instant(1_000_000_000))
    #expect(due(&wheel, 1_000_000) == [])
    #expect(wheel.earliest > instant(1_000_000))
    #expect(wheel.earliest <= instant(1_000_000_000))
    #expect(due(&wheel, 1_000_000_000) == [2])
    #expect(wheel.earliest == .never)
  }
}
