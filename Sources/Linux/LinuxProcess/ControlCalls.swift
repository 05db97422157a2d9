// SPDX-License-Identifier: BSD-3-Clause

import Base
import LinuxCore

/// `prctl(2)`
enum ControlCalls {
  static func register<S: SystemCallSink>(in sink: inout S) {
    sink.add(
      .prctl,
      flags: """
        PR_SET_NAME PR_GET_NAME PR_SET_DUMPABLE PR_GET_DUMPABLE PR_CAPBSET_READ PR_CAPBSET_DROP \
        PR_SET_NO_NEW_PRIVS PR_GET_NO_NEW_PRIVS PR_SET_THP_DISABLE PR_GET_THP_DISABLE \
        PR_SET_TIMERSLACK PR_GET_TIMERSLACK PR_SET_PDEATHSIG PR_SET_KEEPCAPS PR_GET_KEEPCAPS \
        PR_SET_CHILD_SUBREAPER PR_SET_VMA
        """, control)
  }

  /// `int prctl(int option, unsigned long arg2, …)`
  static func control(_ call: SystemCall) throws(Errno) -> Int {
    let process = call.process
    let thread = call.thread
    switch call.int32(0) {
    case 15: thread.name = try name(at: call.address(1))
    case 16:
      var bytes = thread.name.isEmpty ? process.commandName : thread.name
      while bytes.count < 16 { bytes.append(0) }
      try ProgramBytes.copyOut(bytes, to: call.address(1))
    case 4:
      guard call.argument(1) <= 1 else { throw .invalidArgument }
      process.isDumpable = call.argument(1) == 1
    case 3: return process.isDumpable ? 1 : 0
    case 23:
      guard call.argument(1) <= 40 else { throw .invalidArgument }
      return 1
    case 24: return 0
    case 38:
      guard call.argument(1) == 1 else { throw .invalidArgument }
      process.hasNoNewPrivileges = true
    case 39: return process.hasNoNewPrivileges ? 1 : 0
    case 41: process.disablesHugePages = call.argument(1) != 0
    case 42: return process.disablesHugePages ? 1 : 0
    case 29: thread.timerSlack = call.argument(1) == 0 ? 50_000 : UInt64(call.argument(1))
    case 30: return Int(thread.timerSlack)
    // Parents, kept capabilities, reapers and names of mappings: accepted, without effect.
    case 1, 8, 36, 0x5356_4d41: return 0
    case 7: return 0
    default: throw .invalidArgument
    }
    return 0
  }

  /// At most 15 bytes; the rest is cut off without an error.
  private static func name(at address: VirtualAddress) throws(Errno) -> [UInt8] {
    var name: [UInt8] = []
    while name.count < 15 {
      let byte: UInt8 = try ProgramBytes.load(at: address + name.count)
      if byte == 0 { break }
      name.append(byte)
    }
    return name
  }
}
