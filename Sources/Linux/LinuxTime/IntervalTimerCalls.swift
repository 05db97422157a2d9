// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxCore

/// `setitimer(2)` and `alarm(2)`.
enum IntervalTimerCalls {
  /// ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF
  private static let timers = KernelGlobal<[ProgramTimer?]>([nil, nil, nil])
  /// `SI_KERNEL`
  private static let kernelCode: Int32 = 0x80

  static func register<S: SystemCallSink>(in sink: inout S) {
    sink.add(
      .setitimer, flags: "ITIMER_REAL ITIMER_VIRTUAL ITIMER_PROF",
      limits: "ITIMER_VIRTUAL counts the time in the kernel too; both within a millisecond", set)
    sink.add(.getitimer, flags: "ITIMER_REAL ITIMER_VIRTUAL ITIMER_PROF", get)
    sink.add(.alarm, alarm)
  }

  private static func timer(_ which: Int32, _ process: Process) throws(Errno) -> ProgramTimer {
    guard which >= 0 && which <= 2 else { throw .invalidArgument }
    if let timer = timers.value[Int(which)] { return timer }
    // SIGALRM, SIGVTALRM, SIGPROF
    let number: Int32 = which == 0 ? 14 : which == 1 ? 26 : 27
    let timer = ProgramTimer(
      process: process, clock: which == 0 ? .monotonic : .processTime,
      information: SignalInformation(signal: Signal(rawValue: number), code: kernelCode))
    timers.value[Int(which)] = timer
    return timer
  }

  /// What a timer stood at, as `struct itimerval` tells it.
  private static func state(of timer: ProgramTimer) -> (interval: Int64, remaining: Int64) {
    let left = timer.remaining.count
    // A timer that runs never shows zero.
    return (timer.interval.count, left > 0 ? max(left, 1000) : 0)
  }

  private static func store(
    _ state: (interval: Int64, remaining: Int64), at address: VirtualAddress
  ) throws(Errno) {
    try TimeValue.storeMicroseconds(state.interval, at: address)
    try TimeValue.storeMicroseconds(state.remaining, at: address + 16)
  }

  /// `int getitimer(int which, struct itimerval *curr_value)`
  static func get(_ call: SystemCall) throws(Errno) -> Int {
    try store(state(of: try timer(call.int32(0), call.process)), at: call.address(1))
    return 0
  }

  /// `int setitimer(int which, const struct itimerval *new_value, struct itimerval *old_value)`
  static func set(_ call: SystemCall) throws(Errno) -> Int {
    var interval = Nanoseconds.zero
    var value = Nanoseconds.zero
    if let address = call.optionalAddress(1) {
      interval = try TimeValue.loadMicroseconds(address)
      value = try TimeValue.loadMicroseconds(address + 16)
    }
    let timer = try timer(call.int32(0), call.process)
    let old = state(of: timer)
    timer.set(value, interval: interval)
    if let address = call.optionalAddress(2) { try store(old, at: address) }
    return 0
  }

  /// `unsigned int alarm(unsigned int seconds)`
  static func alarm(_ call: SystemCall) throws(Errno) -> Int {
    let timer = try timer(0, call.process)
    let left = timer.remaining
    timer.set(Nanoseconds(seconds: Int64(min(call.uint32(0), 0x7fff_ffff))), interval: .zero)
    return wholeSeconds(left)
  }

  /// Rounds to the nearest second; what is left of a running timer is never zero
  /// (kernel/time/itimer.c, `alarm_setitimer`).
  static func wholeSeconds(_ span: Nanoseconds) -> Int {
    guard span > .zero else { return 0 }
    let seconds = span.count / 1_000_000_000
    return Int(max(span.count % 1_000_000_000 >= 500_000_000 ? seconds + 1 : seconds, 1))
  }
}
