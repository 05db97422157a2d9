// SPDX-License-Identifier: BSD-3-Clause

/// Something that wants to hear when a `WaitQueue` is woken: a thread, or an entry of an epoll.
///
/// A waiter is in at most one queue. Its links are part of it, so waiting allocates nothing.
open class Waiter {
  final var previous: Waiter?
  final var next: Waiter?
  public internal(set) final var queue: WaitQueue?

  public init() {}

  /// Called for each wake-up of the queue, with what became possible. It may remove itself from
  /// the queue; it must not block.
  ///
  /// - Returns: whether it used the wake-up up, which matters to `wakeOne`.
  open func wake(_ readiness: Readiness) -> Bool { false }
}
