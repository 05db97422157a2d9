// SPDX-License-Identifier: BSD-3-Clause

import Base

/// What `/proc/self/task` tells of a thread.
public struct ThreadInformation {
  public enum State: Sendable {
    /// Runs or is ready to.
    case running
    /// Waits, and a signal ends the wait.
    case sleeping
    /// Waits whatever comes.
    case waiting
  }

  public var identifier: Int32
  public var name: [UInt8] = []
  public var state = State.running
  public var startedAt = Instant.start
  public var processorTime = Nanoseconds.zero
  public var pendingSignals: UInt64 = 0
  public var blockedSignals: UInt64 = 0
  public var niceness: Int32 = 0
  /// `SCHED_*` and its priority.
  public var schedulingPolicy: Int32 = 0
  public var schedulingPriority: Int32 = 0

  public init(identifier: Int32) {
    self.identifier = identifier
  }
}
