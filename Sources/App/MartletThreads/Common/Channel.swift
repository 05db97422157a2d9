// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import MartletTime

/// A queue of bounded length from threads to threads.
///
/// ```swift
/// import Martlet
///
/// let numbers = Channel<Int>(capacity: 8)
/// Thread.start {
///   for number in 0..<3 { _ = numbers.send(number) }
///   numbers.close()
/// }
/// while let number = numbers.receive() { Console.output.write("\(number)\n") }
/// ```
public final class Channel<Element>: Sendable {
  private struct State {
    var elements: [Element?]
    var first = 0
    var count = 0
    var isClosed = false
  }

  private let capacity: Int
  private let state: SharedVariable<State>
  private let changes = WaitingThreads()

  /// - Parameter capacity: how many elements wait at most; at least 1.
  public init(capacity: Int) {
    precondition(capacity > 0, "a channel holds at least one element")
    self.capacity = capacity
    state = SharedVariable(State(elements: Array(repeating: nil, count: capacity)))
  }

  /// Puts an element in, and waits for room first. False when the channel is closed, or
  /// `deadline` has come.
  public func send(_ element: Element, deadline: Instant = .never) -> Bool {
    while state.value.count == capacity, !state.value.isClosed {
      guard changes.wait(until: deadline) else { return false }
    }
    guard !state.value.isClosed else { return false }
    let last = state.value.first + state.value.count
    state.value.elements[last < capacity ? last : last - capacity] = element
    state.value.count += 1
    changes.wakeAll()
    return true
  }

  /// Takes the oldest element out, and waits for one first. Nil when the channel is closed and
  /// empty, or `deadline` has come.
  public func receive(deadline: Instant = .never) -> Element? {
    while state.value.count == 0 {
      guard !state.value.isClosed, changes.wait(until: deadline) else { return nil }
    }
    let first = state.value.first
    let element = state.value.elements[first].take()
    state.value.first = first + 1 == capacity ? 0 : first + 1
    state.value.count -= 1
    changes.wakeAll()
    return element
  }

  /// Takes no more elements; those that wait can still be received.
  public func close() {
    state.value.isClosed = true
    changes.wakeAll()
  }
}

/// Lets one thread at a time do work in the middle of which it waits.
///
/// Work that does not wait needs no lock: threads take turns.
///
/// ```swift
/// import Martlet
///
/// let lock = Lock()
/// for _ in 0..<2 {
///   Thread.start {
///     lock.withLock {
///       Console.output.write("begin ")
///       Time.sleep(.milliseconds(1))
///       Console.output.write("end\n")
///     }
///   }
/// }
/// Time.sleep(.milliseconds(10))
/// ```
public final class Lock: Sendable {
  private let isTaken = SharedVariable(false)
  private let changes = WaitingThreads()

  public init() {}

  /// Runs `body` when no other thread is in here.
  public func withLock<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    while isTaken.value { _ = changes.wait(until: .never) }
    isTaken.value = true
    defer {
      isTaken.value = false
      changes.wakeAll()
    }
    return try body()
  }
}
