// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Clock
import LinuxCore
import Scheduling

/// POSIX timers (`timer_create(2)`).
enum TimerCalls {
  private static let timers = KernelGlobal<[ProgramTimer?]>([])

  static func register<S: SystemCallSink>(in sink: inout S) {
    sink.add(
      .timerCreate, flags: "SIGEV_SIGNAL SIGEV_NONE SIGEV_THREAD_ID",
      limits: "timers of processor time run in real time", create)
    sink.add(.timerSettime, flags: "TIMER_ABSTIME", set)
    sink.add(.timerGettime) { (call) throws(Errno) in
      try store(try timer(call), at: call.address(1))
      return 0
    }
    sink.add(.timerGetoverrun) { (call) throws(Errno) in Int(try timer(call).overruns) }
    sink.add(.timerDelete) { (call) throws(Errno) in
      try timer(call).set(deadline: nil, interval: .zero)
      timers.value[Int(call.int32(0))] = nil
      return 0
    }
  }

  private static func timer(_ call: SystemCall) throws(Errno) -> ProgramTimer {
    let index = Int(call.int32(0))
    guard index >= 0, index < timers.value.count, let timer = timers.value[index] else {
      throw .invalidArgument
    }
    return timer
  }

  private static func store(_ timer: ProgramTimer, at address: VirtualAddress) throws(Errno) {
    try TimeValue.store(timer.interval.count, at: address)
    try TimeValue.store(timer.remaining.count, at: address + 16)
  }

  /// `int timer_create(clockid_t clockid, struct sigevent *sevp, timer_t *timerid)`
  static func create(_ call: SystemCall) throws(Errno) -> Int {
    let clock = try LinuxClock(call.int32(0))
    let index = timers.value.firstIndex { $0 == nil } ?? timers.value.count
    // SI_TIMER
    var information: SignalInformation? = SignalInformation(signal: .alarm, code: -2)
    information?.value = UInt(index)
    var target: Int32?
    if let address = call.optionalAddress(1) {
      let bytes = try ProgramBytes.copyIn(address, count: 64)
      let number: Int32 = bytes.get(8)
      switch bytes.get(12, as: Int32.self) {
      case 0: break
      case 1: information = nil
      case 4:
        target = bytes.get(16)
        guard call.process.thread(bytes.get(16)) != nil else { throw .invalidArgument }
      default: throw .invalidArgument
      }
      if information != nil {
        guard number > 0 && number <= Signal.limit else { throw .invalidArgument }
        information = SignalInformation(signal: Signal(rawValue: number), code: -2)
        information?.value = UInt(bytes.get(0, as: UInt64.self))
      }
    }
    information?.first = Int32(index)
    try ProgramBytes.store(Int32(index), at: call.address(2))
    let timer = ProgramTimer(
      process: call.process, clock: clock, information: information, target: target)
    if index == timers.value.count {
      timers.value.append(timer)
    } else {
      timers.value[index] = timer
    }
    return 0
  }

  /// `int timer_settime(timer_t, int flags, const struct itimerspec *new, struct itimerspec *old)`
  static func set(_ call: SystemCall) throws(Errno) -> Int {
    let timer = try timer(call)
    let interval = try TimeValue.load(call.address(2))
    let value = try TimeValue.load(call.address(2) + 16)
    if let address = call.optionalAddress(3) { try store(timer, at: address) }
    var deadline: Instant?
    if value > .zero {
      deadline =
        call.int32(1) & 1 != 0
        ? timer.clock.instant(value.count, call.thread) : Clock.now() + value
    }
    timer.set(deadline: deadline, interval: interval)
    return 0
  }
}
