// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine

/// The request to end: SIGINT or SIGTERM. The second one ends the process.
enum ShutdownRequest {
  static func prepare() { HostProgram.catchRequests() }

  static var hasCome: Bool { HostProgram.wasAsked }

  /// Waits for a change; false when `deadline` has come first.
  static func waitForChange(until deadline: Instant) -> Bool {
    HostThreads.waitForChange(until: deadline.nanoseconds)
  }
}
