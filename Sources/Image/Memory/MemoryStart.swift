// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Frames
import Heap
import Log
import Machine

extension BootMemory {
  /// Gives the heap its first memory; it grows by frames later.
  mutating func startHeap() {
    guard let first = take(32) else { tooLittleMemory() }
    installHeap(HeapMemory(frame: first, count: 32))
  }

  /// Hands what is left to the frame allocator, of which the heap grows from then on.
  ///
  /// - Parameter reserve: frames that only page tables may have.
  mutating func makeFrames(reserve: Int) -> FrameAllocator {
    let bytes = FrameAllocator.metadataByteCount(upTo: UInt32(end))
    let pages = (bytes + pageSize - 1) / pageSize
    // Memory above the first GiB must be mapped before frames there are used.
    if end > 1 << 18 { extendDirectMap() }
    guard let metadata = take(UInt(pages)) else { tooLittleMemory() }
    var ranges: [FrameAllocator.Range] = []
    for index in 0..<count where self[index].pageCount > 0 {
      ranges.append(
        FrameAllocator.Range(
          first: UInt32(self[index].first), end: UInt32(self[index].end)))
    }
    let frames = FrameAllocator(
      metadata: HeapMemory(frame: metadata, count: pages), ranges: ranges, reserve: reserve)
    FrameSupply.current.value = frames
    setHeapGrower(FrameGrower(frames))
    return frames
  }

  private mutating func extendDirectMap() {
    let tables = UInt((end + (1 << 18) - 1) >> 18) - 1
    guard var next = take(tables) else { tooLittleMemory() }
    DirectMap.extend(to: PhysicalAddress(end << 12)) {
      let frame = next
      next = next + 1
      return frame
    }
  }
}

/// Starts the page tables of the kernel.
func startPageTables(_ frames: FrameAllocator) -> PageTables {
  guard let tables = PageTables(frames: frames) else { tooLittleMemory() }
  PageTables.current.value = tables
  return tables
}

/// Ends a start for which the machine is too small.
func tooLittleMemory() -> Never {
  Panic.refuse("boot", "too little memory to start; give the machine more with --memory")
}
