// SPDX-License-Identifier: BSD-3-Clause

import Foundation

/// Lines for people. Standard output belongs to the program that runs in the guest.
public enum StandardError {
  /// Writes the text as it is; a closed standard error is not an error.
  public static func write(_ text: String) {
    write(Array(text.utf8))
  }

  /// Writes all bytes, however often the system call is interrupted.
  public static func write(_ bytes: [UInt8]) {
    _ = Descriptor(STDERR_FILENO).writeAll(bytes, count: bytes.count)
  }

  /// Writes `martlet: text` and a line end.
  public static func say(_ text: String) {
    write("martlet: \(text)\n")
  }
}
