// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Frames
import Log
import Machine

/// Starts the heap at the first object: an image whose application makes none has no heap.
@inline(__always)
func prepareHeap() {
  if !HeapSlot<KernelHeap>().isInstalled { NativeMemory.start() }
}

/// Memory of a native image: heap, frames and page tables start together, when they are first used.
public enum NativeMemory {
  /// What is allocated on the heap, in bytes, with the heap's own part of each.
  public static var usedByteCount: Int {
    prepareHeap()
    return heapUsedByteCount()
  }

  /// Not inlined: the way to the heap's own code stays short.
  @inline(never)
  static func start() {
    guard BootInformation.isValid else {
      Panic.refuse("boot", "the kernel was not started by the PVH protocol")
    }
    var memory = BootMemory(archive: BootInformation.module ?? ImageLayout.archive)
    memory.startHeap()
    // Threads are refused while the heap can still grow by 256 KiB (of a small machine, an eighth).
    _ = startPageTables(memory.makeFrames(reserve: 64))
  }
}
