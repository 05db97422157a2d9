// SPDX-License-Identifier: BSD-3-Clause

import Base
import Clock
import LinuxCore

/// The clocks of `clock_gettime(2)`.
enum LinuxClock: Equatable {
  case wall
  case monotonic
  case processTime
  case threadTime

  /// Throws `invalidArgument` for a clock that does not exist.
  init(_ identifier: Int32) throws(Errno) {
    switch identifier {
    // REALTIME, REALTIME_COARSE, REALTIME_ALARM, TAI
    case 0, 5, 8, 11: self = .wall
    // MONOTONIC, MONOTONIC_RAW, MONOTONIC_COARSE, BOOTTIME, BOOTTIME_ALARM
    case 1, 4, 6, 7, 9: self = .monotonic
    case 2: self = .processTime
    case 3: self = .threadTime
    default:
      // Clocks of a process or thread by number: ~id << 3, bit 2 for a thread, 2 = scheduler time.
      guard identifier < 0, identifier & 3 == 2 else { throw .invalidArgument }
      self = identifier & 4 != 0 ? .threadTime : .processTime
    }
  }

  /// Nanoseconds on this clock.
  func now(_ thread: LinuxThread) -> Int64 {
    switch self {
    case .wall: Clock.wallTime()
    case .monotonic: Int64(bitPattern: Clock.now().nanoseconds)
    case .processTime: thread.process.processorTime.count
    case .threadTime: thread.processorTime.count
    }
  }

  /// When this clock will show `nanoseconds`; an approximation for processor time.
  func instant(_ nanoseconds: Int64, _ thread: LinuxThread) -> Instant {
    switch self {
    case .wall: Instant.start + Nanoseconds(nanoseconds &- Clock.wallOffset)
    case .monotonic: Instant.start + Nanoseconds(nanoseconds)
    case .processTime, .threadTime: Clock.now() + Nanoseconds(nanoseconds &- now(thread))
    }
  }
}

/// `struct timespec` and `struct timeval` in the program's memory.
enum TimeValue {
  /// Loads a `struct timespec` as nanoseconds. Throws `invalidArgument`.
  static func load(_ address: VirtualAddress) throws(Errno) -> Nanoseconds {
    let seconds: Int64 = try ProgramBytes.load(at: address)
    let nanoseconds: Int64 = try ProgramBytes.load(at: address + 8)
    guard seconds >= 0, nanoseconds >= 0, nanoseconds < 1_000_000_000 else {
      throw .invalidArgument
    }
    return Nanoseconds(seconds: seconds, nanoseconds: nanoseconds)
  }

  static func store(_ nanoseconds: Int64, at address: VirtualAddress) throws(Errno) {
    let value = max(nanoseconds, 0)
    try ProgramBytes.store(value / 1_000_000_000, value % 1_000_000_000, at: address)
  }

  /// Loads a `struct timeval` as nanoseconds. Throws `invalidArgument`.
  static func loadMicroseconds(_ address: VirtualAddress) throws(Errno) -> Nanoseconds {
    let seconds: Int64 = try ProgramBytes.load(at: address)
    let microseconds: Int64 = try ProgramBytes.load(at: address + 8)
    guard seconds >= 0, microseconds >= 0, microseconds < 1_000_000 else {
      throw .invalidArgument
    }
    return Nanoseconds(seconds: seconds, nanoseconds: microseconds * 1000)
  }

  static func storeMicroseconds(_ nanoseconds: Int64, at address: VirtualAddress) throws(Errno) {
    let value = max(nanoseconds, 0) / 1000
    try ProgramBytes.store(value / 1_000_000, value % 1_000_000, at: address)
  }
}
