// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine

/// A thread of the host that runs a closure when it is its turn.
final class ThreadCarrier {
  private var hasEnded = false

  static func start(_ body: @escaping () -> Void) -> ThreadCarrier? {
    let carrier = ThreadCarrier()
    let hasStarted = HostThreads.start {
      body()
      carrier.hasEnded = true
      HostThreads.changed()
    }
    return hasStarted ? carrier : nil
  }

  func join() {
    while !hasEnded { _ = HostThreads.waitForChange(until: .max) }
  }

  static func yield() {
    HostThreads.yield()
  }
}

/// Threads that wait for a change.
final class WaitingThreads: Sendable {
  /// Waits for a change; false when `deadline` has come first.
  func wait(until deadline: Instant) -> Bool {
    HostThreads.waitForChange(until: deadline.nanoseconds)
  }

  func wakeAll() {
    HostThreads.changed()
  }
}
