// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Memory
import Scheduling
import VFS

/// How bytes and messages get from one local socket to another.
extension LocalSocket {
  /// The most that a stream puts into one piece.
  private static var pieceLimit: Int { 65_536 }

  private func copyIn(_ data: inout UserVector, _ count: Int) throws(SystemError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    guard count > 0 else { return bytes }
    var elements = bytes.mutableSpan
    var span = MutableRawSpan(_elements: &elements)
    try data.copyIn(into: &span)
    return bytes
  }

  private func makeMessage(_ bytes: [UInt8], files: [OpenFile]) throws(SystemError) -> LocalMessage
  {
    LocalMessage(
      bytes, files: files, source: try localAddress(), credentials: Self.credentials)
  }

  private func deliver(_ message: LocalMessage, to other: LocalSocket) {
    other.inbox.append(message)
    if !other.queue.isEmpty { other.queue.wakeAll([.readable, .readableNormal]) }
  }

  // MARK: Sending

  func sendStream(_ message: inout OutgoingMessage) throws(SystemError) -> Int {
    guard !message.flags.contains(.outOfBand) else { throw .notSupported }
    guard message.target == nil else { throw wasConnected ? .alreadyConnected : .notSupported }
    var wait = waitToSend(message.flags)
    var files = message.files
    var done = 0
    repeat {
      do throws(SystemError) {
        let other = try openPeer()
        let room = min(other.inbox.room, message.data.byteCount, Self.pieceLimit)
        guard room > 0 || message.data.byteCount == 0 else {
          try wait.once(on: queue)
          continue
        }
        let bytes = try copyIn(&message.data, room)
        guard !bytes.isEmpty else { return done }
        deliver(try makeMessage(bytes, files: files), to: other)
        files = []
        done &+= bytes.count
      } catch {
        if done > 0 { return done }
        throw error
      }
    } while message.data.byteCount > 0
    return done
  }

  /// The other end, when something can be sent to it.
  private func openPeer() throws(SystemError) -> LocalSocket {
    guard !hasShutWriting else { throw .brokenPipe }
    guard let peer else { throw wasConnected ? .brokenPipe : .notConnected }
    return peer
  }

  /// Sends a message that stays one.
  func sendWhole(_ message: inout OutgoingMessage) throws(SystemError) -> Int {
    guard !message.flags.contains(.outOfBand) else { throw .notSupported }
    let count = message.data.byteCount
    var wait = waitToSend(message.flags)
    while true {
      let other = try receiver(of: message)
      guard count <= other.inbox.limit else { throw .messageTooLong }
      if other.inbox.room >= count {
        let bytes = try copyIn(&message.data, count)
        deliver(try makeMessage(bytes, files: message.files), to: other)
        return count
      }
      try wait.once(on: other.roomQueue)
    }
  }

  private func receiver(of message: OutgoingMessage) throws(SystemError) -> LocalSocket {
    guard isDatagram else { return try openPeer() }
    guard !hasShutWriting else { throw .brokenPipe }
    if let address = message.target {
      let other = try target(at: address)
      // One that is connected takes from its peer alone.
      guard other.peer == nil || other.peer === self else { throw .notPermitted }
      return other
    }
    guard let peer, !peer.hasEnded else {
      throw wasConnected ? .connectionRefused : .notConnected
    }
    return peer
  }

  // MARK: Receiving

  /// Waits until something is there. False at the end.
  private func waitForMessage(_ wait: inout SocketWait) throws(SystemError) -> Bool {
    while inbox.isEmpty {
      if let error = takeError() { throw error }
      if isAtEnd { return false }
      guard isDatagram || wasConnected else { throw .invalidArgument }
      try wait.once(on: queue)
    }
    return true
  }

  /// Something was taken out: there is room again.
  private func tellSenders() {
    if !roomQueue.isEmpty { roomQueue.wakeAll([.writable]) }
    if let peer, !peer.queue.isEmpty { peer.queue.wakeAll([.writable, .writableNormal]) }
  }

  func receiveStream(_ message: inout IncomingMessage) throws(SystemError) -> Int {
    guard wasConnected else { throw .invalidArgument }
    var wait = waitToReceive(message.flags)
    let wanted = message.data.byteCount
    var done = 0
    while done < wanted {
      do throws(SystemError) {
        // What is there is given at once, unless all is waited for.
        if done > 0, inbox.isEmpty, !message.flags.contains(.waitForAll) { return done }
        guard try waitForMessage(&wait), let first = inbox.first else { return done }
        // Files mark a place in the stream that a read does not go across.
        if done > 0, !first.files.isEmpty { return done }
        let count = min(first.count, wanted &- done)
        let bytes = first.bytes
        try message.data.copyOut(
          RawSpan(_elements: bytes.span).extracting(first.offset..<first.offset &+ count))
        note(first, in: &message)
        done &+= count
        if message.flags.contains(.peek) { return done }
        let hadFiles = !message.files.isEmpty
        inbox.consume(count, isWhole: false)
        tellSenders()
        if hadFiles { return done }
      } catch {
        if done > 0 { return done }
        throw error
      }
    }
    return done
  }

  func receiveWhole(_ message: inout IncomingMessage) throws(SystemError) -> Int {
    var wait = waitToReceive(message.flags)
    guard try waitForMessage(&wait), let first = inbox.first else { return 0 }
    let count = min(first.count, message.data.byteCount)
    let bytes = first.bytes
    try message.data.copyOut(RawSpan(_elements: bytes.span).extracting(first: count))
    note(first, in: &message)
    message.source = first.source
    if count < first.count { message.resultFlags.insert(.truncated) }
    let whole = message.flags.contains(.truncated) ? first.count : count
    if !message.flags.contains(.peek) {
      inbox.consume(first.count, isWhole: true)
      tellSenders()
    }
    return whole
  }

  /// Hands over what came beside the data. Files that nobody can take are closed.
  private func note(_ first: LocalMessage, in message: inout IncomingMessage) {
    if options.passesCredentials, message.wantsControl, message.control.isEmpty {
      message.control.append(
        ControlMessage(
          level: ControlMessage.socketLevel, type: ControlMessage.credentials,
          bytes: first.credentials))
    }
    guard !first.files.isEmpty else { return }
    if message.flags.contains(.peek) {
      // Peeking gives descriptors of its own.
      guard message.wantsControl else { return }
      for file in first.files { file.descriptorDidOpen() }
      message.files = first.files
    } else if message.wantsControl {
      message.files = first.files
      first.files = []
    } else {
      message.resultFlags.insert(.controlTruncated)
      first.dropFiles()
    }
  }
}
