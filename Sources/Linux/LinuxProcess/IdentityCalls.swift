// SPDX-License-Identifier: BSD-3-Clause

import Base
import LinuxCore

/// User and group identity (`credentials(7)`).
enum IdentityCalls {
  static func register<S: SystemCallSink>(in sink: inout S) {
    sink.add(.getuid) { (call) throws(Errno) in Int(call.process.credentials.user.real) }
    sink.add(.geteuid) { (call) throws(Errno) in Int(call.process.credentials.user.effective) }
    sink.add(.getgid) { (call) throws(Errno) in Int(call.process.credentials.group.real) }
    sink.add(.getegid) { (call) throws(Errno) in Int(call.process.credentials.group.effective) }
    sink.add(.setuid) { (call) throws(Errno) in
      guard call.uint32(0) != .max else { throw .invalidArgument }
      let isPrivileged = call.process.credentials.isPrivileged
      try call.process.credentials.user.set(call.uint32(0), isPrivileged: isPrivileged)
      return 0
    }
    sink.add(.setgid) { (call) throws(Errno) in
      guard call.uint32(0) != .max else { throw .invalidArgument }
      let isPrivileged = call.process.credentials.isPrivileged
      try call.process.credentials.group.set(call.uint32(0), isPrivileged: isPrivileged)
      return 0
    }
    sink.add(.setreuid) { (call) throws(Errno) in
      let isPrivileged = call.process.credentials.isPrivileged
      try call.process.credentials.user.set(
        real: call.uint32(0), effective: call.uint32(1), saved: call.uint32(1),
        isPrivileged: isPrivileged)
      return 0
    }
    sink.add(.setregid) { (call) throws(Errno) in
      let isPrivileged = call.process.credentials.isPrivileged
      try call.process.credentials.group.set(
        real: call.uint32(0), effective: call.uint32(1), saved: call.uint32(1),
        isPrivileged: isPrivileged)
      return 0
    }
    sink.add(.setresuid) { (call) throws(Errno) in
      let isPrivileged = call.process.credentials.isPrivileged
      try call.process.credentials.user.set(
        real: call.uint32(0), effective: call.uint32(1), saved: call.uint32(2),
        isPrivileged: isPrivileged)
      return 0
    }
    sink.add(.setresgid) { (call) throws(Errno) in
      let isPrivileged = call.process.credentials.isPrivileged
      try call.process.credentials.group.set(
        real: call.uint32(0), effective: call.uint32(1), saved: call.uint32(2),
        isPrivileged: isPrivileged)
      return 0
    }
    sink.add(.getresuid) { (call) throws(Errno) in
      try store(call.process.credentials.user, call)
    }
    sink.add(.getresgid) { (call) throws(Errno) in
      try store(call.process.credentials.group, call)
    }
    sink.add(.setfsuid) { (call) throws(Errno) in
      let old = call.process.credentials.user.fileSystem
      if call.uint32(0) != .max { call.process.credentials.user.fileSystem = call.uint32(0) }
      return Int(old)
    }
    sink.add(.setfsgid) { (call) throws(Errno) in
      let old = call.process.credentials.group.fileSystem
      if call.uint32(0) != .max { call.process.credentials.group.fileSystem = call.uint32(0) }
      return Int(old)
    }
    sink.add(.getgroups, groups)
    sink.add(.setgroups, setGroups)
  }

  private static func store(
    _ identity: Credentials.Identity, _ call: SystemCall
  ) throws(Errno) -> Int {
    try ProgramBytes.store(identity.real, at: call.address(0))
    try ProgramBytes.store(identity.effective, at: call.address(1))
    try ProgramBytes.store(identity.saved, at: call.address(2))
    return 0
  }

  /// `int getgroups(int size, gid_t list[])`
  static func groups(_ call: SystemCall) throws(Errno) -> Int {
    let groups = call.process.credentials.supplementaryGroups
    guard call.int32(0) != 0 else { return groups.count }
    guard Int(call.int32(0)) >= groups.count else { throw .invalidArgument }
    for index in groups.indices {
      try ProgramBytes.store(groups[index], at: call.address(1) + index * 4)
    }
    return groups.count
  }

  /// `int setgroups(size_t size, const gid_t *list)`
  static func setGroups(_ call: SystemCall) throws(Errno) -> Int {
    guard call.process.credentials.isPrivileged else { throw .notPermitted }
    // NGROUPS_MAX
    guard call.argument(0) <= 65536 else { throw .invalidArgument }
    var groups: [UInt32] = []
    for index in 0..<Int(call.argument(0)) {
      groups.append(try ProgramBytes.load(at: call.address(1) + index * 4))
    }
    call.process.credentials.supplementaryGroups = groups
    return 0
  }
}
