// SPDX-License-Identifier: BSD-3-Clause

import HTTPServer
import Martlet

/// One connection and what is under way on it.
final class Client {
  var connection: TCPConnection
  let session: Session
  /// When to give up what is waited for.
  private(set) var deadline = Instant.never
  /// What the connection has not taken yet.
  private var unsent = ByteBuffer()
  private var sentCount = 0
  private var hasEndedWriting = false
  /// What the deadline was set for.
  private var awaited = Session.Phase.over
  private var servedCount = -1
  private var isStalled = false

  init(_ connection: consuming TCPConnection, _ session: Session) {
    self.connection = connection
    self.session = session
  }

  /// Whether nothing is under way: it can be closed at any time.
  var isIdle: Bool { session.phase == .idle && unsent.isEmpty }

  /// Whether answers wait for the connection to take them.
  var isWriting: Bool { !unsent.isEmpty }

  /// Does all that can be done without waiting. False when the connection is to be closed.
  @_optimize(speed)
  func serve(_ site: Site, second: Int, _ buffer: inout [UInt8], _ outbox: Outbox)
    throws(NetworkError) -> Bool
  {
    while try sendRest() {
      if session.isOver { return false }
      if session.phase == .lingering, !hasEndedWriting {
        hasEndedWriting = true
        try connection.endWriting()
      }
      outbox.clear()
      if session.wantsToProceed {
        session.proceed(site, second: second, into: outbox)
      } else {
        guard connection.mayBeReadable, let count = try read(into: &buffer) else { return true }
        if count == 0 {
          session.receiveEnd()
        } else {
          let bytes = RawSpan(_elements: buffer.span).extracting(0..<count)
          session.receive(bytes, site, second: second, into: outbox)
        }
      }
      try send(outbox)
    }
    return true
  }

  /// Answers that it has taken too long, if there is somebody to tell; false when not.
  func expire(second: Int, _ outbox: Outbox) throws(NetworkError) -> Bool {
    if isWriting {
      connection.reset()
      return false
    }
    outbox.clear()
    session.expire(second: second, into: outbox)
    try send(outbox)
    return !session.isOver
  }

  /// Sets the deadline anew when something else is waited for than before, or the next of its kind.
  func updateDeadline(now: Instant, _ limits: ServerLimits) {
    let phase = session.phase
    guard phase != awaited || session.requestCount != servedCount || isWriting != isStalled
    else { return }
    awaited = phase
    servedCount = session.requestCount
    isStalled = isWriting
    let milliseconds =
      if isWriting { limits.writeTime } else {
        switch phase {
        case .idle: limits.idleTime
        case .head: limits.headTime
        case .body: limits.bodyTime
        case .producing: limits.writeTime
        case .lingering, .over: limits.lingerTime
        }
      }
    deadline = now + .milliseconds(Int64(milliseconds))
  }

  private func read(into buffer: inout [UInt8]) throws(NetworkError) -> Int? {
    var elements = buffer.mutableSpan
    var bytes = MutableRawSpan(_elements: &elements)
    return try connection.readIfReady(into: &bytes)
  }

  @_optimize(speed)
  private func send(_ outbox: Outbox) throws(NetworkError) {
    let bytes = outbox.bytes
    guard !bytes.isEmpty else { return }
    let taken = try connection.writeSome(bytes.bytes)
    if taken < bytes.count {
      unsent.append(bytes.bytes.extracting(taken..<bytes.count))
      sentCount = 0
    }
  }

  /// False when something is left to send.
  private func sendRest() throws(NetworkError) -> Bool {
    if unsent.isEmpty { return true }
    let bytes = unsent
    while sentCount < bytes.count {
      let rest = bytes.bytes.extracting(sentCount..<bytes.count)
      let taken = try connection.writeSome(rest)
      guard taken > 0 else { return false }
      sentCount += taken
      // It has moved: the time for it begins again.
      servedCount = -1
    }
    unsent = ByteBuffer()
    return true
  }
}
