// SPDX-License-Identifier: BSD-3-Clause

import Base
import LinuxCore
import Machine
import Random
import Scheduling

/// The system calls about the process itself.
public enum ProcessCalls {
  public static func register<S: SystemCallSink>(in sink: inout S) {
    sink.add(
      .archPrctl, flags: "ARCH_SET_FS ARCH_GET_FS ARCH_CET_STATUS",
      limits: "the base of GS is the kernel's: ARCH_SET_GS is EPERM", architecture)
    sink.add(.exitGroup, exitGroup)
    sink.add(.getpid) { (call) throws(Errno) in Int(call.process.identifier) }
    sink.add(.getppid) { (call) throws(Errno) in Int(call.process.parentIdentifier) }
    sink.add(.getpgrp) { (call) throws(Errno) in Int(call.process.identifier) }
    sink.add(.getpgid, group)
    sink.add(.getsid, group)
    sink.add(.setpgid, limits: "one process: its group is its own") {
      (call) throws(Errno) in 0
    }
    sink.add(.setsid, limits: "EPERM: the process leads its group") {
      (call) throws(Errno) in throw .notPermitted
    }
    sink.add(.getrandom, flags: "GRND_NONBLOCK GRND_RANDOM GRND_INSECURE", random)
    sink.add(.umask, umask)
    sink.add(.personality, personality)
    sink.add(.wait4, limits: "ECHILD: there are no children", noChildren)
    sink.add(.waitid, limits: "ECHILD: there are no children", noChildren)
    sink.add(.capget, capabilities)
    sink.add(.capset, limits: "accepted without effect", setCapabilities)
    sink.add(.ioprioSet, limits: "without effect") { (call) throws(Errno) in 0 }
    sink.add(.ioprioGet) { (call) throws(Errno) in 0 }
    sink.add(.syslog, limits: "EPERM") { (call) throws(Errno) in throw .notPermitted }
    LimitCalls.register(in: &sink)
    IdentityCalls.register(in: &sink)
    SystemInformationCalls.register(in: &sink)
    ControlCalls.register(in: &sink)
  }

  /// `int arch_prctl(int code, unsigned long addr)`
  static func architecture(_ call: SystemCall) throws(Errno) -> Int {
    switch call.int32(0) {
    case 0x1002:
      guard call.argument(1) < 1 << 47 else { throw .notPermitted }
      call.thread.context.setThreadPointer(call.argument(1))
    case 0x1003: try ProgramBytes.store(UInt64(call.thread.context.threadPointer), at: call.address(1))
    case 0x1001: throw .notPermitted
    case 0x1004: try ProgramBytes.store(UInt64(0), at: call.address(1))
    // ARCH_GET_CPUID: CPUID is allowed.
    case 0x1011: return 1
    default: throw .invalidArgument
    }
    return 0
  }

  /// `void exit_group(int status)`
  static func exitGroup(_ call: SystemCall) throws(Errno) -> Int {
    call.process.exit(status: call.int32(0))
    return 0
  }

  /// `pid_t getpgid(pid_t pid)`, `pid_t getsid(pid_t pid)`
  static func group(_ call: SystemCall) throws(Errno) -> Int {
    let process = call.process
    guard call.int32(0) == 0 || call.int32(0) == process.identifier else { throw .noSuchProcess }
    return Int(process.identifier)
  }

  /// `ssize_t getrandom(void *buf, size_t buflen, unsigned int flags)`
  static func random(_ call: SystemCall) throws(Errno) -> Int {
    guard call.uint32(2) & ~7 == 0 else { throw .invalidArgument }
    let total = call.count(1)
    var done = 0
    while done < total {
      var block = [UInt8](repeating: 0, count: min(total - done, 4096))
      var elements = block.mutableSpan
      var bytes = MutableRawSpan(_elements: &elements)
      RandomSource.fill(&bytes)
      try ProgramBytes.copyOut(block, to: call.address(0) + done)
      done += block.count
    }
    return done
  }

  /// `mode_t umask(mode_t mask)`
  static func umask(_ call: SystemCall) throws(Errno) -> Int {
    let old = call.process.fileModeMask
    call.process.fileModeMask = call.uint32(0) & 0o777
    return Int(old)
  }

  /// `int personality(unsigned long persona)`
  static func personality(_ call: SystemCall) throws(Errno) -> Int {
    let old = call.process.personality
    if call.uint32(0) != 0xffff_ffff { call.process.personality = call.uint32(0) }
    return Int(old)
  }

  /// `pid_t wait4(pid_t pid, int *wstatus, int options, struct rusage *rusage)`
  static func noChildren(_ call: SystemCall) throws(Errno) -> Int {
    throw .noChildren
  }

  /// `int capget(cap_user_header_t hdrp, cap_user_data_t datap)`
  static func capabilities(_ call: SystemCall) throws(Errno) -> Int {
    let words = try capabilityWords(call)
    guard let address = call.optionalAddress(1) else { return 0 }
    let all: UInt32 = call.process.credentials.isPrivileged ? .max : 0
    var bytes = [UInt8](repeating: 0, count: words * 12)
    for word in 0..<words {
      // CAP_LAST_CAP is 40 in Linux 6.1.
      let mask = word == 0 ? all : all & 0x1ff
      bytes.put(mask, at: word * 12)
      bytes.put(mask, at: word * 12 + 4)
    }
    try ProgramBytes.copyOut(bytes, to: address)
    return 0
  }

  /// `int capset(cap_user_header_t hdrp, const cap_user_data_t datap)`
  static func setCapabilities(_ call: SystemCall) throws(Errno) -> Int {
    _ = try capabilityWords(call)
    return 0
  }

  /// Checks the header's version and returns how many words of each set go with it.
  private static func capabilityWords(_ call: SystemCall) throws(Errno) -> Int {
    let process = try ProgramBytes.load(at: call.address(0) + 4, as: Int32.self)
    switch try ProgramBytes.load(at: call.address(0), as: UInt32.self) {
    case 0x1998_0330:
      guard process == 0 || process == call.process.identifier else { throw .noSuchProcess }
      return 1
    case 0x2007_1026, 0x2008_0522:
      guard process >= 0 else { throw .invalidArgument }
      return 2
    default:
      try ProgramBytes.store(UInt32(0x2008_0522), at: call.address(0))
      if call.argument(1) == 0 { return 0 }
      throw .invalidArgument
    }
  }
}
