// SPDX-License-Identifier: BSD-3-Clause

import Scheduling

/// The items of an epoll that may have something to report, in order of arrival, and who waits
/// for them.
final class EpollReadyList {
  private var first: EpollItem?
  private var last: EpollItem?
  private(set) var count = 0
  /// Threads in `epoll_wait`; one is woken for each event.
  let sleepers = WaitQueue()
  /// Those that watch the epoll itself: another epoll, or `poll`.
  let watchers = WaitQueue()

  var isEmpty: Bool { first == nil }

  /// Adds `item` unless it is there, and tells a waiter.
  ///
  /// - Returns: whether somebody was told.
  @discardableResult
  func note(_ item: EpollItem) -> Bool {
    if !item.isReady { append(item) }
    let woken = sleepers.wake(1, .readable)
    if !watchers.isEmpty { watchers.wakeAll([.readable, .readableNormal]) }
    return woken > 0
  }

  func append(_ item: EpollItem) {
    item.isReady = true
    item.previousReady = last
    item.nextReady = nil
    if let last { last.nextReady = item } else { first = item }
    last = item
    count &+= 1
  }

  func remove(_ item: EpollItem) {
    guard item.isReady else { return }
    item.isReady = false
    if let previous = item.previousReady {
      previous.nextReady = item.nextReady
    } else {
      first = item.nextReady
    }
    if let next = item.nextReady {
      next.previousReady = item.previousReady
    } else {
      last = item.previousReady
    }
    item.previousReady = nil
    item.nextReady = nil
    count &-= 1
  }

  func popFirst() -> EpollItem? {
    guard let item = first else { return nil }
    remove(item)
    return item
  }

  /// Whether any item has something to report; drops those that have not.
  func hasReady() -> Bool {
    while let item = first {
      if !item.currentReadiness.isEmpty { return true }
      remove(item)
    }
    return false
  }
}
