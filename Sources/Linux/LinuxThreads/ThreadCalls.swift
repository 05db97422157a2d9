// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxCore
import Log
import Machine
import Memory
import Scheduling

/// The system calls that make, name and end threads.
public enum ThreadCalls: SystemCallFamily {
  private static let loggedFork = KernelGlobal(false)

  /// Has those told who wait for a thread's end; once, before the program runs.
  public static func prepare() {
    LinuxThread.endObserver.value = ThreadEnd()
  }

  public static func register<S: SystemCallSink>(in sink: inout S) {
    sink.add(
      .clone,
      flags: """
        CLONE_THREAD with CLONE_VM CLONE_SIGHAND, CLONE_FS CLONE_FILES CLONE_SYSVSEM CLONE_SETTLS \
        CLONE_PARENT_SETTID CLONE_CHILD_SETTID CLONE_CHILD_CLEARTID
        """, limits: "no new processes: ENOSYS", clone)
    sink.add(.clone3, flags: "as clone", limits: "as clone", clone3)
    sink.add(.fork, limits: "ENOSYS: one process", fork)
    sink.add(.vfork, limits: "ENOSYS: one process", fork)
    sink.add(.setTidAddress) { (call) throws(Errno) in
      call.thread.clearIdentifierAt = call.optionalAddress(0)
      return Int(call.thread.identifier)
    }
    sink.add(.gettid) { (call) throws(Errno) in Int(call.thread.identifier) }
    sink.add(.exit, exit)
    sink.add(.setRobustList, setRobustList)
    sink.add(.getRobustList, robustList)
    sink.add(
      .futex,
      flags: """
        FUTEX_WAIT FUTEX_WAKE FUTEX_REQUEUE FUTEX_CMP_REQUEUE FUTEX_WAKE_OP FUTEX_WAIT_BITSET \
        FUTEX_WAKE_BITSET FUTEX_PRIVATE_FLAG FUTEX_CLOCK_REALTIME
        """, limits: "no priority inheritance; keys are addresses", FutexCalls.futex)
    // Every program of the C library asks, and goes on without: nothing that a log should say.
    sink.add(.rseq, limits: "ENOSYS: there are no restartable sequences") { (_) throws(Errno) in
      throw .notImplemented
    }
    SchedulingCalls.register(in: &sink)
  }

  static let memory: UInt64 = 0x100
  static let signalHandlers: UInt64 = 0x800
  static let thread: UInt64 = 0x1_0000
  static let setThreadPointer: UInt64 = 0x8_0000
  static let parentSetIdentifier: UInt64 = 0x10_0000
  static let childClearIdentifier: UInt64 = 0x20_0000
  static let childSetIdentifier: UInt64 = 0x100_0000

  /// `long clone(unsigned long flags, void *stack, int *parent_tid, int *child_tid, ulong tls)`
  static func clone(_ call: SystemCall) throws(Errno) -> Int {
    try start(
      call, flags: UInt64(call.argument(0)) & ~0xff, stack: call.argument(1),
      parentIdentifier: call.address(2), childIdentifier: call.address(3),
      threadPointer: call.argument(4))
  }

  /// `long clone3(struct clone_args *cl_args, size_t size)`
  static func clone3(_ call: SystemCall) throws(Errno) -> Int {
    guard call.argument(1) >= 64 else { throw .invalidArgument }
    guard call.argument(1) <= UInt(pageSize) else { throw .argumentListTooLong }
    let arguments = try ProgramBytes.copyIn(call.address(0), count: 64)
    let stack = arguments.get(40, as: UInt64.self)
    let stackByteCount = arguments.get(48, as: UInt64.self)
    guard (stack == 0) == (stackByteCount == 0) else { throw .invalidArgument }
    return try start(
      call, flags: arguments.get(0), stack: UInt(stack &+ stackByteCount),
      parentIdentifier: VirtualAddress(UInt(arguments.get(24, as: UInt64.self))),
      childIdentifier: VirtualAddress(UInt(arguments.get(16, as: UInt64.self))),
      threadPointer: UInt(arguments.get(56, as: UInt64.self)))
  }

  private static func start(
    _ call: SystemCall, flags: UInt64, stack: UInt, parentIdentifier: VirtualAddress,
    childIdentifier: VirtualAddress, threadPointer: UInt
  ) throws(Errno) -> Int {
    guard flags & thread != 0 else { return try fork(call) }
    guard flags & memory != 0, flags & signalHandlers != 0 else { throw .invalidArgument }
    let process = call.process
    let parent = call.thread
    let identifier = process.nextThreadIdentifier
    // What is left when memory is low is for the kernel's own objects.
    guard !process.space.isLowOnMemory,
      let child = LinuxThread(
        process: process, identifier: identifier, stackPages: process.kernelStackPages)
    else { throw .wouldBlock }
    if flags & parentSetIdentifier != 0 {
      try ProgramBytes.store(identifier, at: parentIdentifier)
    }
    if flags & childSetIdentifier != 0 { try ProgramBytes.store(identifier, at: childIdentifier) }
    process.nextThreadIdentifier += 1
    child.registers.setAll(from: parent.registers)
    child.registers.result = 0
    if stack != 0 { child.registers.stackPointer = stack }
    child.context.copyVectorState(from: parent.context)
    child.context.threadPointer =
      flags & setThreadPointer != 0 ? threadPointer : parent.context.threadPointer
    if flags & childClearIdentifier != 0 { child.clearIdentifierAt = childIdentifier }
    child.signalMask = parent.signalMask
    child.name = parent.name
    child.niceness = parent.niceness
    child.timerSlack = parent.timerSlack
    process.threads.append(child)
    Scheduler.add(child)
    return Int(identifier)
  }

  /// `pid_t fork(void)`: the program must get along without.
  static func fork(_ call: SystemCall) throws(Errno) -> Int {
    if !loggedFork.value {
      loggedFork.value = true
      Log.write(
        .warning, "linux",
        "fork is not available: an image runs one program, and the call fails with ENOSYS")
    }
    throw .notImplemented
  }

  /// `void exit(int status)`: ends this thread; with the last one the process.
  static func exit(_ call: SystemCall) throws(Errno) -> Int {
    if call.process.threads.count == 1 { call.process.exit(status: call.int32(0)) }
    call.thread.isExiting = true
    call.thread.noteAttention()
    return 0
  }

  /// `long set_robust_list(struct robust_list_head *head, size_t len)`
  static func setRobustList(_ call: SystemCall) throws(Errno) -> Int {
    guard call.argument(1) == 24 else { throw .invalidArgument }
    call.thread.robustList = call.optionalAddress(0)
    return 0
  }

  /// `long get_robust_list(int pid, struct robust_list_head **head, size_t *len)`
  static func robustList(_ call: SystemCall) throws(Errno) -> Int {
    let thread = call.int32(0) == 0 ? call.thread : call.process.thread(call.int32(0))
    guard let thread else { throw .noSuchProcess }
    try ProgramBytes.store(UInt64(thread.robustList?.rawValue ?? 0), at: call.address(1))
    try ProgramBytes.store(UInt64(24), at: call.address(2))
    return 0
  }
}
