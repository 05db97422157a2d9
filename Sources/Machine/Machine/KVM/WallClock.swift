// SPDX-License-Identifier: BSD-3-Clause

/// The time of day as the platform tells it.
public enum WallClock {
  /// Nanoseconds since 1970 when the guest began, or nil when the platform does not tell.
  public static func atBoot() -> Int64? { KVMClock.wallTimeAtBoot() }
}
