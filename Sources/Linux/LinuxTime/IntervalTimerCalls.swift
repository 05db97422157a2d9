// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Clock
import LinuxCore
import Scheduling

/// `setitimer(2)` and `alarm(2)`. Times of processor use count as real time while the program
/// runs alone: the timer fires at the earliest moment it could be due.
enum IntervalTimerCalls {
  private static let timers = KernelGlobal<[ProgramTimer?]>([nil, nil, nil])

  static func register<S: SystemCallSink>(in sink: inout S) {
    sink.add(
      .setitimer, flags: "ITIMER_REAL ITIMER_VIRTUAL ITIMER_PROF",
      limits: "ITIMER_VIRTUAL and ITIMER_PROF run in real time", set)
    sink.add(.getitimer, flags: "as setitimer", get)
    sink.add(.alarm, alarm)
  }

  private static func timer(_ which: Int32, _ process: Process) throws(Errno) -> ProgramTimer {
    guard which >= 0 && which <= 2 else { throw .invalidArgument }
    if let timer = timers.value[Int(which)] { return timer }
    // SIGALRM, SIGVTALRM, SIGPROF; SI_KERNEL
    let number: Int32 = which == 0 ? 14 : which == 1 ? 26 : 27
    let timer = ProgramTimer(
      process: process, clock: .monotonic,
      information: SignalInformation(signal: Signal(rawValue: number), code: 0x80))
    timers.value[Int(which)] = timer
    return timer
  }

  private static func store(_ timer: ProgramTimer, at address: VirtualAddress) throws(Errno) {
    try TimeValue.storeMicroseconds(timer.interval.count, at: address)
    try TimeValue.storeMicroseconds(timer.remaining.count, at: address + 16)
  }

  /// `int getitimer(int which, struct itimerval *curr_value)`
  static func get(_ call: SystemCall) throws(Errno) -> Int {
    try store(try timer(call.int32(0), call.process), at: call.address(1))
    return 0
  }

  /// `int setitimer(int which, const struct itimerval *new_value, struct itimerval *old_value)`
  static func set(_ call: SystemCall) throws(Errno) -> Int {
    let timer = try timer(call.int32(0), call.process)
    var interval = Nanoseconds.zero
    var value = Nanoseconds.zero
    if let address = call.optionalAddress(1) {
      interval = try TimeValue.loadMicroseconds(address)
      value = try TimeValue.loadMicroseconds(address + 16)
    }
    if let address = call.optionalAddress(2) { try store(timer, at: address) }
    timer.set(deadline: value > .zero ? Clock.now() + value : nil, interval: interval)
    return 0
  }

  /// `unsigned int alarm(unsigned int seconds)`
  static func alarm(_ call: SystemCall) throws(Errno) -> Int {
    let timer = try timer(0, call.process)
    let left = timer.remaining.count
    let span = Nanoseconds(seconds: Int64(call.uint32(0)))
    timer.set(deadline: span > .zero ? Clock.now() + span : nil, interval: .zero)
    return Int((left + 999_999_999) / 1_000_000_000)
  }
}
