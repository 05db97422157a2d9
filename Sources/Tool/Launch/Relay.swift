// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// Copies bytes from one descriptor to another on a thread of its own.
///
/// Each holds at most one buffer, so that a slow reader slows the guest down and a slow guest
/// leaves standard input unread.
enum Relay {
  /// Why a relay stopped.
  enum End: Sendable, Equatable {
    /// The source has ended, and everything has been written.
    case source
    /// The destination failed with this `errno`; EPIPE when nobody reads any more.
    case destination(Int32)
  }

  static let bufferSize = 256 << 10

  /// Hands what comes from the guest's socket to `take`, which returns an `errno` to stop.
  static func receive(
    from source: Descriptor, _ take: @escaping @Sendable ([UInt8], Int) -> Int32,
    whenEnded: @escaping @Sendable (End) -> Void
  ) {
    Thread.detachNewThread {
      var buffer = [UInt8](repeating: 0, count: bufferSize)
      while true {
        let count = source.read(into: &buffer)
        guard count > 0 else { return whenEnded(.source) }
        let failure = take(buffer, count)
        guard failure == 0 else { return whenEnded(.destination(failure)) }
      }
    }
  }

  /// Copies standard input to the guest's socket until its end, or until `stop` hangs up; then
  /// closes the last two.
  ///
  /// The end is told by shutting down the sending direction only: QEMU drops what it has not read
  /// yet when it sees a socket closed in both directions, so that stays open until the end.
  static func feed(from source: Descriptor?, to guest: Descriptor, until stop: Descriptor) {
    Thread.detachNewThread {
      if let source { pump(source, guest, stop) }
      _ = shutdown(guest.number, Int32(SHUT_WR))
      var wish = pollfd(fd: stop.number, events: Int16(POLLIN), revents: 0)
      while poll(&wish, 1, -1) < 0, errno == EINTR {}
      guest.close()
      stop.close()
    }
  }

  private static func pump(_ source: Descriptor, _ guest: Descriptor, _ stop: Descriptor) {
    var buffer = [UInt8](repeating: 0, count: bufferSize)
    while true {
      var wishes = [
        pollfd(fd: source.number, events: Int16(POLLIN), revents: 0),
        pollfd(fd: stop.number, events: Int16(POLLIN), revents: 0),
      ]
      guard poll(&wishes, 2, -1) > 0 else {
        if errno == EINTR { continue }
        return
      }
      if wishes[1].revents != 0 { return }
      let count = source.read(into: &buffer)
      if count < 0, errno == EAGAIN { continue }
      guard count > 0, guest.writeAll(buffer, count: count) == 0 else { return }
    }
  }
}
