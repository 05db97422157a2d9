// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Synchronization

/// A queue on which one thread waits for what others tell it.
final class Mailbox<Message: Sendable>: Sendable {
  private let messages = Mutex<[Message]>([])
  private let arrivals = DispatchSemaphore(value: 0)

  func post(_ message: Message) {
    messages.withLock { $0.append(message) }
    arrivals.signal()
  }

  /// The next message, or `nil` when none has come until the deadline.
  func next(until deadline: DispatchTime = .distantFuture) -> Message? {
    guard arrivals.wait(timeout: deadline) == .success else { return nil }
    return messages.withLock { $0.removeFirst() }
  }
}
