// SPDX-License-Identifier: BSD-3-Clause

import Base
import Memory
import Scheduling
import VFS

/// How messages, which stay whole, get from one local socket to another.
extension LocalSocket {
  // MARK: Sending

  func sendWhole(_ message: inout OutgoingMessage) throws(SystemError) -> Int {
    guard !message.flags.contains(.outOfBand) else { throw .notSupported }
    if !isDatagram {
      if let error = takeError() { throw error }
      guard isConnected else { throw .notConnected }
    }
    let credentials = try LocalCredentials.claimed(in: message.control)
    try LocalFlight.check(message.files.count)
    let target = isDatagram ? message.target : nil
    if let target { try LocalNames.check(target) }
    guard target != nil || peer != nil else { throw .notConnected }
    if name == nil { try nameForCredentials() }
    let count = message.data.byteCount
    guard count <= account.limit - 32 else { throw .messageTooLong }
    var wait = waitToSend(message.flags)
    while true {
      guard try hasRoom(&wait) else { continue }
      let other = try receiver(target)
      if isDatagram, other.peer !== self, other !== self, other.isFull {
        try wait.once(on: other.roomQueue)
        continue
      }
      let bytes = try copyIn(&message.data, count)
      other.inbox.append(
        LocalMessage(
          bytes, files: message.files, source: name, credentials: credentials, account: account))
      if !other.queue.isEmpty { other.queue.wakeAll([.readable, .readableNormal]) }
      return count
    }
  }

  /// Whether one more message of this socket may be on its way; waits when not.
  private func hasRoom(_ wait: inout SocketWait) throws(SystemError) -> Bool {
    if let error = takeError() { throw error }
    guard !hasShutWriting else { throw .brokenPipe }
    if account.hasRoom { return true }
    account.isAwaited = true
    try wait.once(on: queue)
    return false
  }

  private func receiver(_ target: SocketAddress?) throws(SystemError) -> LocalSocket {
    let other: LocalSocket
    if let target {
      other = try self.target(at: target)
    } else {
      guard let peer else { throw .notConnected }
      other = peer
    }
    if other.hasEnded {
      guard isDatagram else { throw .brokenPipe }
      peer = nil
      stopWaitingForRoom()
      forget(other)
      throw .connectionRefused
    }
    guard !isDatagram || other.takes(from: self) else { throw .notPermitted }
    guard !other.hasShutReading else { throw .brokenPipe }
    return other
  }

  private func copyIn(_ data: inout UserVector, _ count: Int) throws(SystemError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    guard count > 0 else { return bytes }
    var elements = bytes.mutableSpan
    var span = MutableRawSpan(_elements: &elements)
    try data.copyIn(into: &span)
    return bytes
  }

  // MARK: Receiving

  func receiveWhole(_ message: inout IncomingMessage) throws(SystemError) -> Int {
    guard isDatagram || isConnected || backlog != nil else { throw .notConnected }
    guard backlog == nil else { throw .notConnected }
    var wait = waitToReceive(message.flags)
    while inbox.isEmpty {
      if let error = takeError() { throw error }
      if hasShutReading, wait.isAllowed || !isDatagram { return 0 }
      try wait.once(on: queue)
    }
    guard let first = inbox.first else { return 0 }
    if let error = takeError() { throw error }
    let count = min(first.bytes.count, message.data.byteCount)
    let bytes = first.bytes
    try message.data.copyOut(RawSpan(_elements: bytes.span).extracting(first: count))
    message.source = first.source
    if count < bytes.count { message.resultFlags.insert(.truncated) }
    if options.passesCredentials { tell(first.credentials, in: &message) }
    if message.flags.contains(.peek) {
      lend(first.files, in: &message)
    } else {
      inbox.removeFirst()
      if !roomQueue.isEmpty { roomQueue.wakeAll([.writable]) }
      take(filesOf: first, in: &message)
    }
    return message.flags.contains(.truncated) ? bytes.count : count
  }

  private func take(filesOf first: LocalMessage, in message: inout IncomingMessage) {
    guard !first.files.isEmpty else { return }
    if message.wantsControl {
      message.files = first.takeFiles()
    } else {
      message.resultFlags.insert(.controlTruncated)
      first.dropFiles()
    }
  }
}
