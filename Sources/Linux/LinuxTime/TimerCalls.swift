// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxCore

/// POSIX timers (`timer_create(2)`).
enum TimerCalls {
  private static let timers = KernelGlobal<[ProgramTimer?]>([])
  /// More timers than this are refused with `EAGAIN`.
  private static let limit = 1 << 16

  static func register<S: SystemCallSink>(in sink: inout S) {
    sink.add(
      .timerCreate, flags: "SIGEV_SIGNAL SIGEV_NONE SIGEV_THREAD_ID",
      limits: "timers of processor time are exact to a millisecond", create)
    sink.add(.timerSettime, flags: "TIMER_ABSTIME", set)
    sink.add(.timerGettime) { (call) throws(Errno) in
      let timer = try timer(call)
      try store((timer.interval, timer.remaining), at: call.address(1))
      return 0
    }
    sink.add(.timerGetoverrun) { (call) throws(Errno) in Int(try timer(call).overruns) }
    sink.add(.timerDelete) { (call) throws(Errno) in
      try timer(call).stop()
      timers.value[Int(call.int32(0))] = nil
      return 0
    }
  }

  /// The wall clock was set.
  static func wallClockDidChange() {
    for timer in timers.value { timer?.wallClockDidChange() }
  }

  private static func timer(_ call: SystemCall) throws(Errno) -> ProgramTimer {
    let index = Int(call.int32(0))
    guard index >= 0, index < timers.value.count, let timer = timers.value[index] else {
      throw .invalidArgument
    }
    return timer
  }

  private static func store(
    _ state: (interval: Nanoseconds, remaining: Nanoseconds), at address: VirtualAddress
  ) throws(Errno) {
    try TimeValue.store(state.interval.count, at: address)
    try TimeValue.store(state.remaining.count, at: address + 16)
  }

  /// `int timer_create(clockid_t clockid, struct sigevent *sevp, timer_t *timerid)`
  static func create(_ call: SystemCall) throws(Errno) -> Int {
    let clock = try LinuxClock(call.int32(0), for: call.thread)
    guard LinuxClock.hasTimers(call.int32(0)) else { throw .notSupported }
    let index = timers.value.firstIndex { $0 == nil } ?? timers.value.count
    guard index < limit else { throw .wouldBlock }
    var event = Event(default: index)
    if let address = call.optionalAddress(1) {
      event = try Event(at: address, in: call.process)
    }
    event.information?.first = Int32(index)
    try ProgramBytes.store(Int32(index), at: call.address(2))
    let timer = ProgramTimer(
      process: call.process, clock: clock, information: event.information, target: event.target)
    if index == timers.value.count {
      timers.value.append(timer)
    } else {
      timers.value[index] = timer
    }
    return 0
  }

  /// `int timer_settime(timer_t, int flags, const struct itimerspec *new, struct itimerspec *old)`
  static func set(_ call: SystemCall) throws(Errno) -> Int {
    guard let address = call.optionalAddress(2) else { throw .invalidArgument }
    let interval = try TimeValue.load(address)
    let value = try TimeValue.load(address + 16)
    let timer = try timer(call)
    let old = (timer.interval, timer.remaining)
    timer.set(value, interval: interval, isAbsolute: call.int32(1) & 1 != 0)
    if let address = call.optionalAddress(3) { try store(old, at: address) }
    return 0
  }

  /// What a timer does when it expires (`sigevent(7)`): nothing without `information`.
  private struct Event {
    var information: SignalInformation?
    var target: Int32?

    /// Without a `struct sigevent`: SIGALRM, and the timer's number as the value.
    init(default index: Int) {
      information = SignalInformation(signal: .alarm, code: ProgramTimer.timerCode)
      information?.value = UInt(index)
    }

    /// A `struct sigevent` of the program: value, signal, kind, thread.
    init(at address: VirtualAddress, in process: Process) throws(Errno) {
      let bytes = try ProgramBytes.copyIn(address, count: 64)
      let number: Int32 = bytes.get(8)
      switch bytes.get(12, as: Int32.self) {
      // SIGEV_NONE
      case 1: return
      // SIGEV_SIGNAL, SIGEV_THREAD (the C library's own, a signal to the kernel)
      case 0, 2: break
      // SIGEV_THREAD_ID
      case 4:
        guard process.thread(bytes.get(16)) != nil else { throw .invalidArgument }
        target = bytes.get(16, as: Int32.self)
      default: throw .invalidArgument
      }
      guard number > 0 && number <= Signal.limit else { throw .invalidArgument }
      information = SignalInformation(
        signal: Signal(rawValue: number), code: ProgramTimer.timerCode)
      information?.value = UInt(bytes.get(0, as: UInt64.self))
    }
  }
}
