// SPDX-License-Identifier: BSD-3-Clause

import Base

/// Which ready thread runs next. Each policy is a module of its own; configuration chooses one,
/// and the image hands it to `Scheduler.start`.
public protocol SchedulingPolicy: AnyObject {
  /// How long program code may run while others are ready; nil when it is never preempted.
  var timeSlice: Nanoseconds? { get }
  var isEmpty: Bool { get }
  /// Adds a ready thread. `queueLink` is the policy's to use.
  func enqueue(_ thread: Thread)
  /// Takes the next thread to run.
  func dequeue() -> Thread?
  /// Adds `thread` and takes the next one, in one step; nil, and nothing is added, when no other
  /// is ready.
  func rotate(_ thread: Thread) -> Thread?
}
