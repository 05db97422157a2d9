// SPDX-License-Identifier: BSD-3-Clause

import Scheduling
import VFS

/// One descriptor that an epoll watches.
///
/// The item knows the ready list but not the `Epoll`, so that the epoll's last reference closes
/// it. It holds the file, and lets go of it when the file's last descriptor closes.
final class EpollItem: Waiter, FileCloseObserver {
  let descriptor: Int32
  private(set) var file: OpenFile?
  var events: EpollEvents
  var data: UInt64
  let list: EpollReadyList
  /// The next item of the same descriptor number, which names another file now.
  var sibling: EpollItem?

  /// The links of the ready list.
  var nextReady: EpollItem?
  var previousReady: EpollItem?
  var isReady = false

  init(
    descriptor: Int32, file: OpenFile, events: EpollEvents, data: UInt64, list: EpollReadyList
  ) {
    self.descriptor = descriptor
    self.file = file
    self.events = events
    self.data = data
    self.list = list
  }

  /// Starts to watch; what is ready already is noted.
  func attach() {
    guard let file else { return }
    file.addCloseObserver(self)
    file.readinessQueue?.add(self)
    noteIfReady()
  }

  /// Stops watching.
  func detach() {
    queue?.remove(self)
    list.remove(self)
    file?.removeCloseObserver(self)
    file = nil
  }

  /// Puts the item on the ready list if its file can do what is asked for.
  func noteIfReady() {
    if !currentReadiness.isEmpty { list.note(self) }
  }

  /// What the file can do of what is asked for.
  var currentReadiness: Readiness {
    guard let file, events.isArmed else { return [] }
    return file.readiness.intersection(events.interest.union([.error, .hangup]))
  }

  override func wake(_ readiness: Readiness) -> Bool {
    guard events.isArmed else { return false }
    let asked = events.interest.union([.error, .hangup]).widened
    if !readiness.isEmpty && asked.isDisjoint(with: readiness.widened) { return false }
    let woken = list.note(self)
    return events.contains(.exclusive) && woken
  }

  func fileDidClose() {
    queue?.remove(self)
    list.remove(self)
    file = nil
  }
}

extension Readiness {
  /// With both spellings of "readable" and of "writable", if either is there.
  var widened: Readiness {
    var result = self
    if !isDisjoint(with: [.readable, .readableNormal]) {
      result.formUnion([.readable, .readableNormal])
    }
    if !isDisjoint(with: [.writable, .writableNormal]) {
      result.formUnion([.writable, .writableNormal])
    }
    return result
  }
}
