// SPDX-License-Identifier: BSD-3-Clause

import Base
import LinuxCore

/// `getrlimit(2)`, `setrlimit(2)` and `prlimit(2)`.
enum Limits {
  private static let count = 16
  private static let openFiles = 7

  /// `int prlimit(pid_t pid, int resource, const struct rlimit *new, struct rlimit *old)`
  static func both(_ call: SystemCall) throws(Errno) -> Int {
    guard call.int32(0) == 0 || call.int32(0) == call.process.identifier else {
      throw .noSuchProcess
    }
    let resource = try checked(call.uint32(1))
    let old = call.process.limits[resource]
    if let address = call.optionalAddress(2) { try change(resource, to: address, of: call) }
    if let address = call.optionalAddress(3) { try store(old, at: address) }
    return 0
  }

  /// `int getrlimit(int resource, struct rlimit *limit)`
  static func get(_ call: SystemCall) throws(Errno) -> Int {
    try store(call.process.limits[try checked(call.uint32(0))], at: call.address(1))
    return 0
  }

  /// `int setrlimit(int resource, const struct rlimit *limit)`
  static func set(_ call: SystemCall) throws(Errno) -> Int {
    try change(try checked(call.uint32(0)), to: call.address(1), of: call)
    return 0
  }

  private static func checked(_ resource: UInt32) throws(Errno) -> Int {
    guard resource < UInt32(count) else { throw .invalidArgument }
    return Int(resource)
  }

  private static func store(
    _ limit: (soft: UInt64, hard: UInt64), at address: VirtualAddress
  ) throws(Errno) {
    try ProgramBytes.store(
      Int64(bitPattern: limit.soft), Int64(bitPattern: limit.hard), at: address)
  }

  private static func change(
    _ resource: Int, to address: VirtualAddress, of call: SystemCall
  ) throws(Errno) {
    let soft: UInt64 = try ProgramBytes.load(at: address)
    let hard: UInt64 = try ProgramBytes.load(at: address + 8)
    guard soft <= hard else { throw .invalidArgument }
    let process = call.process
    guard hard <= process.limits[resource].hard || process.credentials.isPrivileged else {
      throw .notPermitted
    }
    // fs.nr_open bounds the table even for root.
    if resource == openFiles {
      guard hard <= 1 << 20 else { throw .notPermitted }
      process.descriptors.limit = Int(soft)
    }
    process.limits[resource] = (soft: soft, hard: hard)
  }
}
