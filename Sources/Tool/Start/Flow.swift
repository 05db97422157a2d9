// SPDX-License-Identifier: BSD-3-Clause

import Glibc

/// Bytes on their way from one descriptor to another, without a wait for either.
struct Flow {
  let source: Int32
  let sink: Int32
  /// Whether the source may have more.
  private(set) var isOpen = true
  /// The `errno` of the sink's failure; what comes after it is dropped.
  private(set) var failure: Int32 = 0
  private var buffer = [UInt8](repeating: 0, count: 65536)
  private var first = 0
  private var end = 0

  /// What a pipe that has room at all takes without a wait.
  private static let piece = 4096

  init(from source: Int32, to sink: Int32) {
    self.source = source
    self.sink = sink
  }

  var isEmpty: Bool { first == end }
  var hasEnded: Bool { !isOpen && isEmpty }
  /// What to wait for: room when there is something to write, else something to read.
  var wish: pollfd {
    if !isEmpty { return pollfd(fd: sink, events: Int16(POLLOUT), revents: 0) }
    return pollfd(fd: isOpen ? source : -1, events: Int16(POLLIN), revents: 0)
  }

  /// Goes on after `wish` has come true.
  mutating func proceed() {
    if isEmpty { fill() }
    if !isEmpty { drain() }
  }

  /// Reads no more.
  mutating func stop() {
    isOpen = false
    first = end
  }

  private mutating func fill() {
    let count = read(source, &buffer, buffer.count)
    if count < 0, errno == EINTR || errno == EAGAIN { return }
    if count <= 0 { isOpen = false }
    first = 0
    end = max(0, count)
  }

  private mutating func drain() {
    if failure != 0 {
      first = end
      return
    }
    var wish = pollfd(fd: sink, events: Int16(POLLOUT), revents: 0)
    guard poll(&wish, 1, 0) > 0 else { return }
    let piece = Array(buffer[first..<min(end, first + Self.piece)])
    let written = write(sink, piece, piece.count)
    if written > 0 {
      first += written
    } else if written < 0, errno != EINTR, errno != EAGAIN {
      failure = errno
      first = end
    }
  }
}
