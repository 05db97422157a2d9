// SPDX-License-Identifier: BSD-3-Clause

/// What the log keeps between its lines. Plain variables, because it must write where there is no
/// heap.
// SAFETY (all below): kernel code is one thread of control (Docs/Architecture.md), and the host's
// tests set these from one thread.
public enum LogSettings {
  /// Tells the time in microseconds since the start.
  public typealias Clock = @convention(thin) () -> UInt64

  nonisolated(unsafe) private static var storedThreshold: UInt8 = 3
  nonisolated(unsafe) private static var storedClock: Clock?

  /// Lines of a level above this are dropped.
  public static var threshold: UInt8 {
    get { unsafe storedThreshold }
    set { unsafe storedThreshold = newValue }
  }

  public static var clock: Clock? {
    get { unsafe storedClock }
    set { unsafe storedClock = newValue }
  }
}
