// SPDX-License-Identifier: BSD-3-Clause

import Base
import Scheduling

#if SCHEDULER_COOPERATIVE
  import SchedulerCooperative
#else
  import SchedulerRoundRobin
#endif

/// The policy that configuration chose.
func makeSchedulingPolicy(timeSlice: Nanoseconds) -> any SchedulingPolicy {
  #if SCHEDULER_COOPERATIVE
    return CooperativePolicy()
  #else
    return RoundRobinPolicy(timeSlice: timeSlice)
  #endif
}
