// SPDX-License-Identifier: BSD-3-Clause

import Base
import Heap
import Machine

/// The kernel's heap, in its static place: it must be there before the first object.
let kernelHeap = HeapSlot<KernelHeap>()

// What the C names of the runtime (runtime.c) call.

@c(martlet_heap_allocate)
public func heapAllocate(_ byteCount: UInt, _ alignment: UInt) -> UInt {
  kernelHeap.heap.allocate(Int(byteCount), alignment: Int(alignment))
}

@c(martlet_heap_free)
public func heapFree(_ address: UInt) {
  kernelHeap.heap.free(address)
}

@c(martlet_heap_usable_size)
public func heapUsableSize(_ address: UInt) -> UInt {
  UInt(kernelHeap.heap.usableSize(address))
}
