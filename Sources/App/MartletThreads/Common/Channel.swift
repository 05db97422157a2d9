// SPDX-License-Identifier: BSD-3-Clause

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
public final class Channel<Element> {
  private let capacity: Int
  private var elements: [Element?]
  private var first = 0
  private var count = 0
  private var isClosed = false
  private let changes = WaitingThreads()

  /// - Parameter capacity: how many elements wait at most; at least 1.
  public init(capacity: Int) {
    precondition(capacity > 0, "a channel holds at least one element")
    self.capacity = capacity
    elements = Array(repeating: nil, count: capacity)
  }

  /// Puts an element in, and waits for room first. False when the channel is closed, or
  /// `deadline` has come.
  public func send(_ element: Element, deadline: Instant = .never) -> Bool {
    while count == capacity, !isClosed {
      guard changes.wait(until: deadline) else { return false }
    }
    guard !isClosed else { return false }
    let last = first + count
    elements[last < capacity ? last : last - capacity] = element
    count += 1
    changes.wakeAll()
    return true
  }

  /// Takes the oldest element out, and waits for one first. Nil when the channel is closed and
  /// empty, or `deadline` has come.
  public func receive(deadline: Instant = .never) -> Element? {
    while count == 0 {
      guard !isClosed, changes.wait(until: deadline) else { return nil }
    }
    let element = elements[first]
    elements[first] = nil
    first = first + 1 == capacity ? 0 : first + 1
    count -= 1
    changes.wakeAll()
    return element
  }

  /// Takes no more elements; those that wait can still be received.
  public func close() {
    isClosed = true
    changes.wakeAll()
  }
}

/// Lets one thread at a time do work in the middle of which it waits.
///
/// Work that does not wait needs no lock: threads take turns.
public final class Lock {
  private var isTaken = false
  private let changes = WaitingThreads()

  public init() {}

  /// Runs `body` when no other thread is in here.
  public func withLock<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    while isTaken { _ = changes.wait(until: .never) }
    isTaken = true
    defer {
      isTaken = false
      changes.wakeAll()
    }
    return try body()
  }
}
