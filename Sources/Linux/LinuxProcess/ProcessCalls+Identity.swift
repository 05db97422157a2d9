// SPDX-License-Identifier: BSD-3-Clause

import LinuxCore
import Scheduling
import Machine
import Base

/// Who the process is.
extension ProcessCalls {
  static func registerIdentity<S: SystemCallSink>(in sink: inout S) {
    sink.add(.getpid) { (call) throws(Errno) in Int(call.process.identifier) }
    sink.add(.getppid) { (call) throws(Errno) in Int(call.process.parentIdentifier) }
    sink.add(.getuid) { (call) throws(Errno) in Int(call.process.credentials.user.real) }
    sink.add(.geteuid) { (call) throws(Errno) in Int(call.process.credentials.user.effective) }
    sink.add(.getgid) { (call) throws(Errno) in Int(call.process.credentials.group.real) }
    sink.add(.getegid) { (call) throws(Errno) in Int(call.process.credentials.group.effective) }
    sink.add(.getresuid) { (call) throws(Errno) in
      try store(call.process.credentials.user, of: call)
    }
    sink.add(.getresgid) { (call) throws(Errno) in
      try store(call.process.credentials.group, of: call)
    }
    sink.add(.setuid, setUser)
    sink.add(.setgid, setGroup)
    sink.add(.setreuid, setRealAndEffectiveUser)
    sink.add(.setregid, setRealAndEffectiveGroup)
    sink.add(.setresuid, setAllUsers)
    sink.add(.setresgid, setAllGroups)
    sink.add(.setfsuid) { (call) throws(Errno) in
      Int(call.process.credentials.user.fileSystem)
    }
    sink.add(.setfsgid) { (call) throws(Errno) in
      Int(call.process.credentials.group.fileSystem)
    }
    sink.add(.getgroups, getGroups)
    sink.add(.setgroups, setGroups)
    // One process, its own group and session.
    sink.add(.getpgid, limits: "one process", ownGroup)
    sink.add(.getsid, limits: "one process", ownGroup)
    sink.add(.getpgrp, limits: "one process") { (call) throws(Errno) in
      Int(call.process.identifier)
    }
    sink.add(.setpgid, limits: "one process") { (_) throws(Errno) in 0 }
    sink.add(.setsid, limits: "the process leads its session: EPERM") { (_) throws(Errno) in
      throw .notPermitted
    }
  }

  private static func store(
    _ identity: Credentials.Identity, of call: SystemCall
  ) throws(Errno) -> Int {
    try ProgramBytes.store(identity.real, at: call.address(0))
    try ProgramBytes.store(identity.effective, at: call.address(1))
    try ProgramBytes.store(identity.saved, at: call.address(2))
    return 0
  }

  /// `int setuid(uid_t uid)`
  static func setUser(_ call: SystemCall) throws(Errno) -> Int {
    let isPrivileged = call.process.credentials.isPrivileged
    try call.process.credentials.user.set(call.uint32(0), isPrivileged: isPrivileged)
    return 0
  }

  /// `int setgid(gid_t gid)`
  static func setGroup(_ call: SystemCall) throws(Errno) -> Int {
    let isPrivileged = call.process.credentials.isPrivileged
    try call.process.credentials.group.set(call.uint32(0), isPrivileged: isPrivileged)
    return 0
  }

  /// `int setreuid(uid_t ruid, uid_t euid)`
  static func setRealAndEffectiveUser(_ call: SystemCall) throws(Errno) -> Int {
    let isPrivileged = call.process.credentials.isPrivileged
    try call.process.credentials.user.set(
      real: call.uint32(0), effective: call.uint32(1), saved: call.uint32(1),
      isPrivileged: isPrivileged)
    return 0
  }

  /// `int setregid(gid_t rgid, gid_t egid)`
  static func setRealAndEffectiveGroup(_ call: SystemCall) throws(Errno) -> Int {
    let isPrivileged = call.process.credentials.isPrivileged
    try call.process.credentials.group.set(
      real: call.uint32(0), effective: call.uint32(1), saved: call.uint32(1),
      isPrivileged: isPrivileged)
    return 0
  }

  /// `int setresuid(uid_t ruid, uid_t euid, uid_t suid)`
  static func setAllUsers(_ call: SystemCall) throws(Errno) -> Int {
    let isPrivileged = call.process.credentials.isPrivileged
    try call.process.credentials.user.set(
      real: call.uint32(0), effective: call.uint32(1), saved: call.uint32(2),
      isPrivileged: isPrivileged)
    return 0
  }

  /// `int setresgid(gid_t rgid, gid_t egid, gid_t sgid)`
  static func setAllGroups(_ call: SystemCall) throws(Errno) -> Int {
    let isPrivileged = call.process.credentials.isPrivileged
    try call.process.credentials.group.set(
      real: call.uint32(0), effective: call.uint32(1), saved: call.uint32(2),
      isPrivileged: isPrivileged)
    return 0
  }

  /// `int getgroups(int size, gid_t list[])`
  static func getGroups(_ call: SystemCall) throws(Errno) -> Int {
    let groups = call.process.credentials.supplementaryGroups
    guard call.int32(0) != 0 else { return groups.count }
    guard Int(call.int32(0)) >= groups.count else { throw .invalidArgument }
    for (index, group) in groups.enumerated() {
      try ProgramBytes.store(group, at: call.address(1) + index * 4)
    }
    return groups.count
  }

  /// `int setgroups(size_t size, const gid_t *list)`
  static func setGroups(_ call: SystemCall) throws(Errno) -> Int {
    guard call.process.credentials.isPrivileged else { throw .notPermitted }
    guard call.argument(0) <= 65536 else { throw .invalidArgument }
    var groups: [UInt32] = []
    for index in 0..<Int(call.argument(0)) {
      groups.append(try ProgramBytes.load(at: call.address(1) + index * 4))
    }
    call.process.credentials.supplementaryGroups = groups
    return 0
  }

  /// `pid_t getpgid(pid_t pid)`, `pid_t getsid(pid_t pid)`
  static func ownGroup(_ call: SystemCall) throws(Errno) -> Int {
    let asked = call.int32(0)
    guard asked == 0 || asked == call.process.identifier else { throw .noSuchProcess }
    return Int(call.process.identifier)
  }
}
