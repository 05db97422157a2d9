// SPDX-License-Identifier: BSD-3-Clause

import Base

/// Why a wait ended.
public enum WakeReason: Sendable {
  /// Somebody woke the queue. What was waited for may be gone again: look, and wait again.
  case woken
  /// The deadline passed.
  case timedOut
  /// A signal is to be delivered.
  case interrupted
}

/// Threads and others that wait for one condition, first come first served.
public final class WaitQueue {
  private var first: Waiter?
  private var last: Waiter?

  public init() {}

  public var isEmpty: Bool { first == nil }

  /// Adds `waiter` at the end. It must not be in a queue.
  public func add(_ waiter: Waiter) {
    precondition(waiter.queue == nil, "waiter is in a queue already")
    waiter.queue = self
    waiter.previous = last
    if let last { last.next = waiter } else { first = waiter }
    last = waiter
  }

  /// Takes `waiter` out; one that is not in this queue is left alone.
  public func remove(_ waiter: Waiter) {
    guard waiter.queue === self else { return }
    if let previous = waiter.previous { previous.next = waiter.next } else { first = waiter.next }
    if let next = waiter.next { next.previous = waiter.previous } else { last = waiter.previous }
    waiter.previous = nil
    waiter.next = nil
    waiter.queue = nil
  }

  /// Tells every waiter. Those that are added meanwhile are not told.
  public func wakeAll(_ readiness: Readiness = [.readable, .writable]) {
    guard let end = last else { return }
    var cursor = first
    while let waiter = cursor {
      cursor = waiter === end ? nil : waiter.next
      _ = waiter.wake(readiness)
    }
  }

  /// Tells waiters, the oldest first, until `count` of them have used the wake-up.
  ///
  /// - Returns: how many did.
  @discardableResult
  public func wake(_ count: Int, _ readiness: Readiness = [.readable, .writable]) -> Int {
    var used = 0
    var cursor = first
    while used < count, let waiter = cursor {
      cursor = waiter.next
      if waiter.wake(readiness) { used += 1 }
    }
    return used
  }

  /// Blocks the current thread until the queue is woken, the deadline passes, or, if
  /// `interruptible`, a signal arrives. The caller has looked at its condition before and looks
  /// again after: nothing can come between, since the kernel is not preempted.
  public func wait(until deadline: Instant = .never, interruptible: Bool = true) -> WakeReason {
    let thread = Scheduler.current
    if interruptible && thread.hasPendingInterruption { return .interrupted }
    add(thread.waiter)
    let reason = Scheduler.block(until: deadline, interruptible: interruptible)
    remove(thread.waiter)
    return reason
  }
}
