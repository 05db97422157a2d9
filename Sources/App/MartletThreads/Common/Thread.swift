// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// A thread of the application. Threads take turns: each runs until it waits for something, sleeps,
/// yields or ends.
///
/// ```swift
/// import Martlet
///
/// let worker = Thread.start { Console.output.write("from the worker\n") }
/// worker?.join()
/// ```
///
/// The machine ends when `main` does, whatever other threads do.
public struct Thread: Sendable {
  private let carrier: SharedVariable<ThreadCarrier>

  /// Starts a thread that runs `body`, with a stack of 64 KiB. The thread that starts it goes on
  /// first, unless memory is short: then the others run before, since those that end leave theirs.
  ///
  /// - Returns: nil when there is no memory for it.
  @discardableResult
  public static func start(_ body: @escaping () -> Void) -> Thread? {
    guard let carrier = ThreadCarrier.start(body) else { return nil }
    return Thread(carrier: SharedVariable(carrier))
  }

  /// Starts a thread that owns a value which cannot be copied, such as a connection.
  ///
  /// - Returns: nil when there is no memory for it; the value is gone then.
  @discardableResult
  public static func start<Value: ~Copyable>(
    with value: consuming Value, _ body: @escaping (consuming Value) -> Void
  ) -> Thread? {
    let parcel = Parcel(value)
    return start {
      if let value = parcel.take() { body(value) }
    }
  }

  /// Waits until the thread has ended.
  public func join() {
    carrier.value.join()
  }

  /// Lets the other threads run that can.
  public static func yield() {
    ThreadCarrier.yield()
  }
}

/// Carries a value into a closure that runs once.
private final class Parcel<Value: ~Copyable> {
  private var value: Value?

  init(_ value: consuming Value) {
    self.value = consume value
  }

  func take() -> Value? { value.take() }
}
