// SPDX-License-Identifier: BSD-3-Clause

import Glibc

/// A stream of bytes to who started the application: standard output or standard error.
public struct DebugConsole: Sendable {
  public static let output = DebugConsole(descriptor: 1)
  public static let errors = DebugConsole(descriptor: 2)

  private let descriptor: Int32

  /// Writes them all; a stream that nobody reads any more loses them.
  public func write(_ bytes: RawSpan) {
    // SAFETY: reads just the span's bytes.
    unsafe bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        // SAFETY: the rest of the span's bytes.
        let count = unsafe Glibc.write(descriptor, buffer.baseAddress! + done, buffer.count - done)
        if count < 0 && errno != EINTR { return }
        done += max(count, 0)
      }
    }
  }
}
