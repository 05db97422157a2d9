// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// A program's allocations in the form that `Sources/Kernel/HeapReplay` and `Tests/Bench/replay.c`
/// play; see `AllocationTrace` there.
struct AllocationTraceFile {
  private static let magic: UInt64 = 0x3130_4543_4152_544d
  private static let release = UInt32.max

  private(set) var bytes: [UInt8] = []
  /// How many allocations and releases there are.
  private(set) var operationCount = 0

  /// Makes a trace of what `Tests/Bench/allocations.c` recorded.
  ///
  /// Addresses become slots. A release of what was allocated before the recording began, and what
  /// is too large for a kernel's heap to be asked for (a GiB), is left out.
  init(recording: [UInt8], limit: Int) {
    var slots: [UInt64: UInt32] = [:]
    var free: [UInt32] = []
    var slotCount: UInt32 = 0
    var body: [UInt8] = []
    for offset in stride(from: 0, through: recording.count - 16, by: 16) {
      guard operationCount < limit else { break }
      let address = Self.word(recording, offset)
      let size = Self.word(recording, offset + 8)
      if let slot = slots.removeValue(forKey: address) {
        // A missed release, if this is an allocation: the address is in use again.
        free.append(slot)
        Self.append(slot, Self.release, to: &body)
        operationCount += 1
      }
      guard size < 1 << 30 else { continue }
      let slot = free.popLast() ?? slotCount
      if slot == slotCount { slotCount += 1 }
      slots[address] = slot
      Self.append(slot, UInt32(size), to: &body)
      operationCount += 1
    }
    for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: Self.magic >> (shift * 8))) }
    Self.append(slotCount, UInt32(operationCount), to: &bytes)
    bytes += body
  }

  private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt64 {
    bytes[offset..<offset + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static func append(_ first: UInt32, _ second: UInt32, to bytes: inout [UInt8]) {
    let word = UInt64(first) | UInt64(second) << 32
    for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> (shift * 8))) }
  }
}
