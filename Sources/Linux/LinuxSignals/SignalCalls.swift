// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Clock
import LinuxCore
import Machine
import Scheduling

/// The system calls on signals (`signal(7)`).
public enum SignalCalls: SystemCallFamily {
  /// Has signals delivered and faults handled; once, before the program runs.
  public static func prepare() {
    Dispatch.attendant.value = SignalAttendant()
  }

  public static func register<S: SystemCallSink>(in sink: inout S) {
    sink.add(
      .rtSigaction,
      flags: "SA_SIGINFO SA_RESTART SA_NODEFER SA_RESETHAND SA_ONSTACK SA_RESTORER",
      limits: "stop signals do nothing by default", action)
    sink.add(.rtSigprocmask, flags: "SIG_BLOCK SIG_UNBLOCK SIG_SETMASK", mask)
    sink.add(.rtSigpending, pending)
    sink.add(.rtSigtimedwait, timedWait)
    sink.add(.rtSigsuspend, suspend)
    sink.add(.rtSigreturn, finish)
    sink.add(.rtSigqueueinfo, queue)
    sink.add(.rtTgsigqueueinfo, queueToThread)
    sink.add(.sigaltstack, flags: "SS_DISABLE SS_AUTODISARM", alternateStack)
    sink.add(.kill, kill)
    sink.add(.tkill) { (call) throws(Errno) in
      try send(call, to: call.int32(0), signal: call.int32(1))
    }
    sink.add(.tgkill) { (call) throws(Errno) in
      guard call.int32(0) > 0, call.int32(1) > 0 else { throw .invalidArgument }
      guard call.int32(0) == call.process.identifier else { throw .noSuchProcess }
      return try send(call, to: call.int32(1), signal: call.int32(2))
    }
    sink.add(.pause) { (call) throws(Errno) in
      _ = Scheduler.sleep(until: .never)
      throw .restartWithoutHandler
    }
    sink.add(.restartSyscall) { (call) throws(Errno) in
      guard let block = call.thread.restart else { throw .interrupted }
      call.thread.restart = nil
      return try block.resume(call)
    }
  }

  /// Checks a signal's number; 0 only where it means "is it there?".
  static func signal(_ number: Int32) throws(Errno) -> Signal {
    guard number > 0 && number <= Signal.limit else { throw .invalidArgument }
    return Signal(rawValue: number)
  }

  private static func checkSetSize(_ size: UInt) throws(Errno) {
    guard size == 8 else { throw .invalidArgument }
  }

  /// `int rt_sigaction(int signum, const struct sigaction *act, struct sigaction *old, size_t)`
  static func action(_ call: SystemCall) throws(Errno) -> Int {
    try checkSetSize(call.argument(3))
    let signal = try signal(call.int32(0))
    let process = call.process
    let old = process.signalActions[signal]
    if let address = call.optionalAddress(1) {
      guard signal != .kill && signal != .stop else { throw .invalidArgument }
      let bytes = try ProgramBytes.copyIn(address, count: 32)
      var new = SignalAction()
      new.handler = UInt(bytes.get(0, as: UInt64.self))
      new.flags = bytes.get(8)
      new.restorer = UInt(bytes.get(16, as: UInt64.self))
      new.mask = SignalSet(rawValue: bytes.get(24)).blockable
      process.signalActions[signal] = new
      if process.ignores(signal) {
        process.pendingSignals.discard(signal)
        for thread in process.threads { thread.pendingSignals.discard(signal) }
      }
    }
    if let address = call.optionalAddress(2) {
      var bytes = [UInt8](repeating: 0, count: 32)
      bytes.put(UInt64(old.handler), at: 0)
      bytes.put(old.flags, at: 8)
      bytes.put(UInt64(old.restorer), at: 16)
      bytes.put(old.mask.rawValue, at: 24)
      try ProgramBytes.copyOut(bytes, to: address)
    }
    return 0
  }

  /// `int rt_sigprocmask(int how, const sigset_t *set, sigset_t *oldset, size_t sigsetsize)`
  static func mask(_ call: SystemCall) throws(Errno) -> Int {
    try checkSetSize(call.argument(3))
    let thread = call.thread
    let old = thread.signalMask
    if let address = call.optionalAddress(1) {
      let set = SignalSet(rawValue: try ProgramBytes.load(at: address)).blockable
      switch call.int32(0) {
      case 0: thread.signalMask.formUnion(set)
      case 1: thread.signalMask.subtract(set)
      case 2: thread.signalMask = set
      default: throw .invalidArgument
      }
      if thread.hasPendingInterruption { thread.noteAttention() }
    }
    if let address = call.optionalAddress(2) {
      try ProgramBytes.store(old.rawValue, at: address)
    }
    return 0
  }

  /// `int rt_sigpending(sigset_t *set, size_t sigsetsize)`
  static func pending(_ call: SystemCall) throws(Errno) -> Int {
    let set = call.thread.pendingSignals.set.union(call.process.pendingSignals.set)
    try ProgramBytes.store(
      set.intersection(call.thread.signalMask).rawValue, at: call.address(0))
    return 0
  }

  /// `int rt_sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *, size_t)`
  static func timedWait(_ call: SystemCall) throws(Errno) -> Int {
    try checkSetSize(call.argument(3))
    let set = SignalSet(rawValue: try ProgramBytes.load(at: call.address(0))).blockable
    var deadline = Instant.never
    if let address = call.optionalAddress(2) {
      let seconds: Int64 = try ProgramBytes.load(at: address)
      let nanoseconds: Int64 = try ProgramBytes.load(at: address + 8)
      guard seconds >= 0, nanoseconds >= 0, nanoseconds < 1_000_000_000 else {
        throw .invalidArgument
      }
      deadline = Clock.now() + Nanoseconds(seconds: seconds, nanoseconds: nanoseconds)
    }
    let others = SignalSet(rawValue: ~set.rawValue)
    while true {
      if let information = call.thread.pendingSignals.take(besides: others)
        ?? call.process.pendingSignals.take(besides: others)
      {
        if let address = call.optionalAddress(1) {
          var bytes = [UInt8](repeating: 0, count: 128)
          SignalFrame.put(information, into: &bytes, at: 0)
          try ProgramBytes.copyOut(bytes, to: address)
        }
        return Int(information.signal.rawValue)
      }
      switch call.process.signalArrived.wait(until: deadline) {
      case .woken: continue
      case .timedOut: throw .wouldBlock
      case .interrupted: throw .interrupted
      }
    }
  }

  /// `int rt_sigsuspend(const sigset_t *mask, size_t sigsetsize)`
  static func suspend(_ call: SystemCall) throws(Errno) -> Int {
    try checkSetSize(call.argument(1))
    let set = SignalSet(rawValue: try ProgramBytes.load(at: call.address(0))).blockable
    call.thread.savedSignalMask = call.thread.signalMask
    call.thread.signalMask = set
    _ = Scheduler.sleep(until: .never)
    throw .restartWithoutHandler
  }

  /// `int rt_sigreturn(void)`
  static func finish(_ call: SystemCall) throws(Errno) -> Int {
    do { return try SignalDelivery.leave(call.thread) } catch {
      call.process.post(
        SignalInformation(signal: .segmentationFault, code: 0x80), to: call.thread)
      return 0
    }
  }

  /// `int sigaltstack(const stack_t *ss, stack_t *old_ss)`
  static func alternateStack(_ call: SystemCall) throws(Errno) -> Int {
    let thread = call.thread
    let old = thread.alternateStack
    let isInUse = SignalDelivery.isOn(old, thread.registers.stackPointer)
    if let address = call.optionalAddress(0) {
      let bytes = try ProgramBytes.copyIn(address, count: 24)
      guard !isInUse else { throw .notPermitted }
      var new = AlternateStack()
      new.start = UInt(bytes.get(0, as: UInt64.self))
      new.flags = bytes.get(8)
      new.byteCount = UInt(bytes.get(16, as: UInt64.self))
      let mode = new.flags & 0x7fff_ffff
      guard mode <= 2 else { throw .invalidArgument }
      if mode == 2 {
        new.start = 0
        new.byteCount = 0
      } else {
        // MINSIGSTKSZ
        guard new.byteCount >= 2048 else { throw .outOfMemory }
        new.flags &= ~1
      }
      thread.alternateStack = new
    }
    if let address = call.optionalAddress(1) {
      var bytes = [UInt8](repeating: 0, count: 24)
      bytes.put(UInt64(old.start), at: 0)
      bytes.put(isInUse ? old.flags | 1 : old.flags, at: 8)
      bytes.put(UInt64(old.byteCount), at: 16)
      try ProgramBytes.copyOut(bytes, to: address)
    }
    return 0
  }

  /// `int kill(pid_t pid, int sig)`
  static func kill(_ call: SystemCall) throws(Errno) -> Int {
    let target = call.int32(0)
    let own = call.process.identifier
    guard
      target == 0 || target == -1 || target == own || target == -own
        || call.process.thread(target) != nil
    else { throw .noSuchProcess }
    guard call.int32(1) != 0 else { return 0 }
    call.process.post(from(call, try signal(call.int32(1)), code: 0))
    return 0
  }

  /// SI_USER or SI_TKILL, with the sender.
  private static func from(_ call: SystemCall, _ signal: Signal, code: Int32) -> SignalInformation {
    var information = SignalInformation(signal: signal, code: code)
    information.first = call.process.identifier
    information.second = Int32(bitPattern: call.process.credentials.user.real)
    return information
  }

  private static func send(_ call: SystemCall, to identifier: Int32, signal number: Int32)
    throws(Errno)
    -> Int
  {
    guard identifier > 0 else { throw .invalidArgument }
    guard let thread = call.process.thread(identifier) else { throw .noSuchProcess }
    guard number != 0 else { return 0 }
    call.process.post(from(call, try signal(number), code: -6), to: thread)
    return 0
  }

  private static func information(
    at address: VirtualAddress, _ signal: Signal
  ) throws(Errno) -> SignalInformation {
    let bytes = try ProgramBytes.copyIn(address, count: 128)
    var information = SignalInformation(signal: signal, code: bytes.get(8))
    information.error = bytes.get(4)
    information.first = bytes.get(16)
    information.second = bytes.get(20)
    information.value = UInt(bytes.get(24, as: UInt64.self))
    return information
  }

  /// `int rt_sigqueueinfo(pid_t tgid, int sig, siginfo_t *info)`
  static func queue(_ call: SystemCall) throws(Errno) -> Int {
    guard call.int32(0) == call.process.identifier else { throw .noSuchProcess }
    guard call.int32(1) != 0 else { return 0 }
    call.process.post(try information(at: call.address(2), try signal(call.int32(1))))
    return 0
  }

  /// `int rt_tgsigqueueinfo(pid_t tgid, pid_t tid, int sig, siginfo_t *info)`
  static func queueToThread(_ call: SystemCall) throws(Errno) -> Int {
    guard call.int32(0) == call.process.identifier,
      let thread = call.process.thread(call.int32(1))
    else { throw .noSuchProcess }
    guard call.int32(2) != 0 else { return 0 }
    call.process.post(try information(at: call.address(3), try signal(call.int32(2))), to: thread)
    return 0
  }
}
