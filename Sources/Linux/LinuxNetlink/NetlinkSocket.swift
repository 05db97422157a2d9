// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxCore
import LinuxSockets
import Memory
import NetworkHost
import Scheduling
import VFS

/// A socket to the kernel itself (`netlink(7)`). Requests are answered while they are sent.
final class NetlinkSocket: Socket {
  /// `NETLINK_ROUTE`, `NETLINK_KOBJECT_UEVENT`
  static let route: Int32 = 0
  static let events: Int32 = 15

  /// Who it is among the sockets of its protocol; zero for nobody yet.
  private(set) var port: UInt32 = 0
  /// The groups it has joined: group 1 is bit 0 of the first word. The names have one word only.
  var groups: [UInt32] = [0]
  /// What is set of the options that are yes or no.
  var netlinkOptions: NetlinkOptions = []
  private var remotePort: UInt32 = 0
  private var remoteGroups: UInt32 = 0
  private var answers: [[UInt8]] = []
  /// How many of them have been read; they go when all have.
  private var readCount = 0
  private(set) var byteCount = 0
  private var hasEnded = false
  /// Answers that were lost for want of room.
  private var error: SystemError?

  /// Those that have a port.
  private static let named = KernelGlobal<[NetlinkSocket]>([])
  static var all: [NetlinkSocket] { named.value }
  private static let nextPort = KernelGlobal<UInt32>(0xffff_efff)

  /// `sizeof(struct sockaddr_nl)`
  private static let addressByteCount = 12
  private static let defaultBuffer = 212_992
  private static let requestLimit = 65_536

  init(type: Int32, protocolNumber: Int32, flags: OpenFlags) {
    super.init(
      family: SocketFamilies.netlink, type: type, protocolNumber: protocolNumber, flags: flags)
  }

  override func end() {
    hasEnded = true
    Self.named.value.removeAll { $0 === self }
    answers = []
    readCount = 0
    byteCount = 0
    queue.wakeAll([.readable, .hangup])
  }

  // MARK: Names

  private func parse(
    _ address: SocketAddress
  ) throws(SystemError) -> (port: UInt32, groups: UInt32) {
    guard address.bytes.count >= Self.addressByteCount, address.family == SocketFamilies.netlink
    else { throw .invalidArgument }
    return (address.bytes.get(4), address.bytes.get(8))
  }

  private static func address(port: UInt32, groups: UInt32) -> SocketAddress {
    var bytes = SocketAddress(family: UInt16(SocketFamilies.netlink)).bytes
    while bytes.count < addressByteCount { bytes.append(0) }
    bytes.put(port, at: 4)
    bytes.put(groups, at: 8)
    return SocketAddress(bytes: bytes)
  }

  override func bind(to address: SocketAddress) throws(SystemError) {
    let wanted = try parse(address)
    if port != 0 {
      guard wanted.port == port else { throw .invalidArgument }
    } else if wanted.port != 0 {
      guard take(wanted.port) else { throw .addressInUse }
    } else {
      bindAutomatically()
    }
    groups[0] = wanted.groups
  }

  private func take(_ wanted: UInt32) -> Bool {
    for used in Self.all where used.protocolNumber == protocolNumber && used.port == wanted {
      return false
    }
    port = wanted
    Self.named.value.append(self)
    return true
  }

  /// The process's number, or, when that is taken, one that cannot be a process's.
  private func bindAutomatically() {
    guard port == 0 else { return }
    var wanted = UInt32(bitPattern: Process.running.value?.identifier ?? 1)
    while !take(wanted) {
      wanted = Self.nextPort.value
      Self.nextPort.value = wanted <= 0x8000_0000 ? 0xffff_efff : wanted - 1
    }
  }

  override func connect(to address: SocketAddress) throws(SystemError) {
    if address.isUnspecified {
      remotePort = 0
      remoteGroups = 0
      return
    }
    (remotePort, remoteGroups) = try parse(address)
    bindAutomatically()
  }

  override func localAddress() throws(SystemError) -> SocketAddress {
    Self.address(port: port, groups: groups[0])
  }

  override func peerAddress() throws(SystemError) -> SocketAddress {
    Self.address(port: remotePort, groups: remoteGroups)
  }

  override func shutDown(reading: Bool, writing: Bool) throws(SystemError) { throw .notSupported }

  override func takeError() -> SystemError? { error.take() }

  // MARK: Readiness

  override var readiness: Readiness {
    var readiness: Readiness = [.writable, .writableNormal]
    if readCount < answers.count { readiness.formUnion([.readable, .readableNormal]) }
    if error != nil { readiness.insert(.error) }
    return readiness
  }

  // MARK: Data

  override func send(_ message: inout OutgoingMessage) throws(SystemError) -> Int {
    guard !message.flags.contains(.outOfBand) else { throw .notSupported }
    var port = remotePort
    if let target = message.target { port = try parse(target).port }
    bindAutomatically()
    // Nobody but the kernel listens.
    guard port == 0, protocolNumber == Self.route else { throw .connectionRefused }
    let count = message.data.byteCount
    guard count > 0 else { throw .noData }
    guard count <= Self.requestLimit else { throw .messageTooLong }
    var bytes = [UInt8](repeating: 0, count: count)
    var elements = bytes.mutableSpan
    var span = MutableRawSpan(_elements: &elements)
    try message.data.copyIn(into: &span)
    guard let host = NetworkHost.shared else { throw .noBuffers }
    for request in RouteRequest.all(in: bytes) { answer(request, host) }
    return count
  }

  /// Keeps the answer for the reader. One that begins while there is room is kept whole, since
  /// Linux, too, ends a dump however small the buffer is.
  private func answer(_ request: RouteRequest, _ host: NetworkHost) {
    // It may have been closed while the network started.
    guard !hasEnded else { return }
    guard byteCount <= options.receiveBuffer ?? Self.defaultBuffer else {
      error = .noBuffers
      return
    }
    let answers = RouteAnswers(to: request, port: port, options: netlinkOptions, host: host)
    for datagram in answers.datagrams() {
      byteCount += datagram.count
      self.answers.append(datagram)
    }
    if !queue.isEmpty { queue.wakeAll([.readable, .readableNormal]) }
  }

  override func receive(_ message: inout IncomingMessage) throws(SystemError) -> Int {
    guard !message.flags.contains(.outOfBand) else { throw .notSupported }
    var wait = waitToReceive(message.flags)
    while readCount == answers.count {
      if let error = takeError() { throw error }
      if hasEnded { return 0 }
      try wait.once(on: queue)
    }
    let datagram = answers[readCount]
    let count = min(datagram.count, message.data.byteCount)
    try message.data.copyOut(RawSpan(_elements: datagram.span).extracting(first: count))
    message.source = Self.address(port: 0, groups: 0)
    if count < datagram.count { message.resultFlags.insert(.truncated) }
    if options.passesCredentials, message.wantsControl {
      // The kernel's own: nothing but zeros.
      message.control.append(
        ControlMessage(
          level: ControlMessage.socketLevel, type: ControlMessage.credentials,
          bytes: [UInt8](repeating: 0, count: 12)))
    }
    if !message.flags.contains(.peek) { removeFirst(datagram.count) }
    return message.flags.contains(.truncated) ? datagram.count : count
  }

  private func removeFirst(_ count: Int) {
    readCount += 1
    byteCount -= count
    guard readCount == answers.count else { return }
    answers = []
    readCount = 0
  }

  // MARK: Options

  override func setOption(
    _ level: Int32, _ name: Int32, _ value: OptionValue
  ) throws(SystemError) {
    try setNetlinkOption(level, name, value)
  }

  override func option(_ level: Int32, _ name: Int32) throws(SystemError) -> [UInt8] {
    try netlinkOption(level, name)
  }
}
