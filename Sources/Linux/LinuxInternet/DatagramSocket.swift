// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Internet
import LinuxCore
import LinuxSockets
import Memory
import NetworkHost
import NetworkStack
import Packets
import Scheduling
import UDP
import VFS

/// A datagram socket of the Internet (`udp(7)`).
final class DatagramSocket: Socket, UDPObserver {
  let host: NetworkHost
  /// UDP, or the echo requests of ICMP, which have the same face (`icmp(7)`, "ping sockets").
  private let layer: UDPLayer
  private let endpoint: UDPEndpoint
  private var internet = InternetOptions()
  private var hasShutReading = false
  private var hasShutWriting = false
  /// Parts of a datagram that MSG_MORE or UDP_CORK has kept.
  private var kept: [UInt8] = []
  private var isCorked = false

  /// `UDP_CORK` of `IPPROTO_UDP`.
  private static let udpLevel: Int32 = 17
  private static let corkName: Int32 = 1
  private static let byteLimit = 65_507

  /// - Parameter isEcho: whether it sends echo requests.
  init(_ host: NetworkHost, family: Int32, isEcho: Bool, flags: OpenFlags) {
    self.host = host
    let isVersion6 = family == SocketFamilies.internet6
    layer = isEcho ? host.stack.echo : host.stack.udp
    endpoint = layer.makeEndpoint(isIPv6: isVersion6)
    super.init(
      family: family, type: 2, protocolNumber: isEcho ? isVersion6 ? 58 : 1 : 17, flags: flags)
    endpoint.observer = self
  }

  override func end() {
    layer.close(endpoint)
    queue.wakeAll([.readable, .writable, .hangup])
  }

  func changed(_ endpoint: UDPEndpoint) {
    guard !queue.isEmpty else { return }
    queue.wakeAll([.readable, .readableNormal])
  }

  override var readiness: Readiness {
    var readiness: Readiness = [.writable, .writableNormal]
    if endpoint.isReadable || hasShutReading {
      readiness.formUnion([.readable, .readableNormal])
    }
    if hasShutReading { readiness.insert(.readHangup) }
    if hasShutReading && hasShutWriting { readiness.insert(.hangup) }
    return readiness
  }

  // MARK: Names

  override func bind(to address: SocketAddress) throws(SystemError) {
    let local = try InternetAddress.endpoint(address, family: family)
    do { try layer.bind(endpoint, to: local, sink: host.stack) } catch {
      throw SystemError(error)
    }
  }

  override func connect(to address: SocketAddress) throws(SystemError) {
    if address.isUnspecified {
      layer.disconnect(endpoint)
      return
    }
    let remote = try InternetAddress.endpoint(address, family: family)
    do { try layer.connect(endpoint, to: remote, sink: host.stack) } catch {
      throw error == .wrongVersion ? .networkUnreachable : SystemError(error)
    }
  }

  override func localAddress() throws(SystemError) -> SocketAddress {
    InternetAddress.socketAddress(endpoint.local, family: family)
  }

  override func peerAddress() throws(SystemError) -> SocketAddress {
    guard let remote = endpoint.remote else { throw .notConnected }
    return InternetAddress.socketAddress(remote, family: family)
  }

  override func shutDown(reading: Bool, writing: Bool) throws(SystemError) {
    hasShutReading = hasShutReading || reading
    hasShutWriting = hasShutWriting || writing
    queue.wakeAll([.readable, .writable, .hangup])
    guard endpoint.remote != nil else { throw .notConnected }
  }

  override func takeError() -> SystemError? {
    endpoint.takeError().map { SystemError($0) }
  }

  // MARK: Sending

  override func send(_ message: inout OutgoingMessage) throws(SystemError) -> Int {
    guard !hasShutWriting else { throw .brokenPipe }
    guard !message.flags.contains(.outOfBand) else { throw .notSupported }
    let count = message.data.byteCount
    guard kept.count + count <= Self.byteLimit else { throw .messageTooLong }
    if isCorked || message.flags.contains(.more) || !kept.isEmpty {
      try keep(&message.data)
      if !isCorked && !message.flags.contains(.more) { try sendKept(to: message.target) }
      return count
    }
    var data = message.data
    try send(count, to: message.target, from: source(message.control)) {
      (target: inout MutableRawSpan) throws(SystemError) in
      try data.copyIn(into: &target)
    }
    return count
  }

  private func send(
    _ count: Int, to address: SocketAddress?, from source: IPAddress?,
    fill: (inout MutableRawSpan) throws(SystemError) -> Void
  ) throws(SystemError) {
    var target: Endpoint?
    if let address { target = try InternetAddress.endpoint(address, family: family) }
    guard var frame = try? layer.makePayload(byteCount: count) else { throw .noBuffers }
    try frame.forEachMutableBytes(fill)
    let now = host.enter()
    defer { host.leave(now) }
    do throws(UDPError) {
      try layer.send(frame, on: endpoint, to: target, from: source, sink: host.stack)
    } catch { throw SystemError(error) }
  }

  private func keep(_ data: inout UserVector) throws(SystemError) {
    var bytes = [UInt8](repeating: 0, count: data.byteCount)
    var elements = bytes.mutableSpan
    var span = MutableRawSpan(_elements: &elements)
    try data.copyIn(into: &span)
    kept += bytes
  }

  private func sendKept(to address: SocketAddress?) throws(SystemError) {
    let bytes = kept
    kept = []
    var offset = 0
    try send(bytes.count, to: address, from: nil) {
      (target: inout MutableRawSpan) throws(SystemError) in
      let end = offset + target.byteCount
      target.copy(RawSpan(_elements: bytes.span).extracting(offset..<end))
      offset = end
    }
  }

  /// The address to send from that `IP_PKTINFO` or `IPV6_PKTINFO` names.
  private func source(_ control: [ControlMessage]) -> IPAddress? {
    for item in control {
      let bytes = RawSpan(_elements: item.bytes.span)
      if item.level == InternetOptions.level, item.type == 8, bytes.byteCount >= 12 {
        let address = IPAddress(IPv4Address(bytes, at: 4))
        if !address.isAny { return address }
      }
      if item.level == InternetOptions.level6, item.type == 50, bytes.byteCount >= 20 {
        let address = IPAddress(IPv6Address(bytes, at: 0))
        if !address.isAny { return address }
      }
    }
    return nil
  }

  // MARK: Receiving

  override func receive(_ message: inout IncomingMessage) throws(SystemError) -> Int {
    guard !message.flags.contains(.outOfBand) else { throw .notSupported }
    var wait = waitToReceive(message.flags)
    while true {
      if let error = takeError() { throw error }
      if message.flags.contains(.peek) {
        if let count = try peek(&message) { return count }
      } else if let datagram = try? layer.receive(on: endpoint) {
        note(datagram, in: &message)
        let source = datagram.source
        return try datagram.packet.withBytes { (bytes) throws(SystemError) -> Int in
          try deliver(bytes, from: source, to: &message)
        }
      }
      if hasShutReading { return 0 }
      try wait.once(on: queue)
    }
  }

  private func peek(_ message: inout IncomingMessage) throws(SystemError) -> Int? {
    var result = message
    var failure: SystemError?
    let count = endpoint.peek { bytes, source -> Int in
      do throws(SystemError) { return try deliver(bytes, from: source, to: &result) } catch {
        failure = error
        return 0
      }
    }
    if let failure { throw failure }
    if count != nil { message = result }
    return count
  }

  private func deliver(
    _ bytes: RawSpan, from source: Endpoint, to message: inout IncomingMessage
  ) throws(SystemError) -> Int {
    let count = min(bytes.byteCount, message.data.byteCount)
    try message.data.copyOut(bytes.extracting(first: count))
    message.source = InternetAddress.socketAddress(source, family: family)
    if count < bytes.byteCount {
      message.resultFlags.insert(.truncated)
      if message.flags.contains(.truncated) { return bytes.byteCount }
    }
    return count
  }

  /// Adds what the program wants to know beside the data.
  private func note(_ datagram: borrowing UDPDatagram, in message: inout IncomingMessage) {
    guard message.wantsControl else { return }
    let isVersion4 = datagram.target.isIPv4
    let level = isVersion4 ? InternetOptions.level : InternetOptions.level6
    if internet.tellsTarget {
      message.control.append(Self.packetInformation(datagram.target, isVersion4: isVersion4))
    }
    if internet.tellsHopLimit {
      message.control.append(
        ControlMessage(
          level: level, type: isVersion4 ? 2 : 52,
          bytes: OptionValue.bytes(Int32(datagram.hopLimit))))
    }
    if internet.tellsTrafficClass {
      message.control.append(
        ControlMessage(
          level: level, type: isVersion4 ? 1 : 67,
          bytes: isVersion4
            ? [datagram.trafficClass] : OptionValue.bytes(Int32(datagram.trafficClass))))
    }
  }

  /// `struct in_pktinfo` or `struct in6_pktinfo`; the interface is the second one.
  private static func packetInformation(
    _ target: IPAddress, isVersion4: Bool
  ) -> ControlMessage {
    let index: Int32 = target.isLoopback ? 1 : 2
    if isVersion4 {
      var bytes = [UInt8](repeating: 0, count: 12)
      bytes.put(index, at: 0)
      let address = (target.ipv4 ?? .any).rawValue.bigEndian
      bytes.put(address, at: 4)
      bytes.put(address, at: 8)
      return ControlMessage(level: InternetOptions.level, type: 8, bytes: bytes)
    }
    var bytes = [UInt8](repeating: 0, count: 20)
    bytes.put(target.mapped.high.bigEndian, at: 0)
    bytes.put(target.mapped.low.bigEndian, at: 8)
    bytes.put(index, at: 16)
    return ControlMessage(level: InternetOptions.level6, type: 50, bytes: bytes)
  }

  // MARK: Options

  override func optionsDidChange() throws(SystemError) {
    endpoint.options.sharesPort = options.reusesAddress || options.reusesPort
    endpoint.options.allowsBroadcast = options.mayBroadcast
    if let size = options.receiveBuffer { endpoint.options.receiveLimit = size }
  }

  override func option(_ level: Int32, _ name: Int32) throws(SystemError) -> [UInt8] {
    if level == Self.udpLevel {
      guard name == Self.corkName else { throw .noProtocolOption }
      return OptionValue.bytes(isCorked)
    }
    return try internet.option(
      level, name, family: family, isOnlyVersion6: endpoint.options.isIPv6Only,
      mtu: endpoint.remote.map { host.stack.pathMTU(to: $0.address) })
  }

  override func setOption(
    _ level: Int32, _ name: Int32, _ value: OptionValue
  ) throws(SystemError) {
    if level == Self.udpLevel {
      guard name == Self.corkName else { throw .noProtocolOption }
      isCorked = try value.flag()
      if !isCorked, !kept.isEmpty { try sendKept(to: nil) }
      return
    }
    if InternetOptions.isOnlyVersion6(level, name) {
      guard !endpoint.isBound else { throw .invalidArgument }
      endpoint.options.isIPv6Only = try value.flag()
      return
    }
    if try setMembership(level, name, value) { return }
    try internet.set(level, name, value, family: family)
    endpoint.options.hopLimit = internet.hopLimit
    endpoint.options.multicastHopLimit = internet.multicastHopLimit
    endpoint.options.trafficClass = internet.trafficClass
    endpoint.options.loopsMulticast = internet.loopsMulticast
    endpoint.options.reportsAllErrors = internet.reportsAllErrors
    // IP_PMTUDISC_DO and PROBE forbid fragments.
    endpoint.options.mayFragment = internet.pathDiscovery != 2 && internet.pathDiscovery != 3
  }

  /// `struct ip_mreq`, `struct ip_mreqn` and `struct ipv6_mreq`. False for another option.
  private func setMembership(
    _ level: Int32, _ name: Int32, _ value: OptionValue
  ) throws(SystemError) -> Bool {
    let bytes = RawSpan(_elements: value.bytes.span)
    let group: IPAddress
    let joins: Bool
    switch (level, name) {
    case (InternetOptions.level, 35), (InternetOptions.level, 36):
      guard bytes.byteCount >= 8 else { throw .invalidArgument }
      group = IPAddress(IPv4Address(bytes, at: 0))
      joins = name == 35
    case (InternetOptions.level6, 20), (InternetOptions.level6, 21):
      guard bytes.byteCount >= 20 else { throw .invalidArgument }
      group = IPAddress(IPv6Address(bytes, at: 0))
      joins = name == 20
    default: return false
    }
    guard group.isMulticast else { throw .invalidArgument }
    if joins {
      guard layer.join(group, on: endpoint) else { throw .addressInUse }
    } else {
      guard layer.leave(group, on: endpoint) else { throw .addressNotAvailable }
    }
    return true
  }

  override func control(request: UInt32, argument: UInt) throws(SystemError) -> Int {
    guard request == 0x541b || request == 0x5411 else {
      return try InterfaceRequests(host).serve(request, at: VirtualAddress(argument))
    }
    let count = request == 0x541b ? endpoint.nextByteCount ?? 0 : 0
    let bytes = InlineArray<1, Int32>(repeating: Int32(truncatingIfNeeded: count))
    try UserBuffer(start: VirtualAddress(argument), count: 4).copyOut(
      RawSpan(_elements: bytes.span))
    return 0
  }
}

extension SystemError {
  init(_ error: UDPError) {
    self =
      switch error {
      case .addressInUse: .addressInUse
      case .addressNotAvailable: .addressNotAvailable
      case .invalid: .invalidArgument
      case .wrongVersion: .networkUnreachable
      case .notConnected: .destinationRequired
      case .broadcastNotAllowed: .accessDenied
      case .messageTooLong: .messageTooLong
      case .noRoute: .networkUnreachable
      case .noBuffers: .noBuffers
      case .refused: .connectionRefused
      case .hostUnreachable: .hostUnreachable
      case .protocolUnreachable: .noProtocolOption
      }
  }
}
