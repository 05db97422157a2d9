// SPDX-License-Identifier: BSD-3-Clause

import Base
import Clock
import LinuxCore
import Memory
import Scheduling
import VFS

/// `poll` and `ppoll`.
enum PollCalls {
  /// `sizeof(struct pollfd)`: the descriptor, what is asked for, what is so.
  private static let entryByteCount = 8

  /// `int poll(struct pollfd *fds, nfds_t nfds, int timeout)`
  static func poll(_ call: SystemCall) throws(Errno) -> Int {
    try wait(call, until: call.deadline(milliseconds: call.int32(2)))
  }

  /// `int ppoll(struct pollfd *fds, nfds_t nfds, const struct timespec *tmo_p,
  /// const sigset_t *sigmask, size_t sigsetsize)`
  static func ppoll(_ call: SystemCall) throws(Errno) -> Int {
    let deadline = try call.deadline(timeSpecification: 2)
    defer { storeRemaining(call, deadline) }
    return try call.withMask(at: call.optionalAddress(3), byteCount: call.argument(4)) {
      () throws(Errno) -> Int in
      try wait(call, until: deadline)
    }
  }

  /// Linux tells how much time was left; an address that cannot be written is ignored.
  private static func storeRemaining(_ call: SystemCall, _ deadline: Instant) {
    guard let address = call.optionalAddress(2) else { return }
    let left = max((deadline - Clock.now()).count, 0)
    try? ProgramBytes.store(left / 1_000_000_000, left % 1_000_000_000, at: address)
  }

  private static func wait(_ call: SystemCall, until deadline: Instant) throws(Errno) -> Int {
    let count = Int(call.uint32(1))
    guard count <= call.process.descriptors.limit else { throw .invalidArgument }
    let entries = call.address(0)
    var ready = try scan(call, entries, count)
    if ready > 0 || deadline <= Clock.now() { return ready }
    var waiters = PollWaiters()
    defer { waiters.release() }
    try attach(&waiters, call, entries, count)
    while true {
      let reason = Scheduler.sleep(until: deadline)
      ready = try scan(call, entries, count)
      if ready > 0 || reason == .timedOut { return ready }
      if reason == .interrupted { throw .restartWithoutHandler }
    }
  }

  /// Writes every entry's `revents`, and returns how many are not empty.
  private static func scan(
    _ call: SystemCall, _ entries: VirtualAddress, _ count: Int
  ) throws(Errno) -> Int {
    var ready = 0
    for index in 0..<count {
      let entry = entries + index * entryByteCount
      let bits = try ProgramBytes.load(at: entry, as: UInt64.self)
      let found = readiness(of: bits, call.process.descriptors)
      try ProgramBytes.store(UInt16(truncatingIfNeeded: found.rawValue), at: entry + 6)
      if !found.isEmpty { ready += 1 }
    }
    return ready
  }

  private static func readiness(of entry: UInt64, _ table: DescriptorTable) -> Readiness {
    let descriptor = Int32(truncatingIfNeeded: entry)
    guard descriptor >= 0 else { return [] }
    guard let file = try? table.file(at: descriptor) else { return .invalid }
    let asked = Readiness(rawValue: UInt32(truncatingIfNeeded: entry >> 32) & 0xffff)
    return file.readiness.intersection(asked.union([.error, .hangup]))
  }

  private static func attach(
    _ waiters: inout PollWaiters, _ call: SystemCall, _ entries: VirtualAddress, _ count: Int
  ) throws(Errno) {
    for index in 0..<count {
      let descriptor = try ProgramBytes.load(
        at: entries + index * entryByteCount, as: Int32.self)
      if let file = try? call.process.descriptors.file(at: descriptor) {
        waiters.attach(to: file)
      }
    }
  }
}
