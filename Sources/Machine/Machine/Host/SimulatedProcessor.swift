// SPDX-License-Identifier: BSD-3-Clause

import Synchronization

/// The one processor of the stand-in: who uses what belongs to it (the current tables, the current
/// address space) must have it alone, since tests run side by side.
public enum SimulatedProcessor {
  private static let users = Mutex<Int>(0)

  /// Runs `body` while nobody else has the processor. Not to be nested.
  public static func withExclusiveUse<R, E: Error>(
    _ body: () throws(E) -> R
  ) throws(E) -> R {
    try users.withLock { (count: inout Int) throws(E) -> R in
      count += 1
      return try body()
    }
  }
}
