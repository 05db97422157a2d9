// SPDX-License-Identifier: BSD-3-Clause

import Base
import LinuxCore
import Pipes
import VFS

/// `pipe` and `pipe2`.
enum PipeCalls {
  /// `int pipe(int pipefd[2])`
  static func pipe(_ call: SystemCall) throws(Errno) -> Int {
    try pipe(call, flags: 0)
  }

  /// `int pipe2(int pipefd[2], int flags)`; `O_DIRECT` (packets) is refused.
  static func pipe2(_ call: SystemCall) throws(Errno) -> Int {
    try pipe(call, flags: call.uint32(1))
  }

  private static func pipe(_ call: SystemCall, flags: UInt32) throws(Errno) -> Int {
    let closeOnExec = DescriptorCalls.closeOnExec
    guard flags & ~(closeOnExec | OpenFlags.nonBlocking.rawValue) == 0 else {
      throw .invalidArgument
    }
    let ends = PipeFile.pair(flags: OpenFlags(rawValue: flags & ~closeOnExec))
    let table = call.process.descriptors
    let reader = try table.add(ends.reader, closesOnExec: flags & closeOnExec != 0)
    var writer: Int32 = -1
    do {
      writer = try table.add(ends.writer, closesOnExec: flags & closeOnExec != 0)
      try ProgramBytes.store(reader, at: call.address(0))
      try ProgramBytes.store(writer, at: call.address(0) + 4)
    } catch {
      try table.close(reader)
      if writer >= 0 { try table.close(writer) }
      throw error
    }
    return 0
  }
}
