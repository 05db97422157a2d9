// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxCore
import Scheduling
import VFS

/// How local sockets find each other.
extension LocalSocket {
  /// Two sockets that are connected with each other.
  static func pair(type: Int32, flags: OpenFlags) -> (LocalSocket, LocalSocket) {
    let one = LocalSocket(type: type, flags: flags)
    let other = LocalSocket(type: type, flags: flags)
    for (socket, peer) in [(one, other), (other, one)] {
      socket.join(peer)
      socket.know(.currentEffective)
    }
    return (one, other)
  }

  private func join(_ other: LocalSocket) {
    peer = other
    isConnected = !isDatagram
    if let size = options.sendBuffer { other.stream.setLimit(size) }
  }

  /// Notes who is at the other end.
  private func know(_ credentials: LocalCredentials) {
    peerCredentials = credentials
    peerGroups = Process.running.value?.credentials.supplementaryGroups ?? []
  }

  // MARK: Listening

  func beginListening(backlog: Int) throws(SystemError) {
    guard !isDatagram else { throw .notSupported }
    guard name != nil, !isConnected else { throw .invalidArgument }
    self.backlog = backlog
    listenCredentials = .currentEffective
    know(listenCredentials)
    // More may wait now.
    roomQueue.wakeAll([.writable])
  }

  func takeConnection(
    _ wait: SocketWait, flags: OpenFlags
  ) throws(SystemError) -> LocalSocket {
    guard !isDatagram else { throw .notSupported }
    var wait = wait
    while true {
      guard backlog != nil else { throw .invalidArgument }
      if !waiting.isEmpty {
        let socket = waiting.removeFirst()
        if flags.contains(.nonBlocking) { socket.flags.insert(.nonBlocking) }
        socket.options.passesCredentials = options.passesCredentials
        roomQueue.wakeAll([.writable])
        return socket
      }
      guard !hasShutReading else { throw .invalidArgument }
      try wait.once(on: queue)
    }
  }

  // MARK: Connecting

  func open(to address: SocketAddress) throws(SystemError) {
    if isDatagram { return try aim(at: address) }
    try LocalNames.check(address)
    try nameForCredentials()
    var wait = waitToSend([])
    while true {
      let listener = try target(at: address)
      guard let limit = listener.backlog, !listener.hasShutReading else {
        throw .connectionRefused
      }
      guard listener.waiting.count <= limit else {
        try wait.once(on: listener.roomQueue)
        continue
      }
      guard !isConnected else { throw .alreadyConnected }
      guard backlog == nil else { throw .invalidArgument }
      return connect(to: listener)
    }
  }

  private func connect(to listener: LocalSocket) {
    let other = LocalSocket(type: type, flags: [])
    other.adoptName(of: listener)
    join(other)
    other.join(self)
    know(listener.listenCredentials)
    other.know(.currentEffective)
    listener.waiting.append(other)
    listener.queue.wakeAll([.readable, .readableNormal])
    // It is no hang-up any more.
    queue.wakeAll([.writable, .writableNormal])
  }

  /// Connects datagrams, or dissolves that.
  private func aim(at address: SocketAddress) throws(SystemError) {
    var other: LocalSocket?
    if !address.isUnspecified {
      try LocalNames.check(address)
      try nameForCredentials()
      let found = try target(at: address)
      guard found.takes(from: self) else { throw .notPermitted }
      other = found
    }
    let old = peer
    peer = other
    stopWaitingForRoom()
    if let old, old !== other { forget(old) }
    queue.wakeAll([.writable, .writableNormal])
  }

  /// Datagrams of a former peer are not read any more (`unix_dgram_disconnected`).
  func forget(_ old: LocalSocket) {
    guard !inbox.isEmpty else { return }
    inbox.removeAll()
    roomQueue.wakeAll([.writable])
    if !old.hasEnded, old.peer === self { old.fail(.connectionReset) }
  }

  /// One that is connected takes from its peer alone.
  func takes(from sender: LocalSocket) -> Bool { peer == nil || peer === sender }

  /// The socket with a name that this one can talk to.
  func target(at address: SocketAddress) throws(SystemError) -> LocalSocket {
    let socket = try LocalNames.socket(at: address)
    guard socket.type == type else { throw .wrongProtocolType }
    return socket
  }
}
