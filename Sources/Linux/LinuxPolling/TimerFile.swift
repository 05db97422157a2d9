// SPDX-License-Identifier: BSD-3-Clause

import Base
import Clock
import Memory
import Scheduling
import TimerWheel
import VFS

/// Counts how often a timer has run out. The wheel holds this and not the file, so that closing
/// the file disarms it.
final class ExpirationAlarm: TimerEntry {
  /// Nanoseconds between two expirations; 0 for a timer that runs out once.
  var interval: UInt64 = 0
  /// Expirations that nobody has read yet.
  var count: UInt64 = 0
  let queue = WaitQueue()

  override func fire(at now: Instant) {
    runOut(since: deadline, at: now)
  }

  /// Counts the expirations from `start` to `now`, and arms for the next.
  func runOut(since start: Instant, at now: Instant) {
    count &+= 1
    if interval > 0 {
      let missed = (now.nanoseconds &- min(start, now).nanoseconds) / interval
      count &+= missed
      let next = start.nanoseconds &+ (missed &+ 1) &* interval
      Scheduler.arm(self, at: Instant(nanoseconds: next))
    }
    queue.wakeAll([.readable])
  }
}

/// A timer that is read (`timerfd_create(2)`).
final class TimerFile: OpenFile {
  /// When it runs out next, in nanoseconds from now, and the interval; 0 when disarmed.
  struct Setting {
    var value: UInt64 = 0
    var interval: UInt64 = 0
  }

  private let alarm = ExpirationAlarm()
  /// Whether absolute times are wall time (`CLOCK_REALTIME`).
  let countsWallTime: Bool

  init(countsWallTime: Bool, node: Node, flags: OpenFlags) {
    self.countsWallTime = countsWallTime
    super.init(node: node, flags: flags)
  }

  deinit {
    Scheduler.disarm(alarm)
  }

  func remaining(at now: Instant) -> Setting {
    guard alarm.isPending else { return Setting() }
    // A timer that is about to fire is not disarmed: Linux tells at least 1 ns.
    let left = alarm.deadline > now ? UInt64((alarm.deadline - now).count) : 1
    return Setting(value: left, interval: alarm.interval)
  }

  /// Arms the timer, or disarms it when the value is zero. Forgets what was not read.
  func set(_ setting: Setting, isAbsolute: Bool, at now: Instant) {
    Scheduler.disarm(alarm)
    alarm.count = 0
    alarm.interval = setting.interval
    guard setting.value > 0 else { return }
    var deadline = now + Nanoseconds(Int64(clamping: setting.value))
    if isAbsolute {
      let offset = countsWallTime ? Clock.wallOffset : 0
      let (start, overflow) = Int64(clamping: setting.value).subtractingReportingOverflow(offset)
      deadline = Instant(nanoseconds: overflow ? 0 : UInt64(max(start, 0)))
    }
    if deadline <= now {
      alarm.runOut(since: deadline, at: now)
    } else {
      Scheduler.arm(alarm, at: deadline)
    }
  }

  override func read(into buffer: UserBuffer, at offset: Int64?) throws(SystemError) -> Int {
    guard offset == nil else { throw .illegalSeek }
    guard buffer.count >= 8 else { throw .invalidArgument }
    while alarm.count == 0 {
      if isNonBlocking { throw .wouldBlock }
      if alarm.queue.wait() == .interrupted { throw .interrupted }
    }
    let count = alarm.count
    alarm.count = 0
    try buffer.store(count, at: 0)
    return 8
  }

  override var readiness: Readiness { alarm.count > 0 ? .readable : [] }

  override var readinessQueue: WaitQueue? { alarm.queue }
}
