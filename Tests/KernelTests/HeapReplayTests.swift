// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Heap
import HeapRegion
import HeapReplay
import HeapTLSF
import Machine
import Testing

/// Simulated memory in pieces of 64 KiB, up to a limit for each heap.
private final class SimulatedArena: HeapArena {
  private let limit: Int
  private var left = 0

  init(pages: Int) { limit = pages }

  func start() -> HeapMemory? {
    left = limit
    return grow(atLeast: 1)
  }

  func grow(atLeast byteCount: Int) -> HeapMemory? {
    let pages = max((byteCount + pageSize - 1) / pageSize, 16)
    guard pages <= left else { return nil }
    left -= pages
    return HeapMemory(frame: SimulatedMemory.reserveFrames(pages), count: pages)
  }
}

@Suite struct HeapReplayTests {
  private func trace(slots: UInt32, _ operations: [(slot: UInt32, size: UInt32)]) -> [UInt8] {
    var bytes = Array("MTRACE01".utf8)
    var words = [slots, UInt32(operations.count)]
    for operation in operations { words += [operation.slot, operation.size] }
    for word in words { for shift in 0..<4 { bytes.append(UInt8(word >> (shift * 8) & 255)) } }
    return bytes
  }

  private let release = UInt32.max

  @Test func countsThePeak() throws {
    let bytes = trace(slots: 2, [(0, 100), (1, 50), (0, release), (0, 20), (1, release)])
    let trace = try AllocationTrace(RawSpan(_elements: bytes.span))
    #expect(trace.count == 5)
    #expect(trace.peakByteCount == 150)
    #expect(trace[3] == .allocate(slot: 0, byteCount: 20))
    #expect(trace[4] == .release(slot: 1))
  }

  @Test(arguments: [[5, 1], [0, 1, 0, 1], [0, UInt32.max]] as [[UInt32]])
  func refusesBrokenOperations(_ words: [UInt32]) {
    let operations = stride(from: 0, to: words.count, by: 2).map {
      (slot: words[$0], size: words[$0 + 1])
    }
    #expect(failure(trace(slots: 1, operations + [(0, release)])) == .brokenOperation)
  }

  @Test func refusesOtherBytes() {
    let whole = trace(slots: 1, [(0, 8), (0, release)])
    #expect(failure(Array(whole.dropLast())) == .truncated)
    #expect(failure(Array(whole.prefix(12))) == .notATrace)
    #expect(failure([UInt8](repeating: 0, count: 64)) == .notATrace)
  }

  private func failure(_ bytes: [UInt8]) -> AllocationTrace.Failure? {
    do {
      _ = try AllocationTrace(RawSpan(_elements: bytes.span))
      return nil
    } catch { return error }
  }

  @Test func aHeapThatFreesNeedsLessThanOneThatDoesNot() throws {
    var operations: [(slot: UInt32, size: UInt32)] = []
    for _ in 0..<500 { operations += [(0, 1000), (0, release)] }
    let bytes = trace(slots: 1, operations)
    let trace = try AllocationTrace(RawSpan(_elements: bytes.span))
    let arena = SimulatedArena(pages: 1000)
    let freeing = HeapReplay(trace, arena: arena) { TLSFHeap(first: $0) }
    let growing = HeapReplay(trace, arena: arena) { RegionHeap(first: $0) }
    #expect(freeing.failures == 0 && growing.failures == 0)
    #expect(freeing.givenByteCount == 64 << 10)
    #expect(growing.givenByteCount > 500_000)
  }

  @Test func countsWhatFindsNoMemory() throws {
    let bytes = trace(slots: 3, [(0, 40_000), (1, 40_000), (2, 40_000)])
    let trace = try AllocationTrace(RawSpan(_elements: bytes.span))
    let replay = HeapReplay(trace, arena: SimulatedArena(pages: 16)) { TLSFHeap(first: $0) }
    #expect(replay.failures == 2)
  }
}
