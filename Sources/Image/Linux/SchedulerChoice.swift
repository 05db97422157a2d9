// SPDX-License-Identifier: BSD-3-Clause

import Base
import Scheduling
import Settings

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
