// SPDX-License-Identifier: BSD-3-Clause

import Base
import Scheduling

/// Every ready thread in turn, each until it blocks, yields or ends. No timer interrupt disturbs
/// a program; one that never calls the kernel keeps the processor.
public final class CooperativePolicy: SchedulingPolicy {
  private var ready = ThreadList()

  public init() {}

  public var timeSlice: Nanoseconds? { nil }
  public var isEmpty: Bool { ready.isEmpty }

  public func enqueue(_ thread: Thread) { ready.append(thread) }
  public func dequeue() -> Thread? { ready.removeFirst() }
  public func rotate(_ thread: inout Thread?) -> Bool { ready.rotate(&thread) }
}
