// SPDX-License-Identifier: BSD-3-Clause

// The one file where configuration chooses implementations. Each name is a Kconfig symbol.

import Base
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
