// SPDX-License-Identifier: BSD-3-Clause

import Base
import Clock
import LinuxCore
import Scheduling
import VFS

/// `select` and `pselect6`.
enum SelectCalls {
  /// `int select(int nfds, fd_set *readfds, fd_set *writefds, fd_set *exceptfds,
  /// struct timeval *timeout)`
  static func select(_ call: SystemCall) throws(Errno) -> Int {
    guard let address = call.optionalAddress(4) else { return try wait(call, until: .never) }
    let seconds = try ProgramBytes.load(at: address, as: Int64.self)
    let microseconds = try ProgramBytes.load(at: address + 8, as: Int64.self)
    guard seconds >= 0 && microseconds >= 0 else { throw .invalidArgument }
    let carried = seconds &+ microseconds / 1_000_000
    let deadline =
      Clock.now()
      + Nanoseconds(seconds: carried, nanoseconds: microseconds % 1_000_000 * 1000)
    defer {
      let left = remaining(until: deadline)
      try? ProgramBytes.store(left / 1_000_000_000, left % 1_000_000_000 / 1000, at: address)
    }
    return try wait(call, until: deadline)
  }

  /// `int pselect6(int nfds, fd_set *readfds, fd_set *writefds, fd_set *exceptfds,
  /// struct timespec *timeout, const struct { const sigset_t *ss; size_t ss_len; } *sig)`
  static func pselect6(_ call: SystemCall) throws(Errno) -> Int {
    let deadline = try call.deadline(timeSpecification: 4)
    var mask: VirtualAddress?
    var maskByteCount: UInt = 0
    if let pair = call.optionalAddress(5) {
      let address = try ProgramBytes.load(at: pair, as: UInt.self)
      if address != 0 { mask = VirtualAddress(address) }
      maskByteCount = try ProgramBytes.load(at: pair + 8, as: UInt.self)
    }
    defer {
      if let address = call.optionalAddress(4) {
        let left = remaining(until: deadline)
        try? ProgramBytes.store(left / 1_000_000_000, left % 1_000_000_000, at: address)
      }
    }
    return try call.withMask(at: mask, byteCount: maskByteCount) { () throws(Errno) -> Int in
      try wait(call, until: deadline)
    }
  }

  private static func remaining(until deadline: Instant) -> Int64 {
    max((deadline - Clock.now()).count, 0)
  }

  private static func wait(_ call: SystemCall, until deadline: Instant) throws(Errno) -> Int {
    guard call.int32(0) >= 0 else { throw .invalidArgument }
    // Numbers beyond the table cannot be open.
    let count = min(Int(call.int32(0)), roundedUp(call.process.descriptors.limit, to: 64))
    var sets = try SelectSets(call, count: count)
    if try sets.scan(call.process.descriptors) > 0 || deadline <= Clock.now() {
      return try sets.finish(call)
    }
    var waiters = PollWaiters()
    defer { waiters.release() }
    sets.attach(&waiters, call.process.descriptors)
    while true {
      let reason = Scheduler.sleep(until: deadline)
      if try sets.scan(call.process.descriptors) > 0 || reason == .timedOut {
        return try sets.finish(call)
      }
      if reason == .interrupted { throw .restartWithoutHandler }
    }
  }
}

/// The three `fd_set`s of one call: what is asked for, and what is so.
private struct SelectSets {
  /// Word *w* of set *s* at `w * 3 + s`.
  private var asked: [UInt64]
  private var found: [UInt64]
  private let wordCount: Int
  private var ready = 0

  init(_ call: SystemCall, count: Int) throws(Errno) {
    wordCount = (count + 63) / 64
    asked = [UInt64](repeating: 0, count: wordCount * 3)
    found = asked
    for set in 0..<3 {
      guard let start = call.optionalAddress(set + 1) else { continue }
      for word in 0..<wordCount {
        asked[word * 3 + set] = try ProgramBytes.load(at: start + word * 8, as: UInt64.self)
      }
    }
    // The last word may hold bits beyond the count.
    if count % 64 != 0 {
      for set in 0..<3 { asked[(wordCount - 1) * 3 + set] &= (1 << UInt64(count % 64)) - 1 }
    }
  }

  /// Looks at every file. Throws `badDescriptor` for a number that is not open.
  mutating func scan(_ table: DescriptorTable) throws(Errno) -> Int {
    ready = 0
    for word in 0..<wordCount {
      var left = asked[word * 3] | asked[word * 3 + 1] | asked[word * 3 + 2]
      for set in 0..<3 { found[word * 3 + set] = 0 }
      while left != 0 {
        let bit = left.trailingZeroBitCount
        left &= left - 1
        let readiness = try table.file(at: Int32(word * 64 + bit)).readiness
        for set in 0..<3 where asked[word * 3 + set] & 1 << UInt64(bit) != 0 {
          if readiness.isDisjoint(with: Self.meaning(ofSet: set)) { continue }
          found[word * 3 + set] |= 1 << UInt64(bit)
          ready += 1
        }
      }
    }
    return ready
  }

  /// What makes a descriptor count as readable, writable, exceptional (`fs/select.c`).
  private static func meaning(ofSet set: Int) -> Readiness {
    switch set {
    case 0: [.readable, .readableNormal, .hangup, .error]
    case 1: [.writable, .writableNormal, .error]
    default: .priority
    }
  }

  func attach(_ waiters: inout PollWaiters, _ table: DescriptorTable) {
    for word in 0..<wordCount {
      var left = asked[word * 3] | asked[word * 3 + 1] | asked[word * 3 + 2]
      while left != 0 {
        let bit = left.trailingZeroBitCount
        left &= left - 1
        if let file = try? table.file(at: Int32(word * 64 + bit)) { waiters.attach(to: file) }
      }
    }
  }

  /// Writes the sets back, and returns how many bits are in them.
  func finish(_ call: SystemCall) throws(Errno) -> Int {
    for set in 0..<3 {
      guard let start = call.optionalAddress(set + 1) else { continue }
      for word in 0..<wordCount {
        try ProgramBytes.store(found[word * 3 + set], at: start + word * 8)
      }
    }
    return ready
  }
}
