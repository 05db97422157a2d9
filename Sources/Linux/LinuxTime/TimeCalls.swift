// SPDX-License-Identifier: BSD-3-Clause

import Base
import Clock
import LinuxCore

/// The system calls on clocks, sleeping and timers (`time(7)`).
public enum TimeCalls: SystemCallFamily {
  public static func register<S: SystemCallSink>(in sink: inout S) {
    sink.add(
      .clockGettime,
      flags: """
        CLOCK_REALTIME CLOCK_MONOTONIC CLOCK_PROCESS_CPUTIME_ID CLOCK_THREAD_CPUTIME_ID \
        CLOCK_MONOTONIC_RAW CLOCK_REALTIME_COARSE CLOCK_MONOTONIC_COARSE CLOCK_BOOTTIME \
        CLOCK_TAI, clocks of a process or thread by number
        """, getTime)
    sink.add(.clockGetres, flags: "as clock_gettime", resolution)
    sink.add(.clockSettime, flags: "CLOCK_REALTIME", setTime)
    sink.add(.gettimeofday, limits: "the time zone is zero", timeOfDay)
    sink.add(.settimeofday, limits: "the time zone is ignored", setTimeOfDay)
    sink.add(.time, time)
    SleepCalls.register(in: &sink)
    UsageCalls.register(in: &sink)
    IntervalTimerCalls.register(in: &sink)
    TimerCalls.register(in: &sink)
    AdjustmentCalls.register(in: &sink)
  }

  /// `int clock_gettime(clockid_t clockid, struct timespec *tp)`
  static func getTime(_ call: SystemCall) throws(Errno) -> Int {
    let clock = try LinuxClock(call.int32(0), for: call.thread)
    guard let now = clock.now(in: call.process) else { throw .invalidArgument }
    try TimeValue.store(now, at: call.address(1))
    return 0
  }

  /// `int clock_getres(clockid_t clockid, struct timespec *res)`. The coarse clocks are as fine as
  /// the others here, and say so.
  static func resolution(_ call: SystemCall) throws(Errno) -> Int {
    _ = try LinuxClock(call.int32(0), for: call.thread)
    if let address = call.optionalAddress(1) { try TimeValue.store(1, at: address) }
    return 0
  }

  /// `int clock_settime(clockid_t clockid, const struct timespec *tp)`
  static func setTime(_ call: SystemCall) throws(Errno) -> Int {
    let identifier = call.int32(0)
    guard identifier == 0 else {
      _ = try LinuxClock(identifier, for: call.thread)
      throw identifier < 0 ? .notPermitted : .invalidArgument
    }
    return try set(try TimeValue.load(call.address(1)), call.process)
  }

  /// `int gettimeofday(struct timeval *tv, struct timezone *tz)`
  static func timeOfDay(_ call: SystemCall) throws(Errno) -> Int {
    if let address = call.optionalAddress(0) {
      try TimeValue.storeMicroseconds(Clock.wallTime(), at: address)
    }
    if let address = call.optionalAddress(1) { try ProgramBytes.store(UInt64(0), at: address) }
    return 0
  }

  /// `int settimeofday(const struct timeval *tv, const struct timezone *tz)`
  static func setTimeOfDay(_ call: SystemCall) throws(Errno) -> Int {
    var time: Nanoseconds?
    if let address = call.optionalAddress(0) { time = try TimeValue.loadMicroseconds(address) }
    if let address = call.optionalAddress(1) { _ = try ProgramBytes.copyIn(address, count: 8) }
    if let time { return try set(time, call.process) }
    guard call.process.credentials.isPrivileged else { throw .notPermitted }
    return 0
  }

  /// `time_t time(time_t *tloc)`
  static func time(_ call: SystemCall) throws(Errno) -> Int {
    let seconds = Clock.wallTime() / 1_000_000_000
    if let address = call.optionalAddress(0) { try ProgramBytes.store(seconds, at: address) }
    return Int(seconds)
  }

  /// Sets the wall clock. As in Linux it cannot be before the start of the monotonic clock.
  private static func set(_ time: Nanoseconds, _ process: Process) throws(Errno) -> Int {
    guard process.credentials.isPrivileged else { throw .notPermitted }
    guard time.count >= Int64(bitPattern: Clock.now().nanoseconds) else { throw .invalidArgument }
    Clock.setWallTime(time.count)
    TimerCalls.wallClockDidChange()
    return 0
  }
}
