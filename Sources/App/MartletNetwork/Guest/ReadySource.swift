// SPDX-License-Identifier: BSD-3-Clause

import Base
import Scheduling
import TCP

/// What stands for a connection or a listener with those who wait for it: threads, and a ready list.
class ReadySource {
  init() {}

  private let queue = WaitQueue()
  /// The list that wants to know of changes, and what it calls this one.
  private(set) final var list: ReadyList?
  private(set) final var token = 0
  fileprivate(set) final var isQueued = false
  fileprivate final var nextReady: ReadySource?

  /// Something has changed: tells the list and every thread that waits.
  @inline(__always)
  final func signal() {
    if !isQueued, let list { list.append(self) }
    if !queue.isEmpty { queue.wakeAll() }
  }

  /// Waits for a change; false when `deadline` has come first.
  final func wait(until deadline: Instant) -> Bool {
    queue.wait(until: deadline, interruptible: false) != .timedOut
  }

  /// From now on `list` is told, and at once: what has happened before counts too.
  final func announce(on list: ReadyList, as token: Int) {
    self.list = list
    self.token = token
    if !isQueued { list.append(self) }
  }

  /// No list is told any more. One that has this in its queue skips it.
  final func withdraw() {
    list = nil
  }
}

/// Tells of changes of a connection or a listener of TCP.
final class TCPWatcher: ReadySource, TCPObserver {
  func changed(_ events: TCPEvents) {
    signal()
  }
}

/// The sources at which something has happened, in that order, each once.
struct ReadyQueue: ~Copyable {
  private var first: ReadySource?
  private var last: ReadySource?
  private(set) var count = 0

  mutating func append(_ source: ReadySource) {
    source.isQueued = true
    if let last { last.nextReady = source } else { first = source }
    last = source
    count &+= 1
  }

  mutating func removeFirst() -> ReadySource? {
    guard let source = first else { return nil }
    first = source.nextReady
    if first == nil { last = nil } else { source.nextReady = nil }
    source.isQueued = false
    count &-= 1
    return source
  }

  // One by one: letting go of the first would let go of all others inside of each other.
  deinit {
    var next = first
    while let source = next {
      next = source.nextReady
      source.nextReady = nil
    }
  }
}
