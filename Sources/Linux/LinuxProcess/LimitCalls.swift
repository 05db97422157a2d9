// SPDX-License-Identifier: BSD-3-Clause

import Base
import LinuxCore

/// Resource limits (`getrlimit(2)`).
enum LimitCalls {
  static func register<S: SystemCallSink>(in sink: inout S) {
    sink.add(
      .prlimit64, limits: "only RLIMIT_NOFILE and RLIMIT_STACK have an effect", prlimit)
    sink.add(.getrlimit, get)
    sink.add(.setrlimit, limits: "as prlimit64", set)
  }

  /// `int prlimit(pid_t pid, int resource, const struct rlimit *new, struct rlimit *old)`
  static func prlimit(_ call: SystemCall) throws(Errno) -> Int {
    guard call.int32(0) == 0 || call.process.thread(call.int32(0)) != nil else {
      throw .noSuchProcess
    }
    let resource = try resource(call.uint32(1))
    let old = call.process.limits[resource]
    if let address = call.optionalAddress(2) { try change(resource, to: address, call.process) }
    if let address = call.optionalAddress(3) {
      try ProgramBytes.store(Int64(bitPattern: old.soft), Int64(bitPattern: old.hard), at: address)
    }
    return 0
  }

  /// `int getrlimit(int resource, struct rlimit *rlim)`
  static func get(_ call: SystemCall) throws(Errno) -> Int {
    let limit = call.process.limits[try resource(call.uint32(0))]
    try ProgramBytes.store(
      Int64(bitPattern: limit.soft), Int64(bitPattern: limit.hard), at: call.address(1))
    return 0
  }

  /// `int setrlimit(int resource, const struct rlimit *rlim)`
  static func set(_ call: SystemCall) throws(Errno) -> Int {
    try change(try resource(call.uint32(0)), to: call.address(1), call.process)
    return 0
  }

  private static func resource(_ number: UInt32) throws(Errno) -> Int {
    guard number < 16 else { throw .invalidArgument }
    return Int(number)
  }

  private static func change(
    _ resource: Int, to address: VirtualAddress, _ process: Process
  ) throws(Errno) {
    let soft = try ProgramBytes.load(at: address, as: UInt64.self)
    let hard = try ProgramBytes.load(at: address + 8, as: UInt64.self)
    guard soft <= hard else { throw .invalidArgument }
    guard hard <= process.limits[resource].hard || process.credentials.isPrivileged else {
      throw .notPermitted
    }
    // RLIMIT_NOFILE
    if resource == 7 {
      guard hard <= 1 << 20 else { throw .notPermitted }
      process.descriptors.limit = Int(soft)
    }
    process.limits[resource] = (soft, hard)
  }
}
