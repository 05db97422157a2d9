// SPDX-License-Identifier: BSD-3-Clause

import Base
import Clock
import LinuxCore

/// `adjtimex(2)`: the state of a clock that nobody disciplines.
enum AdjustmentCalls {
  static func register<S: SystemCallSink>(in sink: inout S) {
    sink.add(.adjtimex, flags: "modes 0, ADJ_OFFSET_SS_READ", limits: "read-only") {
      (call) throws(Errno) in try adjust(call.address(0))
    }
    sink.add(
      .clockAdjtime, flags: "CLOCK_REALTIME, modes 0", limits: "read-only"
    ) { (call) throws(Errno) in
      _ = try LinuxClock(call.int32(0), for: call.thread)
      guard call.int32(0) == 0 else { throw .notSupported }
      return try adjust(call.address(1))
    }
  }

  /// Fills in a `struct timex` of 208 bytes (linux/timex.h) with what a Linux says whose clock
  /// was never synchronised. Throws `notPermitted` for any change.
  private static func adjust(_ address: VirtualAddress) throws(Errno) -> Int {
    var bytes = try ProgramBytes.copyIn(address, count: 208)
    let modes: UInt32 = bytes.get(0)
    // ADJ_OFFSET_SS_READ
    guard modes == 0 || modes == 0xa001 else { throw .notPermitted }
    for offset in 4..<208 { bytes[offset] = 0 }
    let wallTime = Clock.wallTime()
    // Largest and estimated error, in microseconds.
    bytes.put(Int64(16_000_000), at: 24)
    bytes.put(Int64(16_000_000), at: 32)
    // STA_UNSYNC
    bytes.put(Int32(0x40), at: 40)
    // Time constant, precision in microseconds, tolerance in 2^-16 parts per million.
    bytes.put(Int64(2), at: 48)
    bytes.put(Int64(1), at: 56)
    bytes.put(Int64(500 << 16), at: 64)
    bytes.put(wallTime / 1_000_000_000, at: 72)
    bytes.put(wallTime % 1_000_000_000 / 1000, at: 80)
    // Microseconds between ticks of USER_HZ.
    bytes.put(Int64(10_000), at: 88)
    try ProgramBytes.copyOut(bytes, to: address)
    // TIME_ERROR
    return 5
  }
}
