// SPDX-License-Identifier: BSD-3-Clause

import Base
import Clock
import LinuxCore
import VFS

/// `eventfd`, `timerfd` and `signalfd`.
enum EventCalls {
  /// `EFD_SEMAPHORE`
  private static let semaphore: UInt32 = 1

  /// `int eventfd(unsigned int initval)`
  static func eventCounter(_ call: SystemCall) throws(Errno) -> Int {
    try addCounter(call, flags: 0)
  }

  /// `int eventfd2(unsigned int initval, int flags)`
  static func eventCounter2(_ call: SystemCall) throws(Errno) -> Int {
    let flags = call.uint32(1)
    guard flags & ~(semaphore | PollingFlags.nonBlocking | PollingFlags.closeOnExec) == 0 else {
      throw .invalidArgument
    }
    return try addCounter(call, flags: flags)
  }

  private static func addCounter(_ call: SystemCall, flags: UInt32) throws(Errno) -> Int {
    let counter = EventCounter(
      value: UInt64(call.uint32(0)), isSemaphore: flags & semaphore != 0,
      node: AnonymousNode.shared, flags: PollingFlags.status(flags))
    return try add(call, counter, flags)
  }

  private static func add(
    _ call: SystemCall, _ file: OpenFile, _ flags: UInt32
  ) throws(Errno) -> Int {
    Int(
      try call.process.descriptors.add(
        file, closesOnExec: flags & PollingFlags.closeOnExec != 0))
  }

  /// `int timerfd_create(int clockid, int flags)`
  static func timerCreate(_ call: SystemCall) throws(Errno) -> Int {
    let flags = call.uint32(1)
    guard flags & ~(PollingFlags.nonBlocking | PollingFlags.closeOnExec) == 0 else {
      throw .invalidArgument
    }
    let countsWallTime: Bool
    switch call.int32(0) {
    case 0, 8: countsWallTime = true
    case 1, 7, 9: countsWallTime = false
    default: throw .invalidArgument
    }
    let timer = TimerFile(
      countsWallTime: countsWallTime, node: AnonymousNode.shared,
      flags: PollingFlags.status(flags))
    return try add(call, timer, flags)
  }

  /// `int timerfd_settime(int fd, int flags, const struct itimerspec *new_value,
  /// struct itimerspec *old_value)`
  static func timerSet(_ call: SystemCall) throws(Errno) -> Int {
    let flags = call.uint32(1)
    let start = call.address(2)
    let interval = try nanoseconds(at: start)
    let value = try nanoseconds(at: start + 16)
    guard flags & ~3 == 0, let interval, let value else { throw .invalidArgument }
    guard let timer = try call.file(0) as? TimerFile else { throw .invalidArgument }
    let now = Clock.now()
    let old = timer.remaining(at: now)
    timer.set(
      TimerFile.Setting(value: value, interval: interval), isAbsolute: flags & 1 != 0, at: now)
    if let address = call.optionalAddress(3) { try store(old, at: address) }
    return 0
  }

  /// `int timerfd_gettime(int fd, struct itimerspec *curr_value)`
  static func timerGet(_ call: SystemCall) throws(Errno) -> Int {
    guard let timer = try call.file(0) as? TimerFile else { throw .invalidArgument }
    try store(timer.remaining(at: Clock.now()), at: call.address(1))
    return 0
  }

  /// The `struct timespec` at `address`; nil when it is not valid.
  private static func nanoseconds(at address: VirtualAddress) throws(Errno) -> UInt64? {
    let seconds = try ProgramBytes.load(at: address, as: Int64.self)
    let nanoseconds = try ProgramBytes.load(at: address + 8, as: Int64.self)
    guard seconds >= 0 && nanoseconds >= 0 && nanoseconds < 1_000_000_000 else { return nil }
    return UInt64(Nanoseconds(seconds: seconds, nanoseconds: nanoseconds).count)
  }

  private static func store(
    _ setting: TimerFile.Setting, at address: VirtualAddress
  ) throws(Errno) {
    let second: UInt64 = 1_000_000_000
    try ProgramBytes.store(
      Int64(setting.interval / second), Int64(setting.interval % second), at: address)
    try ProgramBytes.store(
      Int64(setting.value / second), Int64(setting.value % second), at: address + 16)
  }

  /// `int signalfd4(int fd, const sigset_t *mask, size_t sizemask, int flags)`
  static func signalFile4(_ call: SystemCall) throws(Errno) -> Int {
    try signalFile(call, flags: call.uint32(3))
  }

  /// `int signalfd(int fd, const sigset_t *mask, size_t sizemask)`
  static func signalFile(_ call: SystemCall) throws(Errno) -> Int {
    try signalFile(call, flags: 0)
  }

  private static func signalFile(_ call: SystemCall, flags: UInt32) throws(Errno) -> Int {
    guard call.argument(2) == 8 else { throw .invalidArgument }
    let bits = try ProgramBytes.load(at: call.address(1), as: UInt64.self)
    guard flags & ~(PollingFlags.nonBlocking | PollingFlags.closeOnExec) == 0 else {
      throw .invalidArgument
    }
    let signals = SignalSet(rawValue: bits).subtracting([SignalSet(.kill), SignalSet(.stop)])
    guard call.int32(0) == -1 else {
      guard let file = try call.file(0) as? SignalFile else { throw .invalidArgument }
      file.signals = signals
      return Int(call.int32(0))
    }
    let file = SignalFile(
      process: call.process, signals: signals, node: AnonymousNode.shared,
      flags: PollingFlags.status(flags))
    return try add(call, file, flags)
  }
}
