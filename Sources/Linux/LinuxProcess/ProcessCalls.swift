// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxCore
import Log
import Machine
import Memory
import Scheduling
import VFS

/// The family of calls about the process itself: identity, limits, names, the system.
public enum ProcessCalls: SystemCallFamily {
  public static func register<S: SystemCallSink>(in sink: inout S) {
    registerIdentity(in: &sink)
    registerSystem(in: &sink)
    sink.add(.exitGroup, exitGroup)
    sink.add(.execve, limits: "refused: ENOSYS for a file that could be run", execute)
    sink.add(
      .archPrctl, flags: "ARCH_SET_FS ARCH_GET_FS", limits: "GS is the kernel's: EPERM", archControl
    )
    sink.add(.prctl, flags: ProcessControl.flags, ProcessControl.control)
    sink.add(.prlimit64, limits: "limits are kept; NOFILE, STACK and AS are enforced", Limits.both)
    sink.add(.getrlimit, Limits.get)
    sink.add(.setrlimit, Limits.set)
    sink.add(.capget, limits: "root has all capabilities", Capabilities.get)
    sink.add(.capset, limits: "accepted, not enforced", Capabilities.set)
    sink.add(.umask, fileModeMask)
    sink.add(.personality, limits: "kept and told again", personality)
    sink.add(.wait4, limits: "there are no children: ECHILD", noChildren)
    sink.add(.waitid, limits: "there are no children: ECHILD", noChildren)
    sink.add(.pkeyAlloc, limits: "no protection keys: ENOSPC", protectionKeyAlloc)
    sink.add(.pkeyFree, limits: "no protection keys: EINVAL", protectionKeyFree)
  }

  /// `void exit_group(int status)`
  static func exitGroup(_ call: SystemCall) throws(Errno) -> Int {
    call.process.exit(status: call.int32(0) & 0xff)
    return 0
  }

  /// `int execve(const char *path, char *const argv[], char *const envp[])`
  ///
  /// The image runs one program. What is wrong with the file is told as on Linux; a file that could
  /// be run cannot be run here.
  static func execute(_ call: SystemCall) throws(Errno) -> Int {
    let path = try call.path(0)
    let node: Node
    do {
      node = try call.process.namespace.lookup(RawSpan(_elements: path.span))
    } catch { throw Errno(error) }
    guard node.kind == .regular, node.permissionBits & 0o111 != 0 else { throw .accessDenied }
    Log.write(.warning, "linux", "execve: an image runs one program; another cannot be started")
    throw .notImplemented
  }

  /// `int arch_prctl(int code, unsigned long address)`
  static func archControl(_ call: SystemCall) throws(Errno) -> Int {
    switch call.int32(0) {
    case 0x1002:  // ARCH_SET_FS
      // A base that is not canonical would fault in the kernel.
      guard call.argument(1) < 1 << 47 else { throw .notPermitted }
      call.thread.context.setThreadPointer(call.argument(1))
      return 0
    case 0x1003:  // ARCH_GET_FS
      try ProgramBytes.store(UInt64(call.thread.context.threadPointer), at: call.address(1))
      return 0
    case 0x1001, 0x1004:  // ARCH_SET_GS, ARCH_GET_GS
      throw .notPermitted
    default:
      throw .invalidArgument
    }
  }

  /// `mode_t umask(mode_t mask)`
  static func fileModeMask(_ call: SystemCall) throws(Errno) -> Int {
    let old = call.process.fileModeMask
    call.process.fileModeMask = call.uint32(0) & 0o777
    return Int(old)
  }

  /// `int personality(unsigned long persona)`
  static func personality(_ call: SystemCall) throws(Errno) -> Int {
    let old = call.process.personality
    if call.uint32(0) != .max { call.process.personality = call.uint32(0) }
    return Int(old)
  }

  /// `pid_t wait4(pid_t, int *, int, struct rusage *)`
  static func noChildren(_ call: SystemCall) throws(Errno) -> Int { throw .noChildren }

  /// `int pkey_alloc(unsigned int flags, unsigned int rights)`
  static func protectionKeyAlloc(_ call: SystemCall) throws(Errno) -> Int { throw .noSpace }

  /// `int pkey_free(int pkey)`
  static func protectionKeyFree(_ call: SystemCall) throws(Errno) -> Int { throw .invalidArgument }
}
