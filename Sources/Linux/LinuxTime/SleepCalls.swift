// SPDX-License-Identifier: BSD-3-Clause

import Base
import LinuxCore
import Scheduling

/// `nanosleep(2)` and `clock_nanosleep(2)`.
enum SleepCalls {
  static func register<S: SystemCallSink>(in sink: inout S) {
    sink.add(.nanosleep, sleep)
    sink.add(
      .clockNanosleep, flags: "TIMER_ABSTIME",
      limits: "a sleep until a wall time that the clock is set beyond ends at the old moment",
      clockSleep)
  }

  /// `int nanosleep(const struct timespec *req, struct timespec *rem)`
  static func sleep(_ call: SystemCall) throws(Errno) -> Int {
    let span = try TimeValue.load(call.address(0))
    return try relative(span, on: .monotonic, remaining: call.optionalAddress(1), call)
  }

  /// `int clock_nanosleep(clockid_t, int flags, const struct timespec *t, struct timespec *rem)`
  static func clockSleep(_ call: SystemCall) throws(Errno) -> Int {
    let identifier = call.int32(0)
    let clock = try LinuxClock(identifier, for: call.thread)
    // CLOCK_THREAD_CPUTIME_ID has no sleep at all; by its number it is the caller's mistake.
    guard identifier != 3 && LinuxClock.hasTimers(identifier) else { throw .notSupported }
    let time = try TimeValue.load(call.address(2))
    guard clock != .threadTime(call.thread.identifier) else { throw .invalidArgument }
    guard call.int32(1) & 1 != 0 else {
      // A length of wall time is a length of time: setting the clock does not change it.
      return try relative(
        time, on: clock == .wall ? .monotonic : clock, remaining: call.optionalAddress(3), call)
    }
    guard wait(until: time.count, on: clock, in: call.process) else {
      throw .restartWithoutHandler
    }
    return 0
  }

  private static func relative(
    _ span: Nanoseconds, on clock: LinuxClock, remaining: VirtualAddress?, _ call: SystemCall
  ) throws(Errno) -> Int {
    guard let now = clock.now(in: call.process) else { throw .invalidArgument }
    let (end, overflow) = now.addingReportingOverflow(span.count)
    return try sleep(until: overflow ? .max : end, on: clock, remaining: remaining, call)
  }

  static func sleep(
    until end: Int64, on clock: LinuxClock, remaining: VirtualAddress?, _ call: SystemCall
  ) throws(Errno) -> Int {
    guard !wait(until: end, on: clock, in: call.process) else { return 0 }
    if let remaining {
      try TimeValue.store(end &- (clock.now(in: call.process) ?? end), at: remaining)
    }
    call.thread.restart = SleepRestart(end: end, clock: clock, remaining: remaining)
    throw .restartBlock
  }

  /// Waits until `clock` shows `end`, and lets others run even if it does already. Returns false
  /// when a signal came first.
  private static func wait(until end: Int64, on clock: LinuxClock, in process: Process) -> Bool {
    repeat {
      let reason = Scheduler.sleep(until: clock.earliest(end, in: process))
      guard let now = clock.now(in: process), now < end else { return true }
      if reason == .interrupted { return false }
    } while true
  }
}

/// A relative sleep that goes on with what is left of it after a signal without a handler.
private final class SleepRestart: RestartBlock {
  private let end: Int64
  private let clock: LinuxClock
  private let remaining: VirtualAddress?

  init(end: Int64, clock: LinuxClock, remaining: VirtualAddress?) {
    self.end = end
    self.clock = clock
    self.remaining = remaining
  }

  func resume(_ call: SystemCall) throws(Errno) -> Int {
    try SleepCalls.sleep(until: end, on: clock, remaining: remaining, call)
  }
}
