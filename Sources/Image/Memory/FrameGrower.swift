// SPDX-License-Identifier: BSD-3-Clause

import Base
import Frames
import Heap
import Machine

/// Gives the kernel's heap frames.
final class FrameGrower: HeapGrower {
  private let frames: FrameAllocator

  init(_ frames: FrameAllocator) {
    self.frames = frames
  }

  func grow(atLeast byteCount: Int) -> HeapMemory? {
    let needed = roundedUp(byteCount, to: pageSize) / pageSize
    // A generous piece when there is one, else just enough.
    for count in [max(needed, 64), needed] {
      if let frame = frames.allocateContiguous(count) {
        return HeapMemory(frame: frame, count: count)
      }
    }
    return nil
  }
}
