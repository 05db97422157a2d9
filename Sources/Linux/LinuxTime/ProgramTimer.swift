// SPDX-License-Identifier: BSD-3-Clause

import Base
import Clock
import LinuxCore
import Scheduling
import TimerWheel

/// A timer of the program: fires once or at intervals, and sends a signal.
final class ProgramTimer: TimerEntry {
  let process: Process
  let clock: LinuxClock
  /// Nil for `SIGEV_NONE`: such a timer is never armed, only computed with.
  private let information: SignalInformation?
  /// The thread that gets the signal (`SIGEV_THREAD_ID`), or nil for the process.
  private let target: Int32?
  private(set) var interval = Nanoseconds.zero
  /// Expirations that sent no signal of their own since the last signal.
  private(set) var overruns: Int32 = 0
  /// The next expiration on `timeline`; nil while the timer is off.
  private var due: Int64?
  private var timeline = LinuxClock.monotonic

  /// The siginfo code of POSIX timers, `SI_TIMER`.
  static let timerCode: Int32 = -2
  /// How long to look away while a signal of the timer still waits to be taken. What expires
  /// meanwhile counts as overrun.
  private static let pause = Nanoseconds.milliseconds(1)

  init(
    process: Process, clock: LinuxClock, information: SignalInformation?, target: Int32? = nil
  ) {
    self.process = process
    self.clock = clock
    self.information = information
    self.target = target
  }

  /// Time until the next expiration; zero when the timer is off.
  var remaining: Nanoseconds {
    guard let due, let now = timeline.now(in: process) else { return .zero }
    if due > now { return Nanoseconds(due &- now) }
    if interval > .zero { return Nanoseconds(interval.count - (now &- due) % interval.count) }
    // Expired, and about to fire.
    return information == nil ? .zero : Nanoseconds(1)
  }

  /// Starts the timer with the first expiration at, or in, `value`; zero stops it.
  func set(_ value: Nanoseconds, interval newInterval: Nanoseconds, isAbsolute: Bool = false) {
    overruns = 0
    // A length of wall time is a length of time: setting the clock does not change it.
    timeline = clock == .wall && !isAbsolute ? .monotonic : clock
    guard value > .zero, let now = timeline.now(in: process) else { return stop() }
    interval = newInterval
    due = isAbsolute ? value.count : Self.sum(now, value.count)
    arm(noEarlierThan: .start)
  }

  func stop() {
    due = nil
    interval = .zero
    Scheduler.disarm(self)
  }

  /// The wall clock was set: what was to happen at a wall time happens at another time now.
  func wallClockDidChange() {
    if timeline == .wall && due != nil { arm(noEarlierThan: .start) }
  }

  private func arm(noEarlierThan earliest: Instant) {
    guard let due, information != nil else { return Scheduler.disarm(self) }
    Scheduler.arm(self, at: max(timeline.earliest(due, in: process), earliest))
  }

  override func fire(at now: Instant) {
    guard let due, let time = timeline.now(in: process) else { return }
    guard time >= due else { return arm(noEarlierThan: .start) }
    guard interval > .zero else {
      self.due = nil
      _ = send(missed: 0)
      return
    }
    let missed = (time &- due) / interval.count
    self.due = Self.sum(due, (missed &+ 1) &* interval.count)
    arm(noEarlierThan: send(missed: missed) ? .start : now + Self.pause)
  }

  /// Sends the signal. Returns false when the last one still waits, or nobody wants any.
  private func send(missed: Int64) -> Bool {
    guard var information else { return false }
    if let target {
      guard let thread = process.thread(target) else { return false }
      guard !addOverrun(missed, to: &thread.pendingSignals) else { return false }
      start(&information, missed)
      process.post(information, to: thread)
    } else {
      guard !addOverrun(missed, to: &process.pendingSignals) else { return false }
      start(&information, missed)
      process.post(information)
    }
    return !process.ignores(information.signal)
  }

  private func start(_ information: inout SignalInformation, _ missed: Int64) {
    overruns = Int32(clamping: missed)
    if information.code == Self.timerCode { information.second = overruns }
  }

  /// Whether a signal of this timer waits in `signals`; it has one more overrun then.
  private func addOverrun(_ missed: Int64, to signals: inout PendingSignals) -> Bool {
    guard let information else { return false }
    let count = Int32(clamping: Self.sum(Int64(overruns), Self.sum(missed, 1)))
    let waits = signals.amend(
      where: {
        $0.signal == information.signal && $0.code == information.code
          && $0.first == information.first
      },
      { if $0.code == Self.timerCode { $0.second = count } })
    if waits { overruns = count }
    return waits
  }

  private static func sum(_ left: Int64, _ right: Int64) -> Int64 {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? .max : sum
  }
}
