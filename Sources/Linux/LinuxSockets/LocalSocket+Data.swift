// SPDX-License-Identifier: BSD-3-Clause

import Base
import Memory
import Scheduling
import VFS

/// How the bytes of a stream get from one local socket to another: one copy each way.
extension LocalSocket {
  // MARK: Sending

  func sendStream(_ message: inout OutgoingMessage) throws(SystemError) -> Int {
    guard !message.flags.contains(.outOfBand) else { throw .notSupported }
    guard message.target == nil else { throw isConnected ? .alreadyConnected : .notSupported }
    let credentials = try LocalCredentials.claimed(in: message.control)
    try LocalFlight.check(message.files.count)
    guard peer != nil else { throw .notConnected }
    var wait = waitToSend(message.flags)
    var files = message.files
    var done = 0
    while message.data.byteCount > 0 || done == 0 {
      do throws(SystemError) {
        let other = try openPeer()
        guard message.data.byteCount > 0 else { return 0 }
        guard other.stream.room > 0 else {
          other.stream.isAwaited = true
          try wait.once(on: queue)
          continue
        }
        done &+= try other.stream.append(&message.data, files: files, credentials: credentials)
        files = []
        if !other.queue.isEmpty { other.queue.wakeAll([.readable, .readableNormal]) }
      } catch {
        if done > 0 { return done }
        throw error
      }
    }
    return done
  }

  /// The other end, when something can be sent to it.
  private func openPeer() throws(SystemError) -> LocalSocket {
    guard let peer else { throw .notConnected }
    guard !hasShutWriting, !peer.hasEnded else { throw .brokenPipe }
    return peer
  }

  /// Sends bytes of the kernel's, as many as there is room for.
  func sendLent(_ bytes: RawSpan) throws(SystemError) -> Int {
    let other = try openPeer()
    guard bytes.byteCount > 0 else { return 0 }
    guard other.stream.room > 0 else {
      other.stream.isAwaited = true
      throw .wouldBlock
    }
    let count = other.stream.append(bytes, credentials: .current)
    if !other.queue.isEmpty { other.queue.wakeAll([.readable, .readableNormal]) }
    return count
  }

  // MARK: Receiving

  func receiveStream(_ message: inout IncomingMessage) throws(SystemError) -> Int {
    guard isConnected else { throw .invalidArgument }
    var wait = waitToReceive(message.flags)
    let wanted = message.data.byteCount
    let isWhole = message.flags.contains(.waitForAll)
    let least = isWhole ? wanted : min(Int(options.receiveLowMark), wanted)
    var sender: LocalCredentials?
    var done = 0
    while true {
      do throws(SystemError) {
        guard try waitForBytes(&wait, isEnough: done > 0 && done >= least) else { break }
        if options.passesCredentials {
          guard sender == nil || sender == stream.reading else { break }
          sender = stream.reading
        }
        let limit = min(
          stream.readableCount(isOneSender: options.passesCredentials), wanted &- done)
        let count = try stream.copyOut(to: &message.data, count: limit)
        done &+= count
        if message.flags.contains(.peek) {
          lend(stream.files(among: count), in: &message)
          break
        }
        let files = stream.consume(count)
        tellWriter()
        if !files.isEmpty { hand(files, in: &message) }
        if !files.isEmpty || done == wanted || count < limit { break }
      } catch {
        guard done > 0 else { throw error }
        break
      }
    }
    if let sender { tell(sender, in: &message) }
    if done > 0 { message.source = peer?.name }
    return done
  }

  /// Waits until bytes are there, unless there were enough. False when there are none and none are
  /// waited for.
  @inline(__always)
  private func waitForBytes(
    _ wait: inout SocketWait, isEnough: Bool
  ) throws(SystemError) -> Bool {
    while stream.isEmpty {
      if isEnough { return false }
      if let error = takeError() { throw error }
      if hasShutReading { return false }
      try wait.once(on: queue)
    }
    return true
  }

  /// Bytes were taken out: a writer that has found no room may find some now.
  @inline(__always)
  private func tellWriter() {
    guard stream.isAwaited, stream.isWritable, let peer else { return }
    stream.isAwaited = false
    if !peer.queue.isEmpty { peer.queue.wakeAll([.writable, .writableNormal]) }
  }

  // MARK: Beside the data

  /// Tells who has sent it.
  func tell(_ sender: LocalCredentials, in message: inout IncomingMessage) {
    guard message.wantsControl else {
      message.resultFlags.insert(.controlTruncated)
      return
    }
    message.control.append(
      ControlMessage(
        level: ControlMessage.socketLevel, type: ControlMessage.credentials, bytes: sender.bytes))
  }

  /// Hands files over. Those that nobody can take are closed.
  func hand(_ files: [OpenFile], in message: inout IncomingMessage) {
    if message.wantsControl {
      LocalFlight.land(files)
      message.files = files
    } else {
      message.resultFlags.insert(.controlTruncated)
      LocalFlight.drop(files)
    }
  }

  /// Gives descriptors to whoever peeks, and keeps the files.
  func lend(_ files: [OpenFile], in message: inout IncomingMessage) {
    guard !files.isEmpty else { return }
    guard message.wantsControl else {
      message.resultFlags.insert(.controlTruncated)
      return
    }
    for file in files { file.descriptorDidOpen() }
    message.files = files
  }
}
