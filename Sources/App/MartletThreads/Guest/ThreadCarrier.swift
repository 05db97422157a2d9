// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine
import NativeThreads
import Scheduling

/// A thread of the kernel that runs a closure.
final class ThreadCarrier: Scheduling.Thread {
  private static let stackPages = 16

  private var body: (() -> Void)?
  private var hasEnded = false
  private let ended = WaitQueue()

  private init?(_ body: @escaping () -> Void) {
    self.body = body
    super.init(stackPages: Self.stackPages)
  }

  static func start(_ body: @escaping () -> Void) -> ThreadCarrier? {
    NativeRuntime.startThreads()
    guard let carrier = ThreadCarrier(body) ?? afterOthers(body) else { return nil }
    Scheduler.add(carrier)
    return carrier
  }

  /// Lets the others run first: those that end leave their stacks.
  private static func afterOthers(_ body: @escaping () -> Void) -> ThreadCarrier? {
    Scheduler.yield()
    return ThreadCarrier(body)
  }

  override func run() {
    // What the closure holds goes with it, not with the last handle of the thread.
    if let body = body.take() { body() }
    hasEnded = true
    ended.wakeAll()
  }

  func join() {
    while !hasEnded { _ = ended.wait(interruptible: false) }
  }

  static func yield() {
    NativeRuntime.startThreads()
    Scheduler.yieldToAll()
  }
}

/// Threads that wait for a change.
final class WaitingThreads: Sendable {
  private let queue: SharedVariable<WaitQueue>

  init() {
    NativeRuntime.startThreads()
    queue = SharedVariable(WaitQueue())
  }

  /// Waits for `wakeAll`; false when `deadline` has come first.
  func wait(until deadline: Instant) -> Bool {
    queue.value.wait(until: deadline, interruptible: false) != .timedOut
  }

  func wakeAll() {
    queue.value.wakeAll()
  }
}
