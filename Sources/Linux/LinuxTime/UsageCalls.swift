// SPDX-License-Identifier: BSD-3-Clause

import Base
import Clock
import LinuxCore
import Memory

/// What the program has used: `times(2)`, `getrusage(2)`.
enum UsageCalls {
  static func register<S: SystemCallSink>(in sink: inout S) {
    sink.add(.times, limits: "all processor time counts as the program's own", times)
    sink.add(
      .getrusage, flags: "RUSAGE_SELF RUSAGE_CHILDREN RUSAGE_THREAD",
      limits: "processor time, all of it user time, and the memory that is resident now", usage)
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
    if call.int32(0) != -1 {
      // ru_maxrss, in KiB
      bytes.put(Int64(call.process.space.residentPageCount * (pageSize / 1024)), at: 32)
    }
    try ProgramBytes.copyOut(bytes, to: call.address(1))
    return 0
  }
}
