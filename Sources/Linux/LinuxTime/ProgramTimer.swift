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
  /// Nil for `SIGEV_NONE`.
  let information: SignalInformation?
  /// The thread that gets the signal (`SIGEV_THREAD_ID`), or nil for the process.
  let target: Int32?
  var interval = Nanoseconds.zero
  private(set) var overruns: Int32 = 0

  init(
    process: Process, clock: LinuxClock, information: SignalInformation?, target: Int32? = nil
  ) {
    self.process = process
    self.clock = clock
    self.information = information
    self.target = target
  }

  /// Time until it fires; zero when it is not armed.
  var remaining: Nanoseconds {
    isPending ? max(deadline - Clock.now(), Nanoseconds(1)) : .zero
  }

  func set(deadline: Instant?, interval: Nanoseconds) {
    self.interval = interval
    overruns = 0
    if let deadline { Scheduler.arm(self, at: deadline) } else { Scheduler.disarm(self) }
  }

  override func fire(at now: Instant) {
    if interval > .zero {
      let late = (now - deadline).count
      let missed = late / interval.count
      overruns = Int32(clamping: missed)
      Scheduler.arm(self, at: deadline + Nanoseconds((missed + 1) * interval.count))
    }
    guard var information else { return }
    if information.code == -2 { information.second = overruns }
    if let target {
      if let thread = process.thread(target) { process.post(information, to: thread) }
    } else {
      process.post(information)
    }
  }
}
