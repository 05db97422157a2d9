// SPDX-License-Identifier: BSD-3-Clause

import Base
import Memory
import Scheduling
import VFS

/// A set of descriptors to wait for (`epoll(7)`).
///
/// - Complexity: adding and removing a descriptor O(1); collecting events O(events).
final class Epoll: OpenFile {
  /// How deep an epoll may watch another (`EP_MAX_NESTS`).
  static let nestingLimit = 4

  private let list = EpollReadyList()
  /// By descriptor number.
  private var items: [EpollItem?] = []
  /// How many levels of epolls have watched this one; it bounds how deep a wake-up goes.
  private var levelsAbove = 0

  deinit {
    for index in items.indices {
      var item = items[index]
      while let current = item {
        item = current.sibling
        current.sibling = nil
        current.detach()
      }
    }
  }

  /// Starts to watch. Throws `fileExists`, `notPermitted` for a file that is always ready,
  /// `tooManyLinksInPath` when epolls would watch each other.
  func add(
    _ file: OpenFile, descriptor: Int32, events: EpollEvents, data: UInt64
  ) throws(SystemError) {
    if let nested = file as? Epoll {
      guard !nested.reaches(self), levelsAbove + 1 + nested.depth <= Self.nestingLimit + 1 else {
        throw .tooManyLinksInPath
      }
      nested.sink(below: levelsAbove + 1)
    }
    guard item(for: file, descriptor: descriptor) == nil else { throw .fileExists }
    let index = Int(descriptor)
    if index < items.count { dropClosed(descriptor) }
    while items.count <= index {
      items.append(contentsOf: repeatElement(nil, count: max(items.count, 16)))
    }
    let item = EpollItem(
      descriptor: descriptor, file: file, events: events, data: data, list: list)
    item.sibling = items[index]
    items[index] = item
    item.attach()
  }

  /// Changes what is watched for. Throws `noSuchFile`, or `invalidArgument` for an exclusive item.
  func modify(
    _ file: OpenFile, descriptor: Int32, events: EpollEvents, data: UInt64
  ) throws(SystemError) {
    guard let item = item(for: file, descriptor: descriptor) else { throw .noSuchFile }
    guard !item.events.contains(.exclusive) else { throw .invalidArgument }
    item.events = events
    item.data = data
    item.noteIfReady()
  }

  /// Stops watching. Throws `noSuchFile`.
  func remove(_ file: OpenFile, descriptor: Int32) throws(SystemError) {
    guard let item = item(for: file, descriptor: descriptor) else { throw .noSuchFile }
    item.detach()
    dropClosed(descriptor)
  }

  /// Reports up to `limit` ready items in order, each once.
  ///
  /// - Returns: how many were reported.
  func collect(
    limit: Int, _ report: (Readiness, UInt64) throws(SystemError) -> Void
  ) throws(SystemError) -> Int {
    var reported = 0
    var left = list.count
    while left > 0, reported < limit, let item = list.popFirst() {
      left &-= 1
      let readiness = item.currentReadiness
      if readiness.isEmpty { continue }
      do {
        try report(readiness, item.data)
      } catch {
        list.append(item)
        if reported > 0 { return reported }
        throw error
      }
      reported &+= 1
      if item.events.contains(.oneShot) {
        item.events = item.events.disarmed
      } else if !item.events.contains(.edge) {
        list.append(item)
      }
    }
    return reported
  }

  /// Blocks until something may be ready.
  func wait(until deadline: Instant) -> WakeReason {
    list.sleepers.wait(until: deadline)
  }

  override var readiness: Readiness {
    list.hasReady() ? [.readable, .readableNormal] : []
  }

  override var readinessQueue: WaitQueue? { list.watchers }

  private func item(for file: OpenFile, descriptor: Int32) -> EpollItem? {
    guard descriptor >= 0 && Int(descriptor) < items.count else { return nil }
    var item = items[Int(descriptor)]
    while let current = item {
      if current.file === file { return current }
      item = current.sibling
    }
    return nil
  }

  /// Drops the items of a number that watch nothing any more.
  private func dropClosed(_ descriptor: Int32) {
    var kept: EpollItem?
    var item = items[Int(descriptor)]
    while let current = item {
      item = current.sibling
      current.sibling = nil
      if current.file != nil {
        current.sibling = kept
        kept = current
      }
    }
    items[Int(descriptor)] = kept
  }

  /// Calls `body` with each epoll that this one watches, until it returns true.
  private func containsNested(where body: (Epoll) -> Bool) -> Bool {
    for index in items.indices {
      var item = items[index]
      while let current = item {
        if let nested = current.file as? Epoll, body(nested) { return true }
        item = current.sibling
      }
    }
    return false
  }

  /// Whether `other` is this epoll or is watched by it, directly or not.
  private func reaches(_ other: Epoll) -> Bool {
    self === other || containsNested { $0.reaches(other) }
  }

  private func sink(below level: Int) {
    guard level > levelsAbove else { return }
    levelsAbove = level
    _ = containsNested { nested in
      nested.sink(below: level + 1)
      return false
    }
  }

  /// How many levels of epolls this one watches, itself included.
  private var depth: Int {
    var deepest = 0
    _ = containsNested { nested in
      deepest = max(deepest, nested.depth)
      return false
    }
    return deepest + 1
  }
}
