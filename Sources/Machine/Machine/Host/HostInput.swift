// SPDX-License-Identifier: BSD-3-Clause

import Glibc

/// Standard input of the process. Waiting lets other threads run.
public enum HostInput {
  /// At least one byte; 0 at the end, nil when nothing has come by `deadline`, in nanoseconds of the
  /// monotonic clock.
  public static func read(into bytes: inout MutableRawSpan, until deadline: UInt64) -> Int? {
    do throws(HostSocketError) {
      try HostSocket(descriptor: 0).wait(for: Int16(POLLIN), until: deadline)
    } catch { return nil }
    while true {
      // SAFETY: writes into the span only.
      let count = unsafe bytes.withUnsafeMutableBytes {
        unsafe Glibc.read(0, $0.baseAddress, $0.count)
      }
      if count >= 0 { return count }
      // A descriptor that is closed has nothing to say.
      guard errno == EINTR else { return 0 }
    }
  }
}
