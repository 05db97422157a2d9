// SPDX-License-Identifier: BSD-3-Clause

// The one file where configuration chooses the heap. The hooks are here because what the C names of
// the runtime call must see its module.

import Heap
import Machine

#if HEAP_BUDDY
  import HeapBuddy
  typealias KernelHeap = BuddyHeap
#elseif HEAP_REGION
  import HeapRegion
  typealias KernelHeap = RegionHeap
#else
  import HeapTLSF
  typealias KernelHeap = TLSFHeap
#endif

/// Puts the kernel's heap in its static place, with its first memory. It must be there before the
/// first object.
func installHeap(_ memory: HeapMemory) {
  HeapSlot<KernelHeap>().install(KernelHeap(first: memory))
}

/// Lets the heap grow.
func setHeapGrower(_ grower: any HeapGrower) {
  HeapSlot<KernelHeap>().heap.setGrower(grower)
}

/// What is allocated, in bytes.
public func heapUsedByteCount() -> Int { HeapSlot<KernelHeap>().heap.statistics.used }

/// `malloc`, for runtime.c.
@c(martlet_heap_allocate)
public func heapAllocate(_ byteCount: UInt, _ alignment: UInt) -> UInt {
  prepareHeap()
  return HeapSlot<KernelHeap>().heap.allocate(Int(byteCount), alignment: Int(alignment))
}

/// `free`, for runtime.c.
@c(martlet_heap_free)
public func heapFree(_ address: UInt) {
  HeapSlot<KernelHeap>().heap.free(address)
}

/// `malloc_usable_size`, for runtime.c.
@c(martlet_heap_usable_size)
public func heapUsableSize(_ address: UInt) -> UInt {
  UInt(HeapSlot<KernelHeap>().heap.usableSize(address))
}
