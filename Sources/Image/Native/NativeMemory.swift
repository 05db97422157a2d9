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
enum NativeMemory {
  /// Not inlined: the way to the heap's own code stays short.
  @inline(never)
  static func start() {
    guard BootInformation.isValid else {
      Panic.refuse("boot", "the kernel was not started by the PVH protocol")
    }
    var memory = BootMemory(archive: BootInformation.module ?? ImageLayout.archive)
    memory.startHeap()
    // Few machines of native images have more than some MiB.
    _ = startPageTables(memory.makeFrames(reserve: 8))
  }
}
