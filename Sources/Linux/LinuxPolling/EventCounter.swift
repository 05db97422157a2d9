// SPDX-License-Identifier: BSD-3-Clause

import Base
import Memory
import Scheduling
import VFS

/// A counter that threads add to and wait for (`eventfd(2)`).
final class EventCounter: OpenFile {
  /// The counter stays below this, unless the kernel itself adds to it.
  static let limit = UInt64.max

  private(set) var value: UInt64
  private let isSemaphore: Bool
  /// Those that wait for the counter to be more than zero, and those that wait for room.
  private let queue = WaitQueue()

  init(value: UInt64, isSemaphore: Bool, node: Node, flags: OpenFlags) {
    self.value = value
    self.isSemaphore = isSemaphore
    super.init(node: node, flags: flags)
  }

  /// What a read gives, or nil when it has to wait.
  func take() -> UInt64? {
    guard value > 0 else { return nil }
    let taken = isSemaphore ? 1 : value
    value &-= taken
    queue.wakeAll([.writable])
    return taken
  }

  /// Adds, or returns false when the counter would reach its limit.
  func add(_ count: UInt64) -> Bool {
    guard count < Self.limit &- value else { return false }
    value &+= count
    queue.wakeAll([.readable])
    return true
  }

  override func read(into buffer: UserBuffer, at offset: Int64?) throws(SystemError) -> Int {
    guard offset == nil else { throw .illegalSeek }
    guard buffer.count >= 8 else { throw .invalidArgument }
    while true {
      if let taken = take() {
        try buffer.store(taken, at: 0)
        return 8
      }
      if isNonBlocking { throw .wouldBlock }
      if queue.wait() == .interrupted { throw .interrupted }
    }
  }

  override func write(from buffer: UserBuffer, at offset: Int64?) throws(SystemError) -> Int {
    guard offset == nil else { throw .illegalSeek }
    guard buffer.count >= 8 else { throw .invalidArgument }
    let count = try buffer.load(UInt64.self, at: 0)
    guard count != .max else { throw .invalidArgument }
    while !add(count) {
      if isNonBlocking { throw .wouldBlock }
      if queue.wait() == .interrupted { throw .interrupted }
    }
    return 8
  }

  override var readiness: Readiness {
    var result: Readiness = []
    if value > 0 { result.insert(.readable) }
    if value < Self.limit &- 1 { result.insert(.writable) }
    return result
  }

  override var readinessQueue: WaitQueue? { queue }
}
