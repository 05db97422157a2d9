// SPDX-License-Identifier: BSD-3-Clause

import Scheduling

/// What a program asks of `epoll_ctl(2)` for one descriptor: poll bits and behaviour.
struct EpollEvents: OptionSet {
  let rawValue: UInt32

  /// `EPOLLEXCLUSIVE`
  static let exclusive = EpollEvents(rawValue: 1 << 28)
  /// `EPOLLWAKEUP`; nothing here sleeps, so it is accepted and means nothing.
  static let wakeUp = EpollEvents(rawValue: 1 << 29)
  /// `EPOLLONESHOT`
  static let oneShot = EpollEvents(rawValue: 1 << 30)
  /// `EPOLLET`
  static let edge = EpollEvents(rawValue: 1 << 31)

  private static let behaviour: EpollEvents = [.exclusive, .wakeUp, .oneShot, .edge]

  /// What may go with `exclusive` (`EPOLLEXCLUSIVE_OK_BITS`).
  static let allowedWithExclusive = EpollEvents(
    rawValue: Self.behaviour.rawValue & ~Self.oneShot.rawValue | 0x1 | 0x4 | 0x8 | 0x10)

  /// The poll bits that are asked for. Errors and hang-ups are always.
  var interest: Readiness {
    Readiness(rawValue: rawValue & ~Self.behaviour.rawValue)
  }

  /// The same with nothing left to wait for: what a one-shot entry becomes.
  var disarmed: EpollEvents { intersection(Self.behaviour) }

  /// Whether there is something to wait for.
  var isArmed: Bool { !subtracting(Self.behaviour).isEmpty }
}
