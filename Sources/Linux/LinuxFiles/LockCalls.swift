// SPDX-License-Identifier: BSD-3-Clause

import Base
import LinuxCore
import Scheduling
import VFS

/// `flock`, and the locking commands of `fcntl`.
enum LockCalls {
  /// `int flock(int fd, int operation)`
  static func lockWhole(_ call: SystemCall) throws(Errno) -> Int {
    let operation = call.int32(1)
    let file = try call.file(0)
    let owner = FileLocks.owner(file)
    let kind: RecordLocks.Kind
    switch operation & ~4 {
    case 1: kind = .shared
    case 2: kind = .exclusive
    case 8:
      FileLocks.existing(of: file.node)?.release(0, .max, owner: owner, in: .whole)
      return 0
    default: throw .invalidArgument
    }
    let locks = FileLocks.of(file.node)
    OpenFileLocks.watch(file)
    // A lock that changes its kind is given up first, as Linux does.
    if let held = locks.whole.locks.first(where: { $0.owner == owner }) {
      if held.kind == kind { return 0 }
      locks.whole.release(0, .max, owner: owner)
      locks.released.wakeAll()
    }
    try locks.acquire(
      RecordLocks.Lock(start: 0, end: .max, kind: kind, owner: owner), in: .whole,
      blocks: operation & 4 == 0)
    return 0
  }

  /// `F_GETLK`, `F_OFD_GETLK`: tells the first lock in the way, or that there is none.
  static func get(_ call: SystemCall, _ file: OpenFile, ownedByFile: Bool) throws(Errno) -> Int {
    let request = try Request(call, file)
    guard let kind = request.kind else { throw .invalidArgument }
    if ownedByFile && request.process != 0 { throw .invalidArgument }
    let owner = ownedByFile ? FileLocks.owner(file) : FileLocks.process
    let wanted = RecordLocks.Lock(
      start: request.start, end: request.end, kind: kind, owner: owner)
    guard let held = FileLocks.existing(of: file.node)?.ranges.conflict(with: wanted) else {
      try ProgramBytes.store(Int16(2), at: request.address)
      return 0
    }
    try ProgramBytes.store(held.kind == .shared ? Int16(0) : 1, at: request.address)
    try ProgramBytes.store(Int16(0), at: request.address + 2)
    try ProgramBytes.store(held.start, at: request.address + 8)
    try ProgramBytes.store(held.end == .max ? 0 : held.end - held.start, at: request.address + 16)
    let holder = held.owner == FileLocks.process ? call.process.identifier : -1
    try ProgramBytes.store(holder, at: request.address + 24)
    return 0
  }

  /// `F_SETLK`, `F_SETLKW`, `F_OFD_SETLK`, `F_OFD_SETLKW`
  static func set(
    _ call: SystemCall, _ file: OpenFile, ownedByFile: Bool, blocks: Bool
  ) throws(Errno) -> Int {
    let request = try Request(call, file)
    if ownedByFile && request.process != 0 { throw .invalidArgument }
    let owner = ownedByFile ? FileLocks.owner(file) : FileLocks.process
    guard let kind = request.kind else {
      FileLocks.existing(of: file.node)?.release(
        request.start, request.end, owner: owner, in: .ranges)
      return 0
    }
    guard kind == .shared ? file.isReadable : file.isWritable else { throw .badDescriptor }
    let locks = FileLocks.of(file.node)
    if ownedByFile { OpenFileLocks.watch(file) }
    try locks.acquire(
      RecordLocks.Lock(start: request.start, end: request.end, kind: kind, owner: owner),
      in: .ranges, blocks: blocks)
    return 0
  }

  /// A `struct flock`, its range in bytes from the start of the file.
  private struct Request {
    let address: VirtualAddress
    /// Nil for `F_UNLCK`.
    let kind: RecordLocks.Kind?
    let start: Int64
    let end: Int64
    let process: Int32

    /// Throws `invalidArgument`, `overflow`, `badAddress`.
    init(_ call: SystemCall, _ file: OpenFile) throws(Errno) {
      address = call.address(2)
      switch try ProgramBytes.load(at: address, as: Int16.self) {
      case 0: kind = .shared
      case 1: kind = .exclusive
      case 2: kind = nil
      default: throw .invalidArgument
      }
      let base: Int64
      switch try ProgramBytes.load(at: address + 2, as: Int16.self) {
      case 0: base = 0
      case 1: base = file.position
      case 2: base = file.node.byteCount
      default: throw .invalidArgument
      }
      let offset = try ProgramBytes.load(at: address + 8, as: Int64.self)
      let count = try ProgramBytes.load(at: address + 16, as: Int64.self)
      process = try ProgramBytes.load(at: address + 24, as: Int32.self)
      (start, end) = try Self.range(base: base, offset: offset, count: count)
    }

    /// The bytes that `l_start` and `l_len` mean (`flock64_to_posix_lock`).
    static func range(
      base: Int64, offset: Int64, count: Int64
    ) throws(Errno) -> (Int64, Int64) {
      let (start, overflow) = base.addingReportingOverflow(offset)
      guard !overflow else { throw .overflow }
      guard start >= 0 else { throw .invalidArgument }
      if count == 0 { return (start, .max) }
      let (other, carry) = start.addingReportingOverflow(count)
      if count > 0 {
        // The last byte must have a number; one more than the last need not.
        if carry {
          guard start.addingReportingOverflow(count - 1).overflow == false else {
            throw .overflow
          }
          return (start, .max)
        }
        return (start, other)
      }
      guard other >= 0 else { throw .invalidArgument }
      return (other, start)
    }
  }
}
