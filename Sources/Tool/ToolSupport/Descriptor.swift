// SPDX-License-Identifier: BSD-3-Clause

import Foundation

/// A file descriptor with whole reads and writes. It does not own the number.
public struct Descriptor: Sendable {
  public let number: Int32

  public init(_ number: Int32) { self.number = number }

  /// Reads what is there, at most `buffer.count` bytes: 0 at the end, -1 on an error (`errno`).
  public func read(into buffer: inout [UInt8]) -> Int {
    while true {
      let count = Foundation.read(number, &buffer, buffer.count)
      if count >= 0 || errno != EINTR { return count }
    }
  }

  /// Writes the first `count` bytes; returns 0, or the `errno` that stopped it.
  public func writeAll(_ bytes: [UInt8], count: Int) -> Int32 {
    guard count > 0 else { return 0 }
    var rest = bytes
    var length = count
    while true {
      let written = Foundation.write(number, rest, length)
      if written == length { return 0 }
      if written > 0 {
        rest.removeFirst(written)
        length -= written
      } else if errno == EAGAIN {
        // Somebody made the shared open file non-blocking (a shell, Node): wait for room.
        var wish = [pollfd(fd: number, events: Int16(POLLOUT), revents: 0)]
        _ = poll(&wish, 1, 1000)
      } else if errno != EINTR {
        return errno
      }
    }
  }

  /// Closes the number.
  public func close() { _ = Foundation.close(number) }
}
