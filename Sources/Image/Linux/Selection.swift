// SPDX-License-Identifier: BSD-3-Clause

// The one file where configuration chooses implementations. Each name is a Kconfig symbol. The
// hooks of the heap are here because what the C names of the runtime call must see its module.

import Base
import Heap
import Machine
import Scheduling
import Settings

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

#if SCHEDULER_COOPERATIVE
  import SchedulerCooperative
#else
  import SchedulerRoundRobin
#endif

/// The policy that configuration chose.
func makeSchedulingPolicy() -> any SchedulingPolicy {
  #if SCHEDULER_COOPERATIVE
    return CooperativePolicy()
  #else
    return RoundRobinPolicy(timeSlice: .milliseconds(Int64(Settings.timeSliceMilliseconds)))
  #endif
}

/// Puts the kernel's heap in its static place, with its first memory. It must be there before the
/// first object.
func installHeap(_ memory: HeapMemory) {
  HeapSlot<KernelHeap>().install(KernelHeap(first: memory))
}

/// Lets the heap grow.
func setHeapGrower(_ grower: any HeapGrower) {
  HeapSlot<KernelHeap>().heap.setGrower(grower)
}

/// `malloc`, for runtime.c.
@c(martlet_heap_allocate)
public func heapAllocate(_ byteCount: UInt, _ alignment: UInt) -> UInt {
  HeapSlot<KernelHeap>().heap.allocate(Int(byteCount), alignment: Int(alignment))
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

#if VIRTIO_MMIO
  import VirtioMMIO
#endif
#if VIRTIO_PCI
  import VirtioPCI
#endif
import CommandLine
import Virtio
import VirtioConsole

/// The first virtio console of the machine, on whatever transport the image knows.
func findConsole(_ parameters: BootParameters) -> (any VirtioTransport)? {
  #if VIRTIO_MMIO
    for window in parameters.virtioDevices {
      if let transport = try? VirtioMMIOTransport(
        at: window.address, byteCount: window.byteCount, interruptLine: window.interruptLine),
        transport.deviceKind == VirtioConsole.deviceKind
      {
        return transport
      }
    }
  #endif
  return nil
}
