// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import LinuxSockets
import Memory
import NetworkHost
import NetworkStack
import Scheduling
import TCP
import VFS

/// A stream socket of the Internet (`tcp(7)`): at first nothing, then a listener or a connection.
final class StreamSocket: Socket, TCPObserver {
  let host: NetworkHost
  /// What was set before there was a connection.
  var settings = ConnectionOptions()
  var isOnlyVersion6 = false
  var reservation: PortReservation?
  var listener: Listener?
  var connection: Connection?
  /// `connect` has begun and the program does not know yet how it went.
  private var isConnecting = false
  var internet = InternetOptions()

  init(_ host: NetworkHost, family: Int32, flags: OpenFlags) {
    self.host = host
    super.init(family: family, type: 1, protocolNumber: 6, flags: flags)
  }

  /// A socket for a connection that a listener has taken.
  private init(accepting connection: Connection, by other: StreamSocket, flags: OpenFlags) {
    host = other.host
    super.init(family: other.family, type: 1, protocolNumber: 6, flags: flags)
    options = other.options
    internet = other.internet
    isOnlyVersion6 = other.isOnlyVersion6
    self.connection = connection
    connection.observer = self
  }

  override func end() {
    let now = host.enter()
    listener?.close(now: now)
    connection?.close(now: now)
    if let reservation { host.tcp.release(reservation) }
    listener = nil
    connection = nil
    reservation = nil
    host.leave(now)
    queue.wakeAll([.readable, .writable, .hangup])
  }

  // MARK: Names

  override func bind(to address: SocketAddress) throws(SystemError) {
    guard reservation == nil, connection == nil, listener == nil else { throw .invalidArgument }
    let local = try InternetAddress.endpoint(address, family: family)
    guard local.address.isAny || host.stack.isLocal(local.address) || internet.bindsFreely else {
      throw .addressNotAvailable
    }
    try reserve(local)
  }

  private func reserve(_ local: Endpoint) throws(SystemError) {
    var sharing: PortSharing = []
    if options.reusesAddress { sharing.insert(.reuseAddress) }
    if options.reusesPort { sharing.insert(.reusePort) }
    if isOnlyVersion6 { sharing.insert(.onlyVersion6) }
    do { reservation = try host.tcp.bind(local, sharing: sharing) } catch {
      throw SystemError(error)
    }
  }

  override func localAddress() throws(SystemError) -> SocketAddress {
    let local =
      connection?.tuple.local ?? reservation?.local
      ?? Endpoint(InternetAddress.any(family: family), 0)
    return InternetAddress.socketAddress(local, family: family)
  }

  override func peerAddress() throws(SystemError) -> SocketAddress {
    guard let connection, connection.state != .synSent, connection.state != .closed else {
      throw .notConnected
    }
    return InternetAddress.socketAddress(connection.tuple.remote, family: family)
  }

  // MARK: Listening

  override var isListening: Bool { listener != nil }

  override func listen(backlog: Int) throws(SystemError) {
    guard connection == nil else { throw .invalidArgument }
    if let listener {
      listener.setBacklog(backlog)
      return
    }
    if reservation == nil { try reserve(Endpoint(InternetAddress.any(family: family), 0)) }
    guard let reservation else { throw .invalidArgument }
    do {
      listener = try host.tcp.listen(
        on: reservation, backlog: backlog, options: settings, observer: self)
    } catch { throw SystemError(error) }
  }

  override func accept(_ wait: SocketWait, flags: OpenFlags) throws(SystemError) -> Socket {
    var wait = wait
    while true {
      guard let listener else { throw .invalidArgument }
      if let connection = listener.accept() {
        return StreamSocket(accepting: connection, by: self, flags: flags)
      }
      try wait.once(on: queue)
    }
  }

  // MARK: Connecting

  override func connect(to address: SocketAddress) throws(SystemError) {
    guard listener == nil else { throw .alreadyConnected }
    if address.isUnspecified {
      dissolve()
      return
    }
    if connection != nil {
      try finishConnecting()
      return
    }
    var remote = try InternetAddress.endpoint(address, family: family)
    if remote.address.isAny {
      // "To any" means "to myself", as on Linux.
      let isVersion4 = family == SocketFamilies.internet || remote.address.isIPv4
      let own = isVersion4 ? IPAddress(IPv4Address.loopback) : IPAddress(IPv6Address.loopback)
      remote = Endpoint(own, remote.port)
    }
    if isOnlyVersion6, remote.address.isIPv4 { throw .networkUnreachable }
    let now = host.enter()
    do throws(TCPError) {
      connection = try host.tcp.connect(
        to: remote, from: reservation?.local, options: settings, observer: self, now: now)
    } catch {
      host.leave(now)
      throw error == .unreachable ? .networkUnreachable : SystemError(error)
    }
    isConnecting = true
    host.leave(now)
    // On loopback it is done already.
    if let connection, connection.state == .synSent, isNonBlocking { throw .inProgress }
    try waitForConnection()
  }

  /// A further call of `connect`.
  private func finishConnecting() throws(SystemError) {
    guard isConnecting else { throw .alreadyConnected }
    if let connection, connection.state == .synSent || connection.state == .synReceived,
      isNonBlocking
    {
      throw .alreadyInProgress
    }
    try waitForConnection()
  }

  private func waitForConnection() throws(SystemError) {
    var wait = SocketWait(isAllowed: true, limit: options.sendTimeout)
    while let connection, connection.state == .synSent || connection.state == .synReceived {
      do { try wait.once(on: queue) } catch {
        throw error == .wouldBlock ? .inProgress : error
      }
    }
    isConnecting = false
    guard let connection else { throw .connectionAborted }
    if let error = connection.takeError() {
      // The socket can be connected anew.
      dissolve()
      throw SystemError(error)
    }
  }

  private func dissolve() {
    guard let connection else { return }
    let now = host.enter()
    if connection.state != .closed { connection.abort(now: now) }
    connection.close(now: now)
    self.connection = nil
    isConnecting = false
    host.leave(now)
  }

  override func shutDown(reading: Bool, writing: Bool) throws(SystemError) {
    if let listener {
      guard reading else { return }
      let now = host.enter()
      listener.close(now: now)
      self.listener = nil
      host.leave(now)
      queue.wakeAll([.readable, .writable, .hangup])
      return
    }
    guard let connection, connection.state != .closed else { throw .notConnected }
    let now = host.enter()
    defer { host.leave(now) }
    if reading { connection.shutdownReceiving() }
    if writing {
      do { try connection.shutdownSending(now: now) } catch { throw SystemError(error) }
    }
  }

  override func takeError() -> SystemError? {
    connection?.takeError().map { SystemError($0) }
  }

  // MARK: Readiness

  func changed(_ events: TCPEvents) {
    guard !queue.isEmpty else { return }
    var readiness: Readiness = []
    if events.contains(.readable) { readiness.formUnion([.readable, .readableNormal]) }
    if events.contains(.writable) { readiness.formUnion([.writable, .writableNormal]) }
    if events.contains(.urgent) { readiness.insert(.priority) }
    if events.contains(.peerEnded) { readiness.insert(.readHangup) }
    if events.contains(.closed) { readiness.insert(.hangup) }
    if events.contains(.failed) { readiness.insert(.error) }
    queue.wakeAll(readiness)
  }

  override var readiness: Readiness {
    guard let connection else {
      guard let listener else { return [.writable, .writableNormal, .hangup] }
      return listener.isReadable ? [.readable, .readableNormal] : []
    }
    var readiness: Readiness = []
    if connection.isReadable { readiness.formUnion([.readable, .readableNormal]) }
    if connection.isWritable {
      readiness.formUnion([.writable, .writableNormal])
    } else {
      // Somebody looks, so somebody wants to be told.
      connection.awaitRoom()
    }
    if connection.isPeerEnded { readiness.insert(.readHangup) }
    if connection.isHungUp { readiness.insert(.hangup) }
    if connection.hasFailed { readiness.insert(.error) }
    if connection.hasUrgent { readiness.insert(.priority) }
    return readiness
  }

  // MARK: Data

  override func send(_ message: inout OutgoingMessage) throws(SystemError) -> Int {
    // An address is passed over, as Linux does for what is connected.
    try send(message.data, message.flags)
  }

  override func receive(_ message: inout IncomingMessage) throws(SystemError) -> Int {
    if message.flags.contains(.outOfBand) { return try receiveUrgent(&message) }
    return try receive(message.data, message.flags)
  }

  override func write(from buffer: UserBuffer, at offset: Int64?) throws(SystemError) -> Int {
    guard offset == nil else { throw .illegalSeek }
    return try send(UserVector(buffer), [])
  }

  override func write(from vector: UserVector) throws(SystemError) -> Int {
    try send(vector, [])
  }

  override var takesLent: Bool { connection != nil }

  override func writeLent(_ bytes: RawSpan) throws(SystemError) -> Int { try sendLent(bytes) }

  override func read(into buffer: UserBuffer, at offset: Int64?) throws(SystemError) -> Int {
    guard offset == nil else { throw .illegalSeek }
    return try receive(UserVector(buffer), [])
  }

  override func read(into vector: UserVector) throws(SystemError) -> Int {
    try receive(vector, [])
  }

  // MARK: Options

  override func optionsDidChange() throws(SystemError) { applyCommonOptions() }

  override func option(_ level: Int32, _ name: Int32) throws(SystemError) -> [UInt8] {
    if level == StreamOption.level { return try streamOption(name) }
    return try internet.option(
      level, name, family: family, isOnlyVersion6: isOnlyVersion6,
      mtu: connection.map { $0.information.mtu })
  }

  override func setOption(
    _ level: Int32, _ name: Int32, _ value: OptionValue
  ) throws(SystemError) {
    if level == StreamOption.level { return try setStreamOption(name, value) }
    if InternetOptions.isOnlyVersion6(level, name) {
      guard reservation == nil, connection == nil else { throw .invalidArgument }
      isOnlyVersion6 = try value.flag()
      return
    }
    try internet.set(level, name, value, family: family)
  }

  override func control(request: UInt32, argument: UInt) throws(SystemError) -> Int {
    let address = VirtualAddress(argument)
    if let result = try control(request, UserBuffer(start: address, count: 4)) { return result }
    return try InterfaceRequests(host).serve(request, at: address)
  }
}

extension SystemError {
  init(_ error: TCPError) {
    self =
      switch error {
      case .wouldBlock: .wouldBlock
      case .refused: .connectionRefused
      case .reset: .connectionReset
      case .aborted: .connectionAborted
      case .timedOut: .timedOut
      case .unreachable: .hostUnreachable
      case .sendingEnded: .brokenPipe
      case .notConnected: .notConnected
      case .addressInUse: .addressInUse
      case .noPort: .addressNotAvailable
      case .noMemory: .noBuffers
      case .invalid: .invalidArgument
      }
  }
}
