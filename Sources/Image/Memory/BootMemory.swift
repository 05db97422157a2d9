// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine

/// The physical memory that the kernel may use, worked out before there is a heap.
///
/// Left out are the first MiB (firmware, boot parameters), the image, the root archive, and what
/// `take` has given away.
struct BootMemory {
  /// Usable ranges, page-aligned; entries beyond `count` mean nothing.
  private var ranges = InlineArray<32, PageRun>(repeating: PageRun(first: 0, end: 0))
  private(set) var count = 0

  /// Frames from `first` up to, not including, `end`.
  struct PageRun {
    var first: UInt
    var end: UInt
    var pageCount: UInt { end - first }
  }

  init(archive: MemoryRange?) {
    for index in 0..<BootInformation.memoryMapCount {
      guard let range = BootInformation.usableMemory(at: index) else { continue }
      add(
        PageRun(
          first: (range.start.rawValue + 4095) >> 12,
          end: (range.start.rawValue + range.byteCount) >> 12))
    }
    exclude(PageRun(first: 0, end: 256))
    exclude(
      PageRun(
        first: ImageLayout.physicalRange.start.rawValue >> 12,
        end: (ImageLayout.physicalRange.end.rawValue + 4095) >> 12))
    if let archive {
      exclude(
        PageRun(
          first: archive.start.rawValue >> 12,
          end: (archive.start.rawValue + archive.byteCount + 4095) >> 12))
    }
  }

  subscript(_ index: Int) -> PageRun { ranges[index] }

  var pageCount: UInt {
    var sum: UInt = 0
    for index in 0..<count { sum += ranges[index].pageCount }
    return sum
  }

  /// One more than the highest usable frame.
  var end: UInt {
    var highest: UInt = 0
    for index in 0..<count { highest = max(highest, ranges[index].end) }
    return highest
  }

  /// Takes `pages` frames that follow one another, below 1 GiB, where everything is mapped from
  /// the start.
  mutating func take(_ pages: UInt) -> FrameNumber? {
    for index in 0..<count where ranges[index].pageCount >= pages {
      let first = ranges[index].first
      guard first + pages <= 1 << 18 else { continue }
      ranges[index].first += pages
      return FrameNumber(UInt32(first))
    }
    return nil
  }

  private mutating func add(_ run: PageRun) {
    guard run.first < run.end, count < 32 else { return }
    ranges[count] = run
    count += 1
  }

  private mutating func exclude(_ hole: PageRun) {
    for index in 0..<count {
      let run = ranges[index]
      guard hole.first < run.end && run.first < hole.end else { continue }
      ranges[index].end = max(run.first, min(run.end, hole.first))
      if hole.end < run.end {
        if ranges[index].pageCount == 0 {
          ranges[index] = PageRun(first: hole.end, end: run.end)
        } else {
          add(PageRun(first: hole.end, end: run.end))
        }
      }
    }
  }
}
