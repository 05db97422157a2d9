// SPDX-License-Identifier: BSD-3-Clause

import Base

/// One alarm in a `TimerWheel`. Subclasses say what happens when it fires.
///
/// An entry is in at most one wheel, at most once.
open class TimerEntry {
  /// When it fires; meaningful while it is pending.
  public internal(set) final var deadline = Instant.never
  /// The slot list it is in, as `level * slots + index`; negative while it is in no wheel.
  final var slot = -1
  final var previous: TimerEntry?
  final var next: TimerEntry?

  public init() {}

  /// Whether the entry waits in a wheel.
  public final var isPending: Bool { slot >= 0 }

  /// Called once by the owner of the wheel, after `takeDue` has taken the entry out.
  open func fire(at now: Instant) {}
}
