// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine

/// Tells one thread which of many connections and listeners to look at (see the sibling for the
/// guest).
public final class ReadyList {
  let readiness = HostReadiness()
  /// Tokens that were not told yet, the next one last.
  private var tokens: [Int] = []

  /// A list on which nothing is announced yet.
  public init() {}

  /// Waits until something has happened that was not told yet; nil when `deadline` has come first.
  public func next(deadline: Instant = .never) -> Int? {
    if tokens.isEmpty {
      tokens = readiness.wait(until: deadline.nanoseconds)
      tokens.reverse()
    }
    return tokens.popLast()
  }

  deinit { readiness.close() }
}
