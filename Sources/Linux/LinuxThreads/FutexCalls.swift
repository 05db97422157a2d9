// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Clock
import LinuxCore
import Scheduling

/// `futex(2)`
enum FutexCalls {
  /// `long futex(uint32_t *uaddr, int op, uint32_t val, timeout or val2, uint32_t *uaddr2, val3)`
  static func futex(_ call: SystemCall) throws(Errno) -> Int {
    let operation = call.uint32(1)
    let address = call.address(0)
    guard address.rawValue & 3 == 0 else { throw .invalidArgument }
    let table = FutexTable.shared.value
    let isWallTime = operation & 256 != 0
    switch operation & 127 {
    case 0:
      return try wait(call, bits: .max, deadline: try deadline(call, isAbsolute: false, isWallTime))
    case 1: return table.wake(address, count: Int(call.int32(2)), bits: .max)
    case 3: return try requeue(call, compares: false)
    case 4: return try requeue(call, compares: true)
    case 5: return try wakeOperation(call)
    case 9:
      guard call.uint32(5) != 0 else { throw .invalidArgument }
      return try wait(
        call, bits: call.uint32(5), deadline: try deadline(call, isAbsolute: true, isWallTime))
    case 10:
      guard call.uint32(5) != 0 else { throw .invalidArgument }
      return table.wake(address, count: Int(call.int32(2)), bits: call.uint32(5))
    default: throw .notImplemented
    }
  }

  private static func deadline(
    _ call: SystemCall, isAbsolute: Bool, _ isWallTime: Bool
  ) throws(Errno) -> Instant {
    guard let address = call.optionalAddress(3) else { return .never }
    let seconds: Int64 = try ProgramBytes.load(at: address)
    let nanoseconds: Int64 = try ProgramBytes.load(at: address + 8)
    guard seconds >= 0, nanoseconds >= 0, nanoseconds < 1_000_000_000 else {
      throw .invalidArgument
    }
    let span = Nanoseconds(seconds: seconds, nanoseconds: nanoseconds)
    if !isAbsolute { return Clock.now() + span }
    guard isWallTime else { return Instant.start + span }
    return Instant.start + Nanoseconds(max(0, span.count &- Clock.wallOffset))
  }

  private static func wait(_ call: SystemCall, bits: UInt32, deadline: Instant) throws(Errno) -> Int
  {
    let address = call.address(0)
    guard try ProgramBytes.load(at: address, as: UInt32.self) == call.uint32(2) else {
      throw .wouldBlock
    }
    let thread = call.thread
    guard !thread.hasPendingInterruption else { throw .restart }
    let waiter = FutexWaiter(thread: thread, address: address, bits: bits)
    let table = FutexTable.shared.value
    table.add(waiter)
    while true {
      let reason = Scheduler.block(until: deadline, interruptible: true)
      if waiter.isWoken { return 0 }
      if reason == .woken { continue }
      table.remove(waiter)
      if reason == .timedOut { throw .timedOut }
      // A relative timeout would start again from its whole length.
      throw deadline == .never || call.uint32(1) & 127 == 9 ? .restart : .interrupted
    }
  }

  private static func requeue(_ call: SystemCall, compares: Bool) throws(Errno) -> Int {
    let target = call.address(4)
    let wakeCount = Int(call.int32(2))
    let moveCount = Int(Int32(truncatingIfNeeded: call.argument(3)))
    guard wakeCount >= 0, moveCount >= 0, target.rawValue & 3 == 0 else {
      throw .invalidArgument
    }
    if compares {
      let word: UInt32 = try ProgramBytes.load(at: call.address(0))
      guard word == call.uint32(5) else { throw .wouldBlock }
    }
    let table = FutexTable.shared.value
    let woken = table.wake(call.address(0), count: wakeCount, bits: .max)
    return woken + table.requeue(call.address(0), to: target, count: moveCount)
  }

  /// `FUTEX_WAKE_OP`: changes the second word, wakes the first, and perhaps the second.
  private static func wakeOperation(_ call: SystemCall) throws(Errno) -> Int {
    let code = call.uint32(5)
    let second = call.address(4)
    let old: UInt32 = try ProgramBytes.load(at: second)
    var operand = UInt32(bitPattern: Int32(bitPattern: code << 8) >> 20)
    let comparand = Int32(bitPattern: code << 20) >> 20
    if code >> 31 != 0 { operand = 1 << (operand & 31) }
    let new: UInt32
    switch code >> 28 & 7 {
    case 0: new = operand
    case 1: new = old &+ operand
    case 2: new = old | operand
    case 3: new = old & ~operand
    case 4: new = old ^ operand
    default: throw .notImplemented
    }
    try ProgramBytes.store(new, at: second)
    let value = Int32(bitPattern: old)
    let wakesSecond: Bool
    switch code >> 24 & 15 {
    case 0: wakesSecond = value == comparand
    case 1: wakesSecond = value != comparand
    case 2: wakesSecond = value < comparand
    case 3: wakesSecond = value <= comparand
    case 4: wakesSecond = value > comparand
    case 5: wakesSecond = value >= comparand
    default: throw .notImplemented
    }
    let table = FutexTable.shared.value
    var woken = table.wake(call.address(0), count: Int(call.int32(2)), bits: .max)
    if wakesSecond { woken += table.wake(second, count: Int(call.int32(3)), bits: .max) }
    return woken
  }
}
