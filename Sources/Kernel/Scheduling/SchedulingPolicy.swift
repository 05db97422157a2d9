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
  /// Adds `thread`, which ran, and puts the next one in its place, in one step. Returns false, and
  /// does nothing, when no other is ready.
  func rotate(_ thread: inout Thread?) -> Bool
}
