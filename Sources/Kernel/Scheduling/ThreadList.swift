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

  public mutating func removeFirst() -> Thread? {
    guard let thread = first else { return nil }
    first = thread.queueLink
    if first == nil { last = nil }
    thread.queueLink = nil
    return thread
  }
}
