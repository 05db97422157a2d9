// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Clock
import LinuxSockets
import Memory
import NetworkHost
import TCP

/// Bytes between the program and its connection: one copy each way.
extension StreamSocket {
  /// What one attempt has come to.
  private enum Attempt {
    case moved(Int)
    /// Nothing can be moved at this time.
    case stuck
    case failed(SystemError)
  }

  // MARK: Sending

  func send(_ source: UserVector, _ flags: MessageFlags) throws(SystemError) -> Int {
    guard let connection else { throw isListening ? .notConnected : .brokenPipe }
    var sendFlags: SendFlags = []
    if flags.contains(.more) { sendFlags.insert(.more) }
    if flags.contains(.outOfBand) { sendFlags.insert(.urgent) }
    var wait = waitToSend(flags)
    var data = source
    var done = 0
    while true {
      switch give(&data, to: connection, sendFlags) {
      case .moved(let count):
        done &+= count
        if data.byteCount == 0 { return done }
      case .failed(let error):
        if done > 0 { return done }
        throw error
      case .stuck:
        do { try wait.once(on: queue) } catch {
          if done > 0 { return done }
          throw error
        }
      }
    }
  }

  @inline(__always)
  private func give(
    _ data: inout UserVector, to connection: Connection, _ flags: SendFlags
  ) -> Attempt {
    var fault: SystemError?
    let now = host.enter()
    defer { host.leave(now) }
    do throws(TCPError) {
      let count = try connection.send(count: data.byteCount, flags, now: now) { _, target in
        do throws(SystemError) {
          try data.copyIn(into: &target)
          return true
        } catch {
          fault = error
          return false
        }
      }
      if count == 0, let fault { return .failed(fault) }
      return .moved(count)
    } catch {
      return error == .wouldBlock ? .stuck : .failed(SystemError(error))
    }
  }

  /// Sends bytes of the kernel's, as many as there is room for.
  func sendLent(_ bytes: RawSpan) throws(SystemError) -> Int {
    guard let connection else { throw .brokenPipe }
    let now = host.enter()
    defer { host.leave(now) }
    do throws(TCPError) {
      return try connection.send(bytes, now: now)
    } catch { throw SystemError(error) }
  }

  // MARK: Receiving

  func receive(_ target: UserVector, _ flags: MessageFlags) throws(SystemError) -> Int {
    guard let connection else { throw .notConnected }
    guard target.byteCount > 0 else { return 0 }
    if flags.contains(.peek) { return try peek(target, flags, connection) }
    var wait = waitToReceive(flags)
    var data = target
    var done = 0
    while true {
      let attempt =
        flags.contains(.truncated)
        ? drop(target.byteCount &- done, of: connection) : take(&data, from: connection)
      switch attempt {
      case .moved(let count):
        done &+= count
        if count == 0 || done == target.byteCount || !flags.contains(.waitForAll) { return done }
      case .failed(let error):
        if done > 0 { return done }
        throw error
      case .stuck:
        do { try wait.once(on: queue) } catch {
          if done > 0 { return done }
          throw error
        }
      }
    }
  }

  @inline(__always)
  private func take(_ data: inout UserVector, from connection: Connection) -> Attempt {
    var fault: SystemError?
    let now = host.enter()
    defer { host.leave(now) }
    do throws(TCPError) {
      let count = try connection.receive(count: data.byteCount, now: now) { bytes, _ in
        do throws(SystemError) {
          try data.copyOut(bytes)
          return true
        } catch {
          fault = error
          return false
        }
      }
      if count == 0, let fault { return .failed(fault) }
      return .moved(count)
    } catch {
      return error == .wouldBlock ? .stuck : .failed(SystemError(error))
    }
  }

  /// Drops bytes unread (MSG_TRUNC, `tcp(7)`).
  private func drop(_ count: Int, of connection: Connection) -> Attempt {
    guard connection.readableByteCount > 0 else {
      return connection.isReadable ? .moved(0) : .stuck
    }
    let now = host.enter()
    defer { host.leave(now) }
    return .moved(connection.skip(count, now: now))
  }

  /// Copies without taking (MSG_PEEK).
  private func peek(
    _ target: UserVector, _ flags: MessageFlags, _ connection: Connection
  ) throws(SystemError) -> Int {
    var wait = waitToReceive(flags)
    let wanted = flags.contains(.waitForAll) ? target.byteCount : 1
    while connection.readableByteCount < wanted, !connection.isPeerEnded, !connection.hasFailed {
      do { try wait.once(on: queue) } catch {
        if connection.readableByteCount > 0 { break }
        throw error
      }
    }
    var data = target
    var fault: SystemError?
    let count: Int
    do throws(TCPError) {
      count = try connection.peek(count: data.byteCount) { bytes, _ in
        do throws(SystemError) {
          try data.copyOut(bytes)
          return true
        } catch {
          fault = error
          return false
        }
      }
    } catch { throw SystemError(error) }
    if count == 0, let fault { throw fault }
    return count
  }

  /// Takes the urgent byte (MSG_OOB).
  func receiveUrgent(_ message: inout IncomingMessage) throws(SystemError) -> Int {
    guard let connection else { throw .notConnected }
    let byte: UInt8
    do {
      byte = try connection.receiveUrgent(peeking: message.flags.contains(.peek) ? .peek : [])
    } catch { throw SystemError(error) }
    guard message.data.byteCount > 0 else { return 0 }
    let bytes = InlineArray<1, UInt8>(repeating: byte)
    try message.data.copyOut(RawSpan(_elements: bytes.span))
    message.resultFlags.insert(.outOfBand)
    return 1
  }
}
