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

  /// Adds `thread` and takes the first one; nil, and nothing is added, when the list is empty.
  @inline(__always)
  public mutating func rotate(_ thread: Thread) -> Thread? {
    guard let next = first, let end = last else { return nil }
    end.queueLink = thread
    last = thread
    first = next.queueLink
    next.queueLink = nil
    return next
  }

  public mutating func removeFirst() -> Thread? {
    guard let thread = first else { return nil }
    first = thread.queueLink
    if first == nil { last = nil }
    thread.queueLink = nil
    return thread
  }
}
