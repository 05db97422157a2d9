// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Packets

/// What a program does with a connection (RFC 9293 section 3.9.1).
extension Connection {
  // MARK: Sending

  /// Takes bytes to send, as many as there is room for, and sends what may be sent now.
  ///
  /// - Parameter flags: `more` (MSG_MORE) keeps a last small segment back.
  /// - Returns: how many bytes were taken, at least one unless `bytes` is empty.
  /// - Throws: `wouldBlock` when there is no room, or the connection is not made yet (the observer
  ///   is told when there is room); `sendingEnded` (EPIPE); `notConnected`; what the connection
  ///   failed with, once.
  /// - Complexity: O(*n*), one copy.
  public func send(_ bytes: RawSpan, _ flags: SendFlags = [], now: Instant) throws(TCPError) -> Int
  {
    try send(count: bytes.byteCount, flags, now: now) { offset, target in
      target.copy(bytes.extracting(offset..<offset &+ target.byteCount))
      return true
    }
  }

  /// The same with bytes that `copy` writes: into `target` those from its first argument on. When
  /// it returns false they cannot be had, and nothing from there on is taken; 0 is returned when
  /// that is everything.
  public func send(
    count: Int, _ flags: SendFlags = [], now: Instant,
    copy: (_ offset: Int, _ target: inout MutableRawSpan) -> Bool
  ) throws(TCPError) -> Int {
    try checkSending()
    guard count > 0 else { return 0 }
    var hasFailed = false
    let wanted = count
    let count = fill(count, &hasFailed, copy)
    // Who was given less than it wanted waits to be told, though it was given something: with
    // edges it does not ask again (epoll(7)).
    if count < wanted, !hasFailed {
      awaitsRoom = true
      if sender.room > 0 { stack.waitForMemory(self, now: now) }
    } else if sender.room &* 3 < sender.limit {
      awaitsRoom = true
    }
    guard count > 0 else {
      if hasFailed { return 0 }
      throw .wouldBlock
    }
    if flags.contains(.urgent) { sender.urgentEnd = sender.queueEnd }
    if flags.contains(.more), !sender.isCorked {
      sender.isCorked = true
      outputData(now: now)
      sender.isCorked = options.isCorked
    } else if state.rawValue >= ConnectionState.established.rawValue {
      outputData(now: now)
    }
    return count
  }

  private func checkSending() throws(TCPError) {
    if let error = takeError() { throw error }
    switch state {
    case .established, .closeWait: if !sender.endsAfterQueue { return }
    case .synSent, .synReceived:
      if sender.endsAfterQueue { throw .sendingEnded }
      awaitsRoom = true
      throw .wouldBlock
    default: break
    }
    throw .sendingEnded
  }

  /// Copies into buffers of the queue.
  @_optimize(speed)
  private func fill(
    _ count: Int, _ hasFailed: inout Bool, _ copy: (Int, inout MutableRawSpan) -> Bool
  ) -> Int {
    let room = min(count, sender.room)
    var done = 0
    // Behind what was not sent yet there is no header to come; many small buffers are filled up
    // even so, because they would hold more memory than data.
    if sender.unsent >= sender.queue.lastByteCount && sender.unsent > 0
      || sender.queue.count > 32 &+ sender.queue.byteCount / 512
    {
      done = sender.queue.extendLast(count: room, limit: sender.chunkLimit) {
        hasFailed = !copy(0, &$0)
        return !hasFailed
      }
    }
    while done < room, !hasFailed {
      guard stack.maySend(keeping: sender.queue.count),
        var packet = stack.pool.allocate(headroom: Packet.headroom)
      else { break }
      let count = min(room &- done, packet.tailroom, sender.chunkLimit)
      guard count > 0, packet.append(count) else { break }
      guard packet.withMutableBytes({ copy(done, &$0) }) else {
        hasFailed = true
        break
      }
      sender.queue.append(packet)
      done &+= count
    }
    return done
  }

  // MARK: Receiving

  /// Copies received bytes out, as many as there are and fit.
  ///
  /// A read does not go across the urgent mark.
  ///
  /// - Returns: how many bytes; 0 when the other side has ended its data, or `target` is empty.
  /// - Throws: `wouldBlock` when there is nothing yet; `notConnected`; what the connection failed
  ///   with, once.
  /// - Complexity: O(*n*), one copy.
  public func receive(into target: inout MutableRawSpan, now: Instant) throws(TCPError) -> Int {
    try receive(count: target.byteCount, now: now) { bytes, offset in
      target.copy(bytes, at: offset)
      return true
    }
  }

  /// The same with bytes that `copy` takes away: those of its first argument, to the offset that is
  /// its second. When it returns false they stay; 0 is returned when that is everything.
  @_optimize(speed)
  public func receive(
    count: Int, now: Instant, copy: (_ bytes: RawSpan, _ offset: Int) -> Bool
  ) throws(TCPError) -> Int {
    guard count > 0 else { return 0 }
    let before = receiver.queue.byteCount
    if before > 0 {
      var hasFailed = false
      let count = receiver.read(count, &hasFailed, copy)
      stack.receivedBytes &-= before &- receiver.queue.byteCount
      if count > 0 {
        if receiver.deservesUpdate, state.awaitsData { sendAcknowledgement(now: now) }
        return count
      }
      if hasFailed { return 0 }
    }
    return try emptyRead()
  }

  /// Copies received bytes out without taking them (MSG_PEEK).
  public func peek(into target: inout MutableRawSpan) throws(TCPError) -> Int {
    try peek(count: target.byteCount) { bytes, offset in
      target.copy(bytes, at: offset)
      return true
    }
  }

  /// The same with bytes that `copy` gets, as of `receive`.
  public func peek(
    count: Int, copy: (_ bytes: RawSpan, _ offset: Int) -> Bool
  ) throws(TCPError) -> Int {
    guard count > 0 else { return 0 }
    guard receiver.queue.byteCount > 0 else { return try emptyRead() }
    return receiver.peek(count, copy)
  }

  /// Drops up to `count` received bytes unread (MSG_TRUNC). Returns how many.
  public func skip(_ count: Int, now: Instant) -> Int {
    let dropped = receiver.skip(max(0, count))
    stack.receivedBytes &-= dropped
    if receiver.deservesUpdate, state.awaitsData { sendAcknowledgement(now: now) }
    return dropped
  }

  private func emptyRead() throws(TCPError) -> Int {
    if let error = takeError() { throw error }
    if receiver.isFinished || ignoresData { return 0 }
    switch state {
    case .synSent, .synReceived, .established, .finWait1, .finWait2: throw .wouldBlock
    default: break
    }
    return 0
  }

  /// Takes the urgent byte (MSG_OOB).
  ///
  /// - Throws: `wouldBlock` when it was announced and has not come; `invalid` when there is none.
  public func receiveUrgent(peeking flags: ReceiveFlags = []) throws(TCPError) -> UInt8 {
    if receiver.urgent.staysInline { throw .invalid }
    if let byte = receiver.takeUrgentByte(peeking: flags.contains(.peek)) { return byte }
    throw receiver.urgent.isAwaited ? .wouldBlock : .invalid
  }

  // MARK: Ending

  /// Says that no more data will be sent (SHUT_WR): a FIN follows what was written.
  public func shutdownSending(now: Instant) throws(TCPError) {
    guard state != .closed else { throw .notConnected }
    endSending(now: now)
    notify()
  }

  /// Says that nobody reads any more (SHUT_RD): reads give 0 when what is there was read.
  public func shutdownReceiving() {
    ignoresData = true
    note([.readable, .peerEnded])
    notify()
  }

  private func endSending(now: Instant) {
    guard !sender.endsAfterQueue else { return }
    sender.endsAfterQueue = true
    switch state {
    case .synSent: end(nil)
    case .established: state = .finWait1
    case .closeWait: state = .lastAck
    default: break
    }
    output(now: now)
  }

  /// Ends the use of the connection by the program: no call may follow, and nobody is told of
  /// anything. What was written is sent first, unless data was left unread or the options say to
  /// abort: then the other side gets a reset (section 3.6.1, MUST-17; RFC 2525 section 2.17).
  public func close(now: Instant) {
    observer = nil
    guard !isOrphan else { return }
    isOrphan = true
    let hasUnread = receiver.queue.byteCount > 0
    dropUnread()
    switch state {
    case .closed, .timeWait: return
    case .synSent: end(nil)
    default:
      if hasUnread || options.abortsOnClose {
        sendReset(now: now)
        end(nil)
        return
      }
      endSending(now: now)
      if state == .finWait2 { startFinishWait(now: now) }
    }
  }

  /// Ends the connection with a reset (ABORT, section 3.9.1.5).
  public func abort(now: Instant) {
    switch state {
    case .closed, .timeWait, .synSent: break
    default: sendReset(now: now)
    }
    end(.aborted)
    notify()
  }

  func dropUnread() {
    stack.receivedBytes &-= receiver.queue.byteCount
    abandonReassembly()
    receiver.removeAll()
  }

  // MARK: Questions

  /// The error that the connection ended with (SO_ERROR), once.
  public func takeError() -> TCPError? {
    guard let found = error else { return nil }
    error = nil
    return found
  }

  /// Whether a read would give something, the end included, or an error.
  public var isReadable: Bool {
    receiver.readableByteCount > 0 || receiver.isFinished || ignoresData || error != nil
      || state == .closed || state == .timeWait
  }

  /// Whether a write would take something, or fail.
  public var isWritable: Bool {
    if error != nil { return true }
    switch state {
    case .synSent, .synReceived: return false
    case .established, .closeWait:
      return sender.endsAfterQueue || (sender.room &* 3 >= sender.limit && !awaitsMemory)
    default: return true
    }
  }

  /// The observer wants to be told when there is room to write again.
  public func awaitRoom() { awaitsRoom = true }

  /// Whether the other side has ended its data (EPOLLRDHUP).
  public var isPeerEnded: Bool { receiver.isFinished || ignoresData || state == .closed }

  /// Whether both directions have ended (EPOLLHUP).
  public var isHungUp: Bool { state == .closed || state == .timeWait }

  /// Whether it failed, and the program has not asked why (EPOLLERR).
  public var hasFailed: Bool { error != nil }

  /// Whether an urgent byte is there or announced (EPOLLPRI).
  public var hasUrgent: Bool { receiver.urgent.isPending }

  /// Whether reading has come to the urgent mark (SIOCATMARK).
  public var isAtMark: Bool { receiver.isAtMark }

  /// Bytes that can be read (FIONREAD).
  public var readableByteCount: Int { receiver.readableByteCount }

  /// Bytes written and not acknowledged (SIOCOUTQ).
  public var unacknowledgedByteCount: Int { sender.queue.byteCount }

  /// Bytes written and not sent (SIOCOUTQNSD).
  public var unsentByteCount: Int { sender.unsent }
}

/// How `Connection.send` treats its bytes.
public struct SendFlags: OptionSet, Sendable, BitwiseCopyable {
  public let rawValue: UInt8
  @inline(__always)
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// MSG_MORE: more follows, so keep a small last segment.
  public static let more = Self(rawValue: 1)
  /// MSG_OOB: the last byte is urgent.
  public static let urgent = Self(rawValue: 2)
}

/// How a read treats what it reads.
public struct ReceiveFlags: OptionSet, Sendable, BitwiseCopyable {
  public let rawValue: UInt8
  @inline(__always)
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// MSG_PEEK.
  public static let peek = Self(rawValue: 1)
}
