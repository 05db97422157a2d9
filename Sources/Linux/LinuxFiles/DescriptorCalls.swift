// SPDX-License-Identifier: BSD-3-Clause

import Base
import LinuxCore
import Memory
import Pipes
import VFS

/// The calls on descriptors themselves: closing, copying, and their flags.
enum DescriptorCalls {
  /// `O_CLOEXEC`
  static let closeOnExec: UInt32 = 0o2000000
  /// What `F_SETFL` may change: `O_APPEND`, `O_NONBLOCK`, `O_ASYNC`, `O_DIRECT`, `O_NOATIME`.
  private static let changeable: UInt32 = 0o2000 | 0o4000 | 0o20000 | 0o40000 | 0o1000000

  /// `int close(int fd)`
  static func close(_ call: SystemCall) throws(Errno) -> Int {
    try call.process.descriptors.close(call.int32(0))
    return 0
  }

  /// `int close_range(unsigned int first, unsigned int last, int flags)`
  static func closeRange(_ call: SystemCall) throws(Errno) -> Int {
    let first = call.uint32(0)
    let last = call.uint32(1)
    let flags = call.uint32(2)
    // Sharing the table ends with CLOSE_RANGE_UNSHARE (2); threads that share it are not served.
    guard flags & ~6 == 0, first <= last else { throw .invalidArgument }
    let table = call.process.descriptors
    var numbers: [Int32] = []
    table.forEach { number, _ in
      if UInt32(bitPattern: number) >= first && UInt32(bitPattern: number) <= last {
        numbers.append(number)
      }
    }
    for number in numbers {
      if flags & 4 != 0 {
        try table.setClosesOnExec(true, at: number)
      } else {
        try table.close(number)
      }
    }
    return 0
  }

  /// `int dup(int oldfd)`
  static func duplicate(_ call: SystemCall) throws(Errno) -> Int {
    Int(try call.process.descriptors.add(call.file(0), closesOnExec: false))
  }

  /// `int dup2(int oldfd, int newfd)`
  static func duplicateTo(_ call: SystemCall) throws(Errno) -> Int {
    let file = try call.file(0)
    let target = call.int32(1)
    if call.int32(0) != target {
      try call.process.descriptors.replace(target, with: file, closesOnExec: false)
    }
    return Int(target)
  }

  /// `int dup3(int oldfd, int newfd, int flags)`
  static func duplicateTo3(_ call: SystemCall) throws(Errno) -> Int {
    let target = call.int32(1)
    let flags = call.uint32(2)
    guard flags & ~closeOnExec == 0, call.int32(0) != target else { throw .invalidArgument }
    let file = try call.file(0)
    try call.process.descriptors.replace(target, with: file, closesOnExec: flags != 0)
    return Int(target)
  }

  /// `int fcntl(int fd, int cmd, ... /* arg */ )`
  static func control(_ call: SystemCall) throws(Errno) -> Int {
    let file = try call.file(0)
    let table = call.process.descriptors
    switch call.int32(1) {
    case 0, 1030:
      let minimum = call.argument(2)
      guard minimum < UInt(table.limit) else { throw .invalidArgument }
      return Int(
        try table.add(file, closesOnExec: call.int32(1) != 0, atLeast: Int(minimum)))
    case 1: return try table.closesOnExec(call.int32(0)) ? 1 : 0
    case 2:
      try table.setClosesOnExec(call.argument(2) & 1 != 0, at: call.int32(0))
      return 0
    case 3: return Int(file.flags.rawValue)
    case 4:
      let kept = file.flags.rawValue & ~changeable
      file.flags = OpenFlags(rawValue: kept | call.uint32(2) & changeable)
      return 0
    case 5: return try LockCalls.get(call, file, ownedByFile: false)
    case 6: return try LockCalls.set(call, file, ownedByFile: false, blocks: false)
    case 7: return try LockCalls.set(call, file, ownedByFile: false, blocks: true)
    case 36: return try LockCalls.get(call, file, ownedByFile: true)
    case 37: return try LockCalls.set(call, file, ownedByFile: true, blocks: false)
    case 38: return try LockCalls.set(call, file, ownedByFile: true, blocks: true)
    default: return try rareControl(call, file)
    }
  }

  private static func rareControl(_ call: SystemCall, _ file: OpenFile) throws(Errno) -> Int {
    switch call.int32(1) {
    case 8, 10: return 0  // F_SETOWN, F_SETSIG: no signal is sent for input.
    case 9, 11: return 0
    case 1033, 1034: return try seals(call, file)
    case 1031:
      guard let pipe = (file as? PipeFile)?.pipe else { throw .badDescriptor }
      let size = call.uint32(2)
      return try withErrno { () throws(SystemError) in try pipe.setCapacity(size) }
    case 1032:
      guard let pipe = (file as? PipeFile)?.pipe else { throw .badDescriptor }
      return pipe.capacity
    default: throw .invalidArgument
    }
  }

  /// `F_ADD_SEALS` and `F_GET_SEALS`, for memory files only.
  private static func seals(_ call: SystemCall, _ file: OpenFile) throws(Errno) -> Int {
    guard let locks = FileLocks.existing(of: file.node), let seals = locks.seals else {
      throw .invalidArgument
    }
    if call.int32(1) == 1034 { return Int(seals.rawValue) }
    let added = FileSeals(rawValue: call.uint32(2))
    guard added.isSubset(of: .all) else { throw .invalidArgument }
    guard file.isWritable, !seals.contains(.seal) else { throw .notPermitted }
    if added.contains(.write), let source = try? file.node.pageSource(),
      call.process.space.mayWrite(to: source)
    {
      throw .busy
    }
    locks.seals = seals.union(added)
    if added.contains(.write) { file.node.isWriteSealed = true }
    return 0
  }

  /// `int ioctl(int fd, unsigned long request, ...)`
  static func deviceControl(_ call: SystemCall) throws(Errno) -> Int {
    let file = try call.file(0)
    switch call.uint32(1) {
    case 0x5451:  // FIOCLEX
      try call.process.descriptors.setClosesOnExec(true, at: call.int32(0))
      return 0
    case 0x5450:  // FIONCLEX
      try call.process.descriptors.setClosesOnExec(false, at: call.int32(0))
      return 0
    case 0x5452:  // FIOASYNC
      // No signal is sent for input; who asks for it polls as well.
      _ = try ProgramBytes.load(at: call.address(2), as: Int32.self)
      return 0
    case 0x5421:  // FIONBIO
      let enable = try ProgramBytes.load(at: call.address(2), as: Int32.self) != 0
      if enable {
        file.flags.insert(.nonBlocking)
      } else {
        file.flags.remove(.nonBlocking)
      }
      return 0
    case 0x541b:  // FIONREAD
      if let pipe = (file as? PipeFile)?.pipe {
        try ProgramBytes.store(Int32(clamping: pipe.byteCount), at: call.address(2))
        return 0
      }
    default: break
    }
    let request = call.uint32(1)
    let argument = call.argument(2)
    return try withErrno { () throws(SystemError) in
      try file.control(request: request, argument: argument)
    }
  }
}
