// SPDX-License-Identifier: BSD-3-Clause

import Base
import Scheduling

/// Every ready thread in turn; program code that computes without a call gives way after a time
/// slice. The default for Linux programs.
public final class RoundRobinPolicy: SchedulingPolicy {
  private var ready = ThreadList()
  private let slice: Nanoseconds

  public init(timeSlice: Nanoseconds) {
    slice = timeSlice
  }

  public var timeSlice: Nanoseconds? { slice }
  public var isEmpty: Bool { ready.isEmpty }

  public func enqueue(_ thread: Thread) { ready.append(thread) }
  public func dequeue() -> Thread? { ready.removeFirst() }
  public func rotate(_ thread: inout Thread?) -> Bool { ready.rotate(&thread) }
}
