// SPDX-License-Identifier: BSD-3-Clause

import Base
import MartletThreads

/// Being asked to end: by Ctrl-C or SIGTERM to `martlet run`.
///
/// ```swift
/// import Martlet
///
/// Shutdown.whenRequested {
///   Console.errors.write("saving\n")
///   Program.end()
/// }
/// ```
///
/// An application that uses nothing of this ends at once. One that does is asked, from its first
/// use of it on, and has ten seconds; after them, or when it is asked again, it is ended.
public enum Shutdown {
  /// Whether the application was asked.
  public static var isRequested: Bool {
    ShutdownRequest.prepare()
    return ShutdownRequest.hasCome
  }

  /// Waits until the application is asked; false when `deadline` has come first.
  public static func wait(deadline: Instant = .never) -> Bool {
    ShutdownRequest.prepare()
    while !ShutdownRequest.hasCome {
      guard ShutdownRequest.waitForChange(until: deadline) else {
        return ShutdownRequest.hasCome
      }
    }
    return true
  }

  /// Runs `body` in a thread of its own when the application is asked.
  ///
  /// - Returns: false when there is no memory for the thread.
  @discardableResult
  public static func whenRequested(_ body: @escaping () -> Void) -> Bool {
    ShutdownRequest.prepare()
    let thread = Thread.start {
      _ = wait()
      body()
    }
    return thread != nil
  }
}
