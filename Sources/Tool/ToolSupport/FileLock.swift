// SPDX-License-Identifier: BSD-3-Clause

import Foundation

/// An exclusive lock on a file, so that two runs of the tool do not write the same cache entry.
public final class FileLock: Sendable {
  private let descriptor: Int32

  /// Waits until the lock is free. `whenBusy` is called once when another run holds it.
  public init(path: String, whenBusy: () -> Void = {}) throws {
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw ToolError("cannot open the lock: \(String(cString: strerror(errno)))", at: path)
    }
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      whenBusy()
      while flock(descriptor, LOCK_EX) != 0 && errno == EINTR {}
    }
  }

  deinit {
    close(descriptor)
  }
}
