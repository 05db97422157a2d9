// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxCore
import Memory
import Scheduling
import VFS

/// A local socket (`unix(7)`): a stream, a stream of packets, or datagrams.
///
/// What one end sends is put into the other's inbox. Two ends that are connected refer to each
/// other until one of them ends.
final class LocalSocket: Socket {
  var inbox = LocalInbox()
  /// The other end, or where datagrams go.
  private(set) var peer: LocalSocket?
  /// Woken when the inbox has room; for senders that are not connected.
  let roomQueue = WaitQueue()
  private var name: SocketAddress?
  private(set) var wasConnected = false
  private(set) var hasShutReading = false
  private(set) var hasShutWriting = false
  private(set) var hasEnded = false
  /// What happened behind the program's back.
  private var error: SystemError?

  /// Connections that wait to be accepted, and how many may; nil when it does not listen.
  private var waiting: [LocalSocket] = []
  private var backlog: Int?

  static let stream: Int32 = 1
  static let datagram: Int32 = 2
  static let packets: Int32 = 5

  init(type: Int32, flags: OpenFlags) {
    super.init(family: SocketFamilies.local, type: type, protocolNumber: 0, flags: flags)
  }

  var isDatagram: Bool { type == Self.datagram }
  var keepsBoundaries: Bool { type != Self.stream }

  /// Two sockets that are connected with each other.
  static func pair(type: Int32, flags: OpenFlags) -> (LocalSocket, LocalSocket) {
    let one = LocalSocket(type: type, flags: flags)
    let other = LocalSocket(type: type, flags: flags)
    one.join(other)
    other.join(one)
    return (one, other)
  }

  private func join(_ other: LocalSocket) {
    peer = other
    wasConnected = true
  }

  override func end() {
    guard !hasEnded else { return }
    hasEnded = true
    LocalNames.remove(self)
    for socket in waiting { socket.end() }
    waiting = []
    backlog = nil
    let hadUnread = !inbox.isEmpty
    inbox.removeAll()
    if let peer {
      self.peer = nil
      if peer.peer === self { peer.otherHasEnded(hadUnread: hadUnread) }
    }
    roomQueue.wakeAll([.writable, .hangup])
    queue.wakeAll([.readable, .writable, .hangup])
  }

  private func otherHasEnded(hadUnread: Bool) {
    peer = nil
    // What it had not read is lost.
    if !isDatagram, hadUnread { error = .connectionReset }
    queue.wakeAll([
      .readable, .readableNormal, .writable, .writableNormal, .hangup, .readHangup,
    ])
  }

  // MARK: Names

  override func bind(to address: SocketAddress) throws(SystemError) {
    guard name == nil else { throw .invalidArgument }
    name = try LocalNames.bind(self, to: address)
  }

  override func localAddress() throws(SystemError) -> SocketAddress {
    name ?? SocketAddress(family: UInt16(SocketFamilies.local))
  }

  override func peerAddress() throws(SystemError) -> SocketAddress {
    guard let peer else { throw .notConnected }
    return try peer.localAddress()
  }

  // MARK: Connecting

  override var isListening: Bool { backlog != nil }

  override func listen(backlog: Int) throws(SystemError) {
    guard !isDatagram else { throw .notSupported }
    guard name != nil, peer == nil else { throw .invalidArgument }
    self.backlog = backlog
  }

  override func accept(_ wait: SocketWait, flags: OpenFlags) throws(SystemError) -> Socket {
    guard !isDatagram else { throw .notSupported }
    var wait = wait
    while true {
      guard backlog != nil else { throw .invalidArgument }
      if !waiting.isEmpty {
        let socket = waiting.removeFirst()
        if flags.contains(.nonBlocking) { socket.flags.insert(.nonBlocking) }
        roomQueue.wakeAll([.writable])
        return socket
      }
      try wait.once(on: queue)
    }
  }

  override func connect(to address: SocketAddress) throws(SystemError) {
    if isDatagram {
      peer = address.isUnspecified ? nil : try target(at: address)
      wasConnected = peer != nil
      return
    }
    guard peer == nil, !wasConnected else { throw .alreadyConnected }
    guard backlog == nil else { throw .invalidArgument }
    var wait = waitToSend([])
    while true {
      let listener = try target(at: address)
      guard let limit = listener.backlog else { throw .connectionRefused }
      if listener.waiting.count <= limit {
        connect(to: listener)
        return
      }
      try wait.once(on: listener.roomQueue)
    }
  }

  private func connect(to listener: LocalSocket) {
    let other = LocalSocket(type: type, flags: [])
    other.name = listener.name
    other.options.passesCredentials = listener.options.passesCredentials
    join(other)
    other.join(self)
    listener.waiting.append(other)
    listener.queue.wakeAll([.readable, .readableNormal])
  }

  /// The socket with a name that this one can talk to.
  func target(at address: SocketAddress) throws(SystemError) -> LocalSocket {
    let socket = try LocalNames.socket(at: address)
    guard socket.type == type else { throw .wrongProtocolType }
    return socket
  }

  override func shutDown(reading: Bool, writing: Bool) throws(SystemError) {
    guard wasConnected else { throw .notConnected }
    hasShutReading = hasShutReading || reading
    hasShutWriting = hasShutWriting || writing
    let changes: Readiness = [.readable, .readableNormal, .writable, .hangup, .readHangup]
    if let peer, !isDatagram {
      if reading { peer.hasShutWriting = true }
      if writing { peer.hasShutReading = true }
      peer.queue.wakeAll(changes)
    }
    queue.wakeAll(changes)
  }

  override func takeError() -> SystemError? { error.take() }

  // MARK: Readiness

  /// Whether nothing will come any more.
  var isAtEnd: Bool { hasShutReading || !isDatagram && wasConnected && peer == nil }

  /// Whether the other end takes more at this time.
  private var hasRoom: Bool {
    guard let peer else { return true }
    return peer.inbox.room &* 2 >= peer.inbox.limit
  }

  override var readiness: Readiness {
    if backlog != nil { return waiting.isEmpty ? [] : [.readable, .readableNormal] }
    var readiness: Readiness = []
    if !inbox.isEmpty || isAtEnd { readiness.formUnion([.readable, .readableNormal]) }
    if isAtEnd { readiness.insert(.readHangup) }
    if !isDatagram, !wasConnected || peer == nil { readiness.insert(.hangup) }
    if hasShutReading, hasShutWriting { readiness.insert(.hangup) }
    if hasRoom { readiness.formUnion([.writable, .writableNormal]) }
    if error != nil { readiness.insert(.error) }
    return readiness
  }

  // MARK: Data

  override func send(_ message: inout OutgoingMessage) throws(SystemError) -> Int {
    try isDatagram || keepsBoundaries ? sendWhole(&message) : sendStream(&message)
  }

  override func receive(_ message: inout IncomingMessage) throws(SystemError) -> Int {
    guard !message.flags.contains(.outOfBand) else { throw .notSupported }
    guard backlog == nil else { throw .invalidArgument }
    if let error = takeError() { throw error }
    return try keepsBoundaries ? receiveWhole(&message) : receiveStream(&message)
  }

  // MARK: Options

  override func optionsDidChange() throws(SystemError) {
    if let size = options.sendBuffer { peer?.inbox.limit = size }
  }

  /// `SO_PEERCRED`
  override func option(_ level: Int32, _ name: Int32) throws(SystemError) -> [UInt8] {
    guard level == SocketOptions.level, name == OptionName.peerCredentials.rawValue else {
      throw level == SocketOptions.level ? .noProtocolOption : .notSupported
    }
    return Self.credentials
  }

  /// `struct ucred` of the one process.
  static var credentials: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 12)
    bytes.put(Process.running.value?.identifier ?? 1, at: 0)
    return bytes
  }

  override func control(request: UInt32, argument: UInt) throws(SystemError) -> Int {
    let value: Int
    switch request {
    // FIONREAD, SIOCOUTQ
    case 0x541b: value = keepsBoundaries ? inbox.first?.count ?? 0 : inbox.byteCount
    case 0x5411: value = peer?.inbox.byteCount ?? 0
    default: throw .notTerminal
    }
    let bytes = InlineArray<1, Int32>(repeating: Int32(truncatingIfNeeded: value))
    try UserBuffer(start: VirtualAddress(argument), count: 4).copyOut(
      RawSpan(_elements: bytes.span))
    return 0
  }
}
