// SPDX-License-Identifier: BSD-3-Clause

import Base
import Clock
import LinuxCore
import Scheduling

/// The system calls on clocks and sleeping (`time(7)`).
public enum TimeCalls {
  public static func register<S: SystemCallSink>(in sink: inout S) {
    sink.add(
      .clockGettime,
      flags: """
        CLOCK_REALTIME CLOCK_MONOTONIC CLOCK_PROCESS_CPUTIME_ID CLOCK_THREAD_CPUTIME_ID \
        CLOCK_MONOTONIC_RAW CLOCK_REALTIME_COARSE CLOCK_MONOTONIC_COARSE CLOCK_BOOTTIME CLOCK_TAI
        """, getTime)
    sink.add(.clockGetres, flags: "as clock_gettime", resolution)
    sink.add(.clockSettime, flags: "CLOCK_REALTIME", setTime)
    sink.add(.clockNanosleep, flags: "TIMER_ABSTIME", clockSleep)
    sink.add(.nanosleep, sleep)
    sink.add(.gettimeofday, timeOfDay)
    sink.add(.settimeofday) { (call) throws(Errno) in
      guard call.process.credentials.isPrivileged else { throw .notPermitted }
      if let address = call.optionalAddress(0) {
        Clock.setWallTime(try TimeValue.loadMicroseconds(address).count)
      }
      return 0
    }
    sink.add(.time) { (call) throws(Errno) in
      let seconds = Clock.wallTime() / 1_000_000_000
      if let address = call.optionalAddress(0) { try ProgramBytes.store(seconds, at: address) }
      return Int(seconds)
    }
    sink.add(.times, limits: "all processor time counts as the program's own", times)
    sink.add(
      .getrusage, flags: "RUSAGE_SELF RUSAGE_CHILDREN RUSAGE_THREAD", limits: "times only", usage)
    IntervalTimerCalls.register(in: &sink)
    TimerCalls.register(in: &sink)
  }

  /// `int clock_gettime(clockid_t clockid, struct timespec *tp)`
  static func getTime(_ call: SystemCall) throws(Errno) -> Int {
    try TimeValue.store(try LinuxClock(call.int32(0)).now(call.thread), at: call.address(1))
    return 0
  }

  /// `int clock_getres(clockid_t clockid, struct timespec *res)`
  static func resolution(_ call: SystemCall) throws(Errno) -> Int {
    _ = try LinuxClock(call.int32(0))
    if let address = call.optionalAddress(1) { try TimeValue.store(1, at: address) }
    return 0
  }

  /// `int clock_settime(clockid_t clockid, const struct timespec *tp)`
  static func setTime(_ call: SystemCall) throws(Errno) -> Int {
    guard call.int32(0) == 0 else { throw .invalidArgument }
    guard call.process.credentials.isPrivileged else { throw .notPermitted }
    Clock.setWallTime(try TimeValue.load(call.address(1)).count)
    return 0
  }

  /// `int clock_nanosleep(clockid_t, int flags, const struct timespec *t, struct timespec *rem)`
  static func clockSleep(_ call: SystemCall) throws(Errno) -> Int {
    let clock = try LinuxClock(call.int32(0))
    guard clock != .threadTime else { throw .invalidArgument }
    let span = try TimeValue.load(call.address(2))
    guard call.int32(1) & 1 != 0 else {
      return try SleepRestart(Clock.now() + span, call.optionalAddress(3)).resume(call)
    }
    let deadline = clock.instant(span.count, call.thread)
    if Scheduler.sleep(until: deadline) == .interrupted { throw .restartWithoutHandler }
    return 0
  }

  /// `int nanosleep(const struct timespec *req, struct timespec *rem)`
  static func sleep(_ call: SystemCall) throws(Errno) -> Int {
    let span = try TimeValue.load(call.address(0))
    return try SleepRestart(Clock.now() + span, call.optionalAddress(1)).resume(call)
  }

  /// `int gettimeofday(struct timeval *tv, struct timezone *tz)`
  static func timeOfDay(_ call: SystemCall) throws(Errno) -> Int {
    if let address = call.optionalAddress(0) {
      try TimeValue.storeMicroseconds(Clock.wallTime(), at: address)
    }
    if let address = call.optionalAddress(1) { try ProgramBytes.store(UInt64(0), at: address) }
    return 0
  }

  /// `clock_t times(struct tms *buf)`, in hundredths of a second.
  static func times(_ call: SystemCall) throws(Errno) -> Int {
    if let address = call.optionalAddress(0) {
      try ProgramBytes.store(call.process.processorTime.count / 10_000_000, 0, at: address)
      try ProgramBytes.store(0, 0, at: address + 16)
    }
    return Int(Clock.now().nanoseconds / 10_000_000)
  }

  /// `int getrusage(int who, struct rusage *usage)`
  static func usage(_ call: SystemCall) throws(Errno) -> Int {
    let time: Int64
    switch call.int32(0) {
    case 0: time = call.process.processorTime.count
    case 1: time = call.thread.processorTime.count
    case -1: time = 0
    default: throw .invalidArgument
    }
    var bytes = [UInt8](repeating: 0, count: 144)
    bytes.put(time / 1_000_000_000, at: 0)
    bytes.put(time / 1000 % 1_000_000, at: 8)
    try ProgramBytes.copyOut(bytes, to: call.address(1))
    return 0
  }
}

/// A relative sleep that goes on with what is left of it after a signal without a handler.
final class SleepRestart: RestartBlock {
  let deadline: Instant
  let remaining: VirtualAddress?

  init(_ deadline: Instant, _ remaining: VirtualAddress?) {
    self.deadline = deadline
    self.remaining = remaining
  }

  func resume(_ call: SystemCall) throws(Errno) -> Int {
    guard Scheduler.sleep(until: deadline) == .interrupted else { return 0 }
    let left = deadline - Clock.now()
    guard left > .zero else { return 0 }
    if let remaining { try TimeValue.store(left.count, at: remaining) }
    call.thread.restart = self
    throw .restartBlock
  }
}
