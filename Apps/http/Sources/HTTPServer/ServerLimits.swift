// SPDX-License-Identifier: BSD-3-Clause

public import HTTPCore

/// How much a server takes, for how many, and how long it waits. Times are in milliseconds.
public struct ServerLimits: Sendable {
  /// Of one request.
  public var request = RequestLimits()
  /// Connections at once; more wait to be accepted.
  public var connectionCount = 256
  /// Bytes of unfinished requests of all connections together; a request beyond gives 503.
  public var bufferedByteCount = 512 << 10
  /// For the first byte of the next request; then the connection is closed without a word.
  public var idleTime = 30_000
  /// From a request's first byte to the end of its head; then 408.
  public var headTime = 10_000
  /// From the end of a request's head to the end of its body; then 408.
  public var bodyTime = 30_000
  /// For the client to take some bytes of an answer; then the connection is reset.
  public var writeTime = 30_000
  /// For the client to end its side when this one has; then the connection is closed.
  public var lingerTime = 2_000
  /// For requests under way when the server is asked to end; then they are cut off.
  public var drainTime = 5_000

  /// The values that stand above, with requests that suit a machine of 4 MiB: a line of 8 KiB,
  /// 16 KiB of fields and 64 KiB of content.
  public init() {
    request.bodyByteCount = 64 << 10
  }
}

/// What the unfinished requests of all sessions hold, and may hold.
public final class BufferBudget {
  let limit: Int
  /// In bytes.
  public private(set) var used = 0

  public init(limit: Int) { self.limit = limit }

  /// Accounts for a session that holds `new` bytes instead of `old`. False when that is too much;
  /// it is accounted for all the same.
  func change(from old: Int, to new: Int) -> Bool {
    used += new - old
    return new <= old || used <= limit
  }
}
