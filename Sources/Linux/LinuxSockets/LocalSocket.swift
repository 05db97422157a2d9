// SPDX-License-Identifier: BSD-3-Clause

import Base
import Clock
import Memory
import Pipes
import Scheduling
import VFS

/// A local stream socket: unconnected, or one end of a pair.
final class LocalSocket: Socket {
  private var incoming: PipeFile?
  private var outgoing: PipeFile?
  let isConnected: Bool
  private var forwarders: [PipeForwarder] = []

  init(type: Int32, incoming: PipeFile?, outgoing: PipeFile?, flags: OpenFlags) {
    self.incoming = incoming
    self.outgoing = outgoing
    isConnected = incoming != nil
    super.init(family: SocketFamilies.local, type: type, protocolNumber: 0, flags: flags)
    for pipe in [incoming?.readinessQueue, outgoing?.readinessQueue] {
      guard let pipe else { continue }
      let forwarder = PipeForwarder(to: queue, from: pipe)
      pipe.add(forwarder)
      forwarders.append(forwarder)
    }
  }

  override func end() {
    for forwarder in forwarders { forwarder.detach() }
    forwarders = []
    incoming = nil
    outgoing = nil
  }

  /// Two sockets that are connected with each other.
  static func pair(type: Int32, flags: OpenFlags) -> (LocalSocket, LocalSocket) {
    let there = PipeFile.pair(flags: [])
    let back = PipeFile.pair(flags: [])
    return (
      LocalSocket(type: type, incoming: back.reader, outgoing: there.writer, flags: flags),
      LocalSocket(type: type, incoming: there.reader, outgoing: back.writer, flags: flags)
    )
  }

  /// Nobody listens.
  override func connect(to address: SocketAddress) throws(SystemError) {
    guard !isConnected else { throw .alreadyConnected }
    throw .connectionRefused
  }

  override func read(into buffer: UserBuffer, at offset: Int64?) throws(SystemError) -> Int {
    guard offset == nil else { throw .illegalSeek }
    return try receive(into: buffer, blocking: !isNonBlocking)
  }

  override func write(from buffer: UserBuffer, at offset: Int64?) throws(SystemError) -> Int {
    guard offset == nil else { throw .illegalSeek }
    return try send(from: buffer, blocking: !isNonBlocking)
  }

  private func receive(into buffer: UserBuffer, blocking: Bool) throws(SystemError) -> Int {
    guard let incoming else {
      if isConnected { return 0 }
      throw .notConnected
    }
    return try incoming.pipe.read(into: buffer, blocking: blocking)
  }

  private func send(from buffer: UserBuffer, blocking: Bool) throws(SystemError) -> Int {
    guard let outgoing else { throw isConnected ? .brokenPipe : .notConnected }
    return try outgoing.pipe.write(from: buffer, blocking: blocking)
  }

  /// `shutdown(2)`: the other side reads an end, or gets a broken pipe.
  override func shutDown(reading: Bool, writing: Bool) throws(SystemError) {
    guard isConnected else { throw .notConnected }
    if reading { incoming = nil }
    if writing { outgoing = nil }
    queue.wakeAll([.readable, .readableNormal, .writable, .hangup])
  }

  override var readiness: Readiness {
    guard isConnected else { return [.writable, .hangup] }
    var readiness = incoming?.readiness ?? [.readable, .readableNormal, .readHangup]
    if readiness.contains(.hangup) {
      readiness.formUnion([.readable, .readableNormal, .readHangup])
    }
    readiness.formUnion(outgoing?.readiness ?? [.writable, .writableNormal])
    return readiness
  }
}

/// Passes the wake-ups of one queue on to another.
private final class PipeForwarder: Waiter {
  private let target: WaitQueue
  private let source: WaitQueue

  init(to target: WaitQueue, from source: WaitQueue) {
    self.target = target
    self.source = source
  }

  override func wake(_ readiness: Readiness) -> Bool {
    target.wakeAll(readiness)
    return false
  }

  func detach() {
    source.remove(self)
  }
}
