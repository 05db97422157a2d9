// SPDX-License-Identifier: BSD-3-Clause

/// Threads in order of arrival, linked through `queueLink`; for policies.
public struct ThreadList {
  private var first: Thread?
  private var last: Thread?

  public init() {}

  public var isEmpty: Bool { first == nil }

  public mutating func append(_ thread: Thread) {
    thread.queueLink = nil
    if let last { last.queueLink = thread } else { first = thread }
    last = thread
  }

  /// Puts `thread` at the end and the first thread in its place. Returns false, and does nothing,
  /// when the list is empty.
  ///
  /// References are moved, not copied: this is half of a thread switch.
  @inline(__always)
  public mutating func rotate(_ thread: inout Thread?) -> Bool {
    guard let next = first.take() else { return false }
    first = next.queueLink.take()
    let running = thread.take()
    thread = consume next
    if first == nil { first = running } else { last?.queueLink = running }
    last = consume running
    return true
  }

  public mutating func removeFirst() -> Thread? {
    guard let thread = first else { return nil }
    first = thread.queueLink
    if first == nil { last = nil }
    thread.queueLink = nil
    return thread
  }
}
