// SPDX-License-Identifier: BSD-3-Clause

import Base
import Clock
import LinuxCore

/// A clock of `clock_gettime(2)`.
enum LinuxClock: Equatable {
  /// Time since 1970.
  case wall
  /// Time since the kernel was entered.
  case monotonic
  /// Processor time of the whole process.
  case processTime
  /// Processor time of the thread with this identifier.
  case threadTime(Int32)

  /// The clock that `identifier` names to `thread`. Throws `invalidArgument` when there is none.
  init(_ identifier: Int32, for thread: LinuxThread) throws(Errno) {
    switch identifier {
    // REALTIME, REALTIME_COARSE, REALTIME_ALARM, TAI
    case 0, 5, 8, 11: self = .wall
    // MONOTONIC, MONOTONIC_RAW, MONOTONIC_COARSE, BOOTTIME, BOOTTIME_ALARM
    case 1, 4, 6, 7, 9: self = .monotonic
    case 2: self = .processTime
    case 3: self = .threadTime(thread.identifier)
    default: self = try Self.processorClock(identifier, for: thread)
    }
  }

  /// Clocks by number (`clock_getcpuclockid(3)`, linux/posix-timers.h): `~number << 3`, bit 2 for
  /// a thread, bits 0-1 for the kind of time, 3 for a descriptor. Number 0 is the caller.
  private static func processorClock(
    _ identifier: Int32, for thread: LinuxThread
  ) throws(Errno) -> LinuxClock {
    guard identifier < 0, identifier & 3 != 3 else { throw .invalidArgument }
    let number = ~(identifier >> 3)
    if identifier & 4 != 0 {
      guard number != 0 else { return .threadTime(thread.identifier) }
      guard thread.process.thread(number) != nil else { throw .invalidArgument }
      return .threadTime(number)
    }
    guard number == 0 || number == thread.process.identifier else { throw .invalidArgument }
    return .processTime
  }

  /// Whether the clock has timers and sleeps (`EOPNOTSUPP` otherwise): not the raw and coarse ones.
  static func hasTimers(_ identifier: Int32) -> Bool {
    identifier != 4 && identifier != 5 && identifier != 6
  }

  /// Whether the clock stands still while nothing runs.
  var isProcessorTime: Bool {
    switch self {
    case .wall, .monotonic: false
    case .processTime, .threadTime: true
    }
  }

  /// Nanoseconds on this clock; nil when its thread has ended.
  func now(in process: Process) -> Int64? {
    switch self {
    case .wall: Clock.wallTime()
    case .monotonic: Int64(bitPattern: Clock.now().nanoseconds)
    case .processTime: process.processorTime.count
    case .threadTime(let identifier): process.thread(identifier)?.processorTime.count
    }
  }

  /// The earliest moment at which this clock can show `nanoseconds`.
  ///
  /// Processor time runs at most as fast as real time, because there is one processor. It is not
  /// looked at more often than once a millisecond.
  func earliest(_ nanoseconds: Int64, in process: Process) -> Instant {
    switch self {
    case .wall: Instant.start + Nanoseconds(nanoseconds &- Clock.wallOffset)
    case .monotonic: Instant.start + Nanoseconds(nanoseconds)
    case .processTime, .threadTime:
      Clock.now() + Nanoseconds(max(nanoseconds &- (now(in: process) ?? 0), 1_000_000))
    }
  }
}
