// SPDX-License-Identifier: BSD-3-Clause

import Base
import Clock
import NativeThreads
import Scheduling

/// Tells one thread which of many connections and listeners to look at.
///
/// ```swift
/// import Martlet
///
/// let list = ReadyList()
/// let listener = try TCPListener(port: 7)
/// listener.announce(on: list, as: 0)
/// while let token = list.next() {
///   if token == 0, let connection = listener.acceptIfReady() {
///     Console.output.write("\(connection.remote.port)\n")
///   }
/// }
/// ```
///
/// It says when to look, once for each change: look until nothing is left (`acceptIfReady`,
/// `readIfReady` give nil, `writeSome` takes less than all), for what was left is not told again. It
/// may say so when there is nothing, also for a token whose connection is gone.
///
/// What one round of the network has brought is told together, and what is sent meanwhile goes
/// out together; a thread that asks for the next token when it has served one serves many at the
/// cost of one. Nothing is allocated for an event, and each costs the same however many there are.
public final class ReadyList {
  private var queue = ReadyQueue()
  /// How many of the present batch are still to be told.
  private var batchRest = 0
  private let arrivals = WaitQueue()

  /// A list on which nothing is announced yet.
  public init() {
    NativeRuntime.startThreads()
  }

  /// Waits until something has happened that was not told yet.
  ///
  /// - Returns: the token under which it was announced; nil when `deadline` has come, or is past,
  ///   and nothing has happened.
  public func next(deadline: Instant = .never) -> Int? {
    while true {
      if batchRest == 0 {
        guard startBatch(deadline) else { return nil }
      }
      batchRest &-= 1
      guard let source = queue.removeFirst() else {
        batchRest = 0
        continue
      }
      // One whose owner has let it go has no list.
      if source.list != nil { return source.token }
    }
  }

  /// Shows the network what was sent, lets what has come in, and waits when that is nothing.
  private func startBatch(_ deadline: Instant) -> Bool {
    EventBatch.end()
    Scheduler.yieldToAll()
    while queue.count == 0 {
      if deadline != .never, deadline <= Clock.now() { return false }
      _ = arrivals.wait(until: deadline, interruptible: false)
    }
    batchRest = queue.count
    EventBatch.begin(batchRest)
    return true
  }

  func append(_ source: ReadySource) {
    queue.append(source)
    // Who waits is woken by the first: it waits only when nothing is queued.
    if queue.count == 1, !arrivals.isEmpty { arrivals.wakeAll() }
  }
}
