// SPDX-License-Identifier: BSD-3-Clause

import Heap
import Machine

/// What a heap needed for a trace.
public struct HeapReplay: Sendable {
  /// Cycles of all operations, without what the replay itself costs.
  public private(set) var cycles: UInt64 = 0
  /// Cycles of the dearest single operation.
  public private(set) var worstCycles: UInt64 = 0
  /// Allocations for which the heap found no memory.
  public private(set) var failures = 0
  /// Memory that the heap was given in all.
  public private(set) var givenByteCount = 0

  /// Plays `trace` on heaps that start in `memory` and get more from `grower`.
  ///
  /// It runs three times: on no heap, whole, and operation by operation.
  public init<H: KernelHeapProtocol & ~Copyable>(
    _ trace: borrowing AllocationTrace, arena: any HeapArena,
    make: (HeapMemory) -> H
  ) {
    let own = Self.cyclesOf(trace, EmptyHeap(first: HeapMemory()))
    guard let first = arena.start() else {
      failures = trace.count
      return
    }
    var heap = make(first)
    heap.setGrower(arena)
    let all = Self.cyclesOf(trace, heap)
    cycles = all.cycles &- min(all.cycles, own.cycles)
    failures = all.failures
    givenByteCount = all.givenByteCount
    guard let second = arena.start() else { return }
    heap = make(second)
    heap.setGrower(arena)
    worstCycles = Self.worst(trace, heap)
  }

  private struct Run {
    var cycles: UInt64
    var failures: Int
    var givenByteCount: Int
  }

  @inline(never)
  private static func cyclesOf<H: KernelHeapProtocol & ~Copyable>(
    _ trace: borrowing AllocationTrace, _ given: consuming H
  ) -> Run {
    var heap = given
    var addresses = [UInt](repeating: 0, count: trace.slotCount)
    var failures = 0
    let before = CycleCounter.read()
    for index in 0..<trace.count {
      switch trace[index] {
      case .allocate(let slot, let byteCount):
        let address = heap.allocate(byteCount, alignment: 16)
        if address == 0 { failures += 1 }
        addresses[slot] = address
      case .release(let slot):
        if addresses[slot] != 0 { heap.free(addresses[slot]) }
      }
    }
    let cycles = CycleCounter.read() &- before
    return Run(cycles: cycles, failures: failures, givenByteCount: heap.statistics.total)
  }

  @inline(never)
  private static func worst<H: KernelHeapProtocol & ~Copyable>(
    _ trace: borrowing AllocationTrace, _ given: consuming H
  ) -> UInt64 {
    var heap = given
    var addresses = [UInt](repeating: 0, count: trace.slotCount)
    var worst: UInt64 = 0
    for index in 0..<trace.count {
      let before = CycleCounter.read()
      switch trace[index] {
      case .allocate(let slot, let byteCount):
        addresses[slot] = heap.allocate(byteCount, alignment: 16)
      case .release(let slot):
        if addresses[slot] != 0 { heap.free(addresses[slot]) }
      }
      worst = max(worst, CycleCounter.read() &- before)
    }
    return worst
  }
}
