// SPDX-License-Identifier: BSD-3-Clause

import Base
import Frames
import Machine
import Testing

/// An allocator over simulated memory: `holes` splits it into ranges of these sizes, with gaps.
func makeFrames(_ sizes: [Int], reserve: Int = 0) -> FrameAllocator {
  let gap = 3
  let first = SimulatedMemory.reserveFrames(sizes.reduce(0) { $0 + $1 + gap })
  var ranges: [FrameAllocator.Range] = []
  var next = first.rawValue
  for size in sizes {
    ranges.append(FrameAllocator.Range(first: next, end: next + UInt32(size)))
    next += UInt32(size + gap)
  }
  let byteCount = FrameAllocator.metadataByteCount(upTo: next)
  let pages = (byteCount + pageSize - 1) / pageSize
  let metadata = HeapMemory(frame: SimulatedMemory.reserveFrames(pages), count: pages)
  // What lies in memory that was never used must not matter.
  for address in stride(from: metadata.start, to: metadata.start + UInt(metadata.byteCount), by: 4)
  {
    metadata.store32(0x8000_0005, at: address)
  }
  return FrameAllocator(metadata: metadata, ranges: ranges, reserve: reserve)
}

@Suite struct FramesTests {
  @Test func givesEveryFrameOnceAndNoOther() {
    let frames = makeFrames([5, 1, 7])
    #expect(frames.totalCount == 13)
    var seen: Set<FrameNumber> = []
    while let frame = frames.allocate() { #expect(seen.insert(frame).inserted) }
    #expect(seen.count == 13)
    #expect(frames.freeCount == 0)
    for frame in seen { frames.free(frame) }
    #expect(frames.freeCount == 13)
    var again: Set<FrameNumber> = []
    while let frame = frames.allocate() { #expect(again.insert(frame).inserted) }
    #expect(again == seen)
  }

  @Test func keepsTheReserveForTheKernel() {
    let frames = makeFrames([80], reserve: 10)
    var count = 0
    while frames.allocate() != nil { count += 1 }
    #expect(count == 70)
    #expect(frames.isLow)
    for _ in 0..<10 { #expect(frames.allocateTableFrame() != nil) }
    #expect(frames.allocateTableFrame() == nil)
  }

  @Test func countsUsers() throws {
    let frames = makeFrames([4])
    let frame = try #require(frames.allocate())
    frames.retain(frame)
    frames.retain(frame)
    #expect(frames.userCount(of: frame) == 3)
    frames.release(frame)
    frames.release(frame)
    #expect(frames.freeCount == 3)
    frames.release(frame)
    #expect(frames.freeCount == 4)
  }

  @Test func findsARunAmongFramesThatCameBack() throws {
    let frames = makeFrames([16])
    var all: [FrameNumber] = []
    while let frame = frames.allocate() { all.append(frame) }
    all.sort()
    for index in [1, 3, 4, 5, 6, 9, 11, 12] { frames.free(all[index]) }
    #expect(frames.allocateContiguous(5) == nil)
    #expect(frames.allocateContiguous(4) == all[3])
    #expect(frames.allocateContiguous(2) == all[11])
    #expect(frames.freeCount == 2)
    #expect(Set([frames.allocate(), frames.allocate()]) == [all[1], all[9]])
    #expect(frames.allocate() == nil)
  }

  /// Against a set of the frames that are out.
  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func randomAgainstModel(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let frames = makeFrames([40, 9, 64])
    var runs: [(first: FrameNumber, count: Int)] = []
    var out: Set<FrameNumber> = []
    for _ in 0..<4000 {
      if Int.random(in: 0..<100, using: &random) < 52 {
        let count =
          Int.random(in: 0..<3, using: &random) == 0
          ? Int.random(in: 2...9, using: &random) : 1
        guard let first = count == 1 ? frames.allocate() : frames.allocateContiguous(count) else {
          #expect(count > 1 || out.count == frames.totalCount)
          continue
        }
        for index in 0..<count { #expect(out.insert(first + index).inserted) }
        runs.append((first, count))
      } else if !runs.isEmpty {
        let run = runs.remove(at: Int.random(in: 0..<runs.count, using: &random))
        for index in 0..<run.count { out.remove(run.first + index) }
        if run.count == 1 {
          frames.free(run.first)
        } else {
          frames.releaseContiguous(run.first, run.count)
        }
      }
      #expect(frames.freeCount == frames.totalCount - out.count)
    }
    for run in runs { frames.releaseContiguous(run.first, run.count) }
    #expect(frames.allocateContiguous(64) != nil)
  }

  @Test func doubleFreeStops() async {
    await #expect(processExitsWith: .failure) {
      let frames = makeFrames([4])
      if let frame = frames.allocate() {
        frames.free(frame)
        frames.free(frame)
      }
    }
  }

  @Test func freeingASharedFrameStops() async {
    await #expect(processExitsWith: .failure) {
      let frames = makeFrames([4])
      if let frame = frames.allocate() {
        frames.retain(frame)
        frames.free(frame)
      }
    }
  }
}
