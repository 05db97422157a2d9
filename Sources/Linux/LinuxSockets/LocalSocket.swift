// SPDX-License-Identifier: BSD-3-Clause

import Base
import Clock
import Memory
import Pipes
import Scheduling
import VFS

/// A local stream socket: unconnected, or one end of a pair.
final class LocalSocket: OpenFile {
  private var incoming: PipeFile?
  private var outgoing: PipeFile?
  let isConnected: Bool
  /// Woken when either pipe is; made when somebody asks.
  private var queue: WaitQueue?
  private var forwarders: [PipeForwarder] = []

  init(incoming: PipeFile?, outgoing: PipeFile?, flags: OpenFlags) {
    self.incoming = incoming
    self.outgoing = outgoing
    isConnected = incoming != nil
    super.init(node: SocketNode(), flags: OpenFlags(rawValue: flags.rawValue | 2))
  }

  deinit {
    for forwarder in forwarders { forwarder.detach() }
  }

  /// Two sockets that are connected with each other.
  static func pair(flags: OpenFlags) -> (LocalSocket, LocalSocket) {
    let there = PipeFile.pair(flags: [])
    let back = PipeFile.pair(flags: [])
    return (
      LocalSocket(incoming: back.reader, outgoing: there.writer, flags: flags),
      LocalSocket(incoming: there.reader, outgoing: back.writer, flags: flags)
    )
  }

  override func read(into buffer: UserBuffer, at offset: Int64?) throws(SystemError) -> Int {
    guard offset == nil else { throw .illegalSeek }
    return try receive(into: buffer, blocking: !isNonBlocking)
  }

  override func write(from buffer: UserBuffer, at offset: Int64?) throws(SystemError) -> Int {
    guard offset == nil else { throw .illegalSeek }
    return try send(from: buffer, blocking: !isNonBlocking)
  }

  func receive(into buffer: UserBuffer, blocking: Bool) throws(SystemError) -> Int {
    guard let incoming else {
      if isConnected { return 0 }
      throw .notConnected
    }
    return try incoming.pipe.read(into: buffer, blocking: blocking)
  }

  func send(from buffer: UserBuffer, blocking: Bool) throws(SystemError) -> Int {
    guard let outgoing else { throw isConnected ? .brokenPipe : .notConnected }
    return try outgoing.pipe.write(from: buffer, blocking: blocking)
  }

  /// `shutdown(2)`: the other side reads an end, or gets a broken pipe.
  func shutDown(reading: Bool, writing: Bool) {
    if reading { incoming = nil }
    if writing { outgoing = nil }
    queue?.wakeAll([.readable, .readableNormal, .writable, .hangup])
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

  override var readinessQueue: WaitQueue? {
    if let queue { return queue }
    let made = WaitQueue()
    queue = made
    for pipe in [incoming?.readinessQueue, outgoing?.readinessQueue] {
      guard let pipe else { continue }
      let forwarder = PipeForwarder(to: made, from: pipe)
      pipe.add(forwarder)
      forwarders.append(forwarder)
    }
    return made
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

/// The node of a socket.
private final class SocketNode: Node {
  init() {
    super.init(
      number: AnonymousNode.number(), deviceNumber: AnonymousNode.deviceNumber, kind: .socket,
      permissionBits: 0o777)
  }
}
