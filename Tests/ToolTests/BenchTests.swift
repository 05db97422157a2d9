// SPDX-License-Identifier: BSD-3-Clause

import Testing

@testable import Bench

@Suite struct BenchTests {
  private func recording(_ events: [(UInt64, UInt64)]) -> [UInt8] {
    events.flatMap { [$0.0, $0.1] }.flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
    }
  }

  private func words(_ trace: AllocationTraceFile) -> [UInt32] {
    stride(from: 8, to: trace.bytes.count, by: 4).map { offset in
      trace.bytes[offset..<offset + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
  }

  @Test func addressesBecomeSlots() {
    let gone = UInt64.max
    let trace = AllocationTraceFile(
      recording: recording([
        (0x1000, 24), (0x2000, 48), (0x1000, gone), (0x3000, 8), (0x9999, gone), (0x2000, gone),
      ]), limit: 100)
    #expect(trace.operationCount == 5)
    // Slots and operations first; the slot of 0x1000 serves 0x3000.
    let release = UInt32.max
    #expect(words(trace) == [2, 5, 0, 24, 1, 48, 0, release, 0, 8, 1, release])
  }

  @Test func aTraceStopsAtItsLimit() {
    let events = (0..<50).map { (UInt64(0x1000 + $0 * 16), UInt64(8)) }
    #expect(AllocationTraceFile(recording: recording(events), limit: 10).operationCount == 10)
    #expect(AllocationTraceFile(recording: [1, 2, 3], limit: 10).operationCount == 0)
  }

  @Test func findsTheLeastMemory() async throws {
    for least in [1, 17, 40] as [UInt64] {
      let found = try await Benchmark.leastMemory(step: 4, from: 0, to: 40) { $0.bytes >= least }
      #expect(found == (least + 3) / 4 * 4)
    }
    await #expect(throws: (any Error).self) {
      try await Benchmark.leastMemory(step: 4, from: 0, to: 40) { _ in false }
    }
  }

  @Test func findsTheStartInTheLog() {
    let log = [
      "I 0.000001 boot: something", "I 0.0004 boot: the program starts after 347354 cycles",
    ]
    #expect(Benchmark.startCycles(log) == 347_354)
    #expect(Benchmark.startCycles([]) == nil)
  }
}
