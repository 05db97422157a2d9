// SPDX-License-Identifier: BSD-3-Clause

import Base
import LinuxCore
import Scheduling

/// The system calls on scheduling. There is one processor and one class of threads.
enum SchedulingCalls {
  static func register<S: SystemCallSink>(in sink: inout S) {
    sink.add(.schedYield) { (call) throws(Errno) in
      call.thread.yield()
      return 0
    }
    sink.add(.schedGetaffinity, affinity)
    sink.add(.schedSetaffinity, limits: "one processor", setAffinity)
    sink.add(.getcpu) { (call) throws(Errno) in
      if let address = call.optionalAddress(0) { try ProgramBytes.store(UInt32(0), at: address) }
      if let address = call.optionalAddress(1) { try ProgramBytes.store(UInt32(0), at: address) }
      return 0
    }
    sink.add(.schedGetscheduler) { (call) throws(Errno) in
      Int(try thread(call).schedulingPolicy)
    }
    sink.add(.schedSetscheduler, limits: "remembered without effect") { (call) throws(Errno) in
      let thread = try thread(call)
      thread.schedulingPolicy = call.int32(1)
      thread.schedulingPriority = try ProgramBytes.load(at: call.address(2))
      return 0
    }
    sink.add(.schedGetparam) { (call) throws(Errno) in
      try ProgramBytes.store(try thread(call).schedulingPriority, at: call.address(1))
      return 0
    }
    sink.add(.schedSetparam, limits: "remembered without effect") { (call) throws(Errno) in
      try thread(call).schedulingPriority = try ProgramBytes.load(at: call.address(1))
      return 0
    }
    sink.add(.schedGetPriorityMax) { (call) throws(Errno) in
      call.int32(0) == 1 || call.int32(0) == 2 ? 99 : 0
    }
    sink.add(.schedGetPriorityMin) { (call) throws(Errno) in
      call.int32(0) == 1 || call.int32(0) == 2 ? 1 : 0
    }
    sink.add(.getpriority) { (call) throws(Errno) in 20 - Int(call.thread.niceness) }
    sink.add(.setpriority, limits: "remembered without effect") { (call) throws(Errno) in
      call.thread.niceness = max(-20, min(19, call.int32(2)))
      return 0
    }
    sink.add(.membarrier, flags: "all commands", limits: "one processor: nothing to do") {
      (call) throws(Errno) in call.int32(0) == 0 ? 0x3ff : 0
    }
  }

  private static func thread(_ call: SystemCall) throws(Errno) -> LinuxThread {
    if call.int32(0) == 0 { return call.thread }
    guard let thread = call.process.thread(call.int32(0)) else { throw .noSuchProcess }
    return thread
  }

  /// `int sched_getaffinity(pid_t pid, size_t cpusetsize, cpu_set_t *mask)`
  static func affinity(_ call: SystemCall) throws(Errno) -> Int {
    _ = try thread(call)
    guard call.argument(1) >= 8, call.argument(1) & 7 == 0 else { throw .invalidArgument }
    try ProgramBytes.store(UInt64(1), at: call.address(2))
    return 8
  }

  /// `int sched_setaffinity(pid_t pid, size_t cpusetsize, const cpu_set_t *mask)`
  static func setAffinity(_ call: SystemCall) throws(Errno) -> Int {
    _ = try thread(call)
    guard call.argument(1) > 0 else { throw .invalidArgument }
    let first: UInt8 = try ProgramBytes.load(at: call.address(2))
    guard first & 1 != 0 else { throw .invalidArgument }
    return 0
  }
}
