// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Scheduling
import VFS

/// Stands for a polling thread in one of the queues it waits for.
final class PollWaiter: Waiter {
  private var thread: Thread?
  /// Kept so that the queue lives as long as somebody waits in it.
  private var file: OpenFile?
  private var nextFree: PollWaiter?

  /// Those that are not in use. They are few: as many as were ever waited with at once.
  private static let free = KernelGlobal<PollWaiter?>(nil)

  /// Adds a waiter for the current thread to the file's queue, if it has one.
  static func attached(to file: OpenFile) -> PollWaiter? {
    guard let queue = file.readinessQueue else { return nil }
    let waiter = free.value ?? PollWaiter()
    free.value = waiter.nextFree
    waiter.nextFree = nil
    waiter.thread = Scheduler.current
    waiter.file = file
    queue.add(waiter)
    return waiter
  }

  /// Leaves the queue, and goes back to the others that are free.
  func release() {
    queue?.remove(self)
    thread = nil
    file = nil
    nextFree = Self.free.value
    Self.free.value = self
  }

  /// Other waiters hear of the same event, so it is never used up.
  override func wake(_ readiness: Readiness) -> Bool {
    if let thread { Scheduler.wake(thread, .woken) }
    return false
  }

  /// The chain of waiters of one call.
  var nextInCall: PollWaiter?
}

/// The waiters of one call; all leave their queues in `release`.
struct PollWaiters {
  private var first: PollWaiter?

  mutating func attach(to file: OpenFile) {
    guard let waiter = PollWaiter.attached(to: file) else { return }
    waiter.nextInCall = first
    first = waiter
  }

  mutating func release() {
    while let waiter = first {
      first = waiter.nextInCall
      waiter.nextInCall = nil
      waiter.release()
    }
  }
}
