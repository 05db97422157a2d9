// SPDX-License-Identifier: BSD-3-Clause

import Base
import LinuxCore

/// `struct timespec` and `struct timeval` in the program's memory, 16 bytes each.
enum TimeValue {
  /// Loads a `struct timespec`. Throws `badAddress`, and `invalidArgument` for a negative time or
  /// a second or more of nanoseconds. What is beyond 292 years becomes 292 years.
  static func load(_ address: VirtualAddress) throws(Errno) -> Nanoseconds {
    let (seconds, nanoseconds) = try words(at: address)
    guard seconds >= 0, nanoseconds >= 0, nanoseconds < 1_000_000_000 else {
      throw .invalidArgument
    }
    return Nanoseconds(seconds: seconds, nanoseconds: nanoseconds)
  }

  static func store(_ nanoseconds: Int64, at address: VirtualAddress) throws(Errno) {
    let value = UInt64(max(nanoseconds, 0))
    try ProgramBytes.store(
      Int64(value / 1_000_000_000), Int64(value % 1_000_000_000), at: address)
  }

  /// Loads a `struct timeval`. Throws as `load`.
  static func loadMicroseconds(_ address: VirtualAddress) throws(Errno) -> Nanoseconds {
    let (seconds, microseconds) = try words(at: address)
    guard seconds >= 0, microseconds >= 0, microseconds < 1_000_000 else {
      throw .invalidArgument
    }
    return Nanoseconds(seconds: seconds, nanoseconds: microseconds * 1000)
  }

  static func storeMicroseconds(_ nanoseconds: Int64, at address: VirtualAddress) throws(Errno) {
    let value = UInt64(max(nanoseconds, 0)) / 1000
    try ProgramBytes.store(Int64(value / 1_000_000), Int64(value % 1_000_000), at: address)
  }

  private static func words(at address: VirtualAddress) throws(Errno) -> (Int64, Int64) {
    let first: Int64 = try ProgramBytes.load(at: address)
    let second: Int64 = try ProgramBytes.load(at: address + 8)
    return (first, second)
  }
}
