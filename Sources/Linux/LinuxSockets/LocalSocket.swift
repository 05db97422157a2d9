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
/// other until one of them ends; the other then keeps it for its name only.
final class LocalSocket: Socket {
  /// What came, of a stream; of the others.
  var stream = LocalStreamInbox()
  var inbox = LocalInbox()
  /// What this one has sent in messages.
  let account: LocalAccount
  /// The other end, or where datagrams go. It may have ended.
  var peer: LocalSocket?
  private(set) var name: SocketAddress?
  /// Woken when the inbox, or the list of connections that wait, has room.
  let roomQueue = WaitQueue()
  /// Tells this one's pollers that its peer has room.
  private var roomWaiter: LocalRoomWaiter?

  /// Of a stream or packets: whether it is, or was, connected.
  var isConnected = false
  private(set) var hasShutReading = false
  private(set) var hasShutWriting = false
  private(set) var hasEnded = false
  /// What happened behind the program's back.
  private var error: SystemError?
  /// Who listened, connected, or made the pair, at the other end.
  var peerCredentials = LocalCredentials.none
  var peerGroups: [UInt32]?

  /// Connections that wait to be accepted, and how many may; nil when it does not listen.
  var waiting: [LocalSocket] = []
  var backlog: Int?
  /// Who listens.
  var listenCredentials = LocalCredentials.none

  /// How often it is on its way through a local socket itself (`LocalFlight`).
  var flightCount = 0
  var isReached = false
  private var index = 0

  static let stream: Int32 = 1
  static let datagram: Int32 = 2
  static let packets: Int32 = 5

  /// What may be on its way (`net.core.wmem_default`), in bytes.
  static let defaultBuffer = 212_992
  /// Datagrams that may wait for one that does not answer (`net.unix.max_dgram_qlen`, as Debian
  /// sets it).
  static let messageLimit = 512

  private static let everyone = KernelGlobal<[LocalSocket]>([])

  /// All that have not ended.
  static var all: [LocalSocket] { everyone.value }

  init(type: Int32, flags: OpenFlags) {
    let queue = WaitQueue()
    account = LocalAccount(queue)
    super.init(
      family: SocketFamilies.local, type: type, protocolNumber: 0, flags: flags, queue: queue)
    index = Self.everyone.value.count
    Self.everyone.value.append(self)
  }

  private func leaveEveryone() {
    guard let last = Self.everyone.value.popLast(), last !== self else { return }
    last.index = index
    Self.everyone.value[index] = last
  }

  var isStream: Bool { type == Self.stream }
  var isDatagram: Bool { type == Self.datagram }

  // MARK: The end

  override func end() { end(isEmbryo: false) }

  /// - Parameter isEmbryo: nobody has accepted it.
  private func end(isEmbryo: Bool) {
    guard !hasEnded else { return }
    hasEnded = true
    leaveEveryone()
    LocalNames.remove(self)
    for socket in waiting { socket.end(isEmbryo: true) }
    waiting = []
    backlog = nil
    stopWaitingForRoom()
    let hasUnread = !inbox.isEmpty || !stream.isEmpty
    if let peer {
      self.peer = nil
      // What it had not read is lost.
      if !isDatagram { peer.otherHasEnded(isReset: hasUnread || isEmbryo) }
    }
    dropInbox()
    roomQueue.wakeAll([.writable, .hangup])
    queue.wakeAll(Self.allChanges)
  }

  private func otherHasEnded(isReset: Bool) {
    hasShutReading = true
    hasShutWriting = true
    if isReset { error = .connectionReset }
    queue.wakeAll(Self.allChanges)
  }

  static let allChanges: Readiness = [
    .readable, .readableNormal, .writable, .writableNormal, .hangup, .readHangup, .error,
  ]

  /// Drops what nobody will read.
  func dropInbox() {
    inbox.removeAll()
    stream.removeAll()
  }

  // MARK: In flight

  override func descriptorDidClose() {
    super.descriptorDidClose()
    if flightCount > 0 { LocalFlight.descriptorDidClose(of: self) }
  }

  /// Whether no descriptor refers to it, but messages do.
  var isOnlyInFlight: Bool { flightCount > 0 && flightCount == descriptorCount }

  /// Calls `body` with the local sockets that can be taken out of this one.
  func forEachSocketInside(_ body: (LocalSocket) -> Void) {
    for socket in waiting { body(socket) }
    stream.forEachFile { if let socket = $0 as? LocalSocket { body(socket) } }
    inbox.forEachFile { if let socket = $0 as? LocalSocket { body(socket) } }
  }

  // MARK: Names

  override func bind(to address: SocketAddress) throws(SystemError) {
    if try LocalNames.isAutomatic(address) { return try bindAutomatically() }
    guard name == nil else { throw .invalidArgument }
    name = try LocalNames.bind(self, to: address)
  }

  private func bindAutomatically() throws(SystemError) {
    if name == nil { name = try LocalNames.bindAutomatically(self) }
  }

  /// A socket that wants to know who sends tells who it is (`unix(7)`, "Autobind feature").
  func nameForCredentials() throws(SystemError) {
    if options.passesCredentials { try bindAutomatically() }
  }

  func adoptName(of other: LocalSocket) { name = other.name }

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
    try beginListening(backlog: backlog)
  }

  override func accept(_ wait: SocketWait, flags: OpenFlags) throws(SystemError) -> Socket {
    try takeConnection(wait, flags: flags)
  }

  override func connect(to address: SocketAddress) throws(SystemError) { try open(to: address) }

  // MARK: Shutting down

  override func shutDown(reading: Bool, writing: Bool) throws(SystemError) {
    hasShutReading = hasShutReading || reading
    hasShutWriting = hasShutWriting || writing
    queue.wakeAll(Self.allChanges)
    roomQueue.wakeAll(Self.allChanges)
    guard !isDatagram, let peer, !peer.hasEnded else { return }
    peer.hasShutWriting = peer.hasShutWriting || reading
    peer.hasShutReading = peer.hasShutReading || writing
    peer.queue.wakeAll(Self.allChanges)
  }

  override func takeError() -> SystemError? { error.take() }

  func fail(_ error: SystemError) {
    self.error = error
    queue.wakeAll(Self.allChanges)
  }

  // MARK: Readiness

  override var readiness: Readiness {
    var readiness: Readiness = []
    if !inbox.isEmpty || !stream.isEmpty || !waiting.isEmpty || hasShutReading {
      readiness.formUnion([.readable, .readableNormal])
    }
    if hasShutReading { readiness.insert(.readHangup) }
    if hasShutReading && hasShutWriting || !isDatagram && !isConnected && backlog == nil {
      readiness.insert(.hangup)
    }
    if backlog == nil, hasEnoughRoom { readiness.formUnion([.writable, .writableNormal]) }
    if error != nil { readiness.insert(.error) }
    return readiness
  }

  /// Whether there is a good deal of room. If not, pollers are told of it.
  private var hasEnoughRoom: Bool {
    if isStream {
      guard let peer, !peer.stream.isWritable else { return true }
      peer.stream.isAwaited = true
      return false
    }
    guard account.isWritable else {
      account.isAwaited = true
      return false
    }
    guard isDatagram, let peer, peer.peer !== self, peer.isFull else { return true }
    waitForRoom(of: peer)
    return false
  }

  /// Whether no more messages from strangers go in.
  var isFull: Bool { inbox.messageCount > Self.messageLimit }

  private func waitForRoom(of other: LocalSocket) {
    let waiter = roomWaiter ?? LocalRoomWaiter(queue)
    roomWaiter = waiter
    guard waiter.queue !== other.roomQueue else { return }
    waiter.queue?.remove(waiter)
    other.roomQueue.add(waiter)
  }

  func stopWaitingForRoom() {
    if let roomWaiter { roomWaiter.queue?.remove(roomWaiter) }
  }

  // MARK: Data

  override func send(_ message: inout OutgoingMessage) throws(SystemError) -> Int {
    isStream ? try sendStream(&message) : try sendWhole(&message)
  }

  override func receive(_ message: inout IncomingMessage) throws(SystemError) -> Int {
    guard !message.flags.contains(.outOfBand) else { throw .notSupported }
    return isStream ? try receiveStream(&message) : try receiveWhole(&message)
  }

  override var takesLent: Bool { isStream && isConnected }

  override func writeLent(_ bytes: RawSpan) throws(SystemError) -> Int {
    try sendLent(bytes)
  }

  // MARK: Options

  override func optionsDidChange() throws(SystemError) { applyBuffer() }

  override func option(_ level: Int32, _ name: Int32) throws(SystemError) -> [UInt8] {
    try localOption(level, name)
  }

  override func control(request: UInt32, argument: UInt) throws(SystemError) -> Int {
    if let result = try localControl(request: request, argument: argument) { return result }
    return try super.control(request: request, argument: argument)
  }

  /// A stream's writer gets a signal when nobody reads; senders of messages only an error.
  override var signalsBrokenPipe: Bool { isStream }
}

/// Passes on to a sender's pollers that the receiver has room.
private final class LocalRoomWaiter: Waiter {
  private let target: WaitQueue

  init(_ target: WaitQueue) {
    self.target = target
  }

  override func wake(_ readiness: Readiness) -> Bool {
    target.wakeAll([.writable, .writableNormal])
    return false
  }
}
