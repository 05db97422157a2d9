// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import TimerWheel

/// A port that takes connections: LISTEN of RFC 9293, with its connections that are half open and
/// those that wait to be accepted. Both are bounded.
public final class Listener: TimerEntry {
  /// Where; the address may be any.
  public let local: Endpoint
  /// What the connections begin with.
  public var options: ConnectionOptions
  /// Who is told that a connection waits.
  public var observer: (any TCPObserver)?
  /// The most connections that wait to be accepted.
  public internal(set) var backlog: Int
  public internal(set) var isClosed = false

  let stack: TCP
  let sharing: PortSharing
  var halfOpen = RecordList()
  /// A cookie was given out at that time, so acknowledgements out of nowhere may bring it back.
  var cookieAt: Instant?
  var next: Listener?
  private var oldest: Connection?
  private var newest: Connection?
  public private(set) var readyCount = 0

  init(
    stack: TCP, local: Endpoint, sharing: PortSharing, backlog: Int, options: ConnectionOptions
  ) {
    self.stack = stack
    self.local = local
    self.sharing = sharing
    self.backlog = backlog
    self.options = options
    super.init()
  }

  /// Whether `accept` would give a connection.
  public var isReadable: Bool { oldest != nil }

  var isFull: Bool { readyCount >= backlog }

  /// Takes the connection that has waited longest, or nil. It may have failed meanwhile.
  public func accept() -> Connection? {
    guard let connection = oldest else { return nil }
    oldest = connection.nextAccepted
    if oldest == nil { newest = nil }
    connection.nextAccepted = nil
    readyCount -= 1
    return connection
  }

  /// Changes the most connections that wait to be accepted; at least one.
  public func setBacklog(_ count: Int) { backlog = max(1, count) }

  func append(_ connection: Connection) {
    if let newest { newest.nextAccepted = connection } else { oldest = connection }
    newest = connection
    readyCount += 1
  }

  /// Listens no more; connections that nobody accepted are reset.
  public func close(now: Instant) {
    guard !isClosed else { return }
    isClosed = true
    observer = nil
    stack.remove(self)
    while let record = halfOpen.oldest { stack.dropHalfOpen(record) }
    while let connection = accept() {
      connection.abort(now: now)
      connection.close(now: now)
    }
  }

  public override func fire(at now: Instant) {
    stack.answerAgain(self, now: now)
  }
}
