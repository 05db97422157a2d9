// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Clock
import Memory
import Scheduling
import VFS

/// An open socket, whatever its family.
///
/// The calls of this module check what is the same for every family and leave the rest to the
/// methods here; those that a family does not override refuse as Linux does. Methods that may have
/// to wait get to know until when: `SocketWait`.
open class Socket: OpenFile {
  /// The numbers that `socket(2)` was given; the type without its flags.
  public let family: Int32
  public let type: Int32
  public let protocolNumber: Int32
  /// Options of `SOL_SOCKET` that are the same for every family.
  public var options = SocketOptions()
  /// Woken when `readiness` may have changed.
  public final let queue: WaitQueue

  public init(
    family: Int32, type: Int32, protocolNumber: Int32, flags: OpenFlags,
    queue: WaitQueue = WaitQueue()
  ) {
    self.queue = queue
    self.family = family
    self.type = type
    self.protocolNumber = protocolNumber
    super.init(
      node: SocketNode(), flags: OpenFlags(rawValue: flags.rawValue | OpenFlags.readWrite.rawValue))
  }

  // MARK: What a family does

  open func bind(to address: SocketAddress) throws(SystemError) { throw .notSupported }

  open func connect(to address: SocketAddress) throws(SystemError) { throw .notSupported }

  open func listen(backlog: Int) throws(SystemError) { throw .notSupported }

  /// Takes a connection that waits, or waits for one.
  open func accept(_ wait: SocketWait, flags: OpenFlags) throws(SystemError) -> Socket {
    throw .notSupported
  }

  open var isListening: Bool { false }

  /// The name of this end.
  open func localAddress() throws(SystemError) -> SocketAddress {
    SocketAddress(family: UInt16(truncatingIfNeeded: family))
  }

  /// The name of the other end. Throws `notConnected`.
  open func peerAddress() throws(SystemError) -> SocketAddress { throw .notConnected }

  /// Sends what the message says. Returns how many bytes were taken.
  open func send(_ message: inout OutgoingMessage) throws(SystemError) -> Int {
    throw .notSupported
  }

  /// Receives into the message. Returns how many bytes; with `MSG_TRUNC` asked for, how many there
  /// were.
  open func receive(_ message: inout IncomingMessage) throws(SystemError) -> Int {
    throw .notSupported
  }

  open func shutDown(reading: Bool, writing: Bool) throws(SystemError) { throw .notConnected }

  /// Takes the error that happened behind the program's back (`SO_ERROR`).
  open func takeError() -> SystemError? { nil }

  /// An option of a level that is not `SOL_SOCKET`, or one of that which `SocketOptions` does not
  /// have. Throws `noProtocolOption`.
  open func option(_ level: Int32, _ name: Int32) throws(SystemError) -> [UInt8] {
    throw level == SocketOptions.level ? .noProtocolOption : .notSupported
  }

  open func setOption(_ level: Int32, _ name: Int32, _ value: OptionValue) throws(SystemError) {
    throw level == SocketOptions.level ? .noProtocolOption : .notSupported
  }

  /// The common options have changed.
  open func optionsDidChange() throws(SystemError) {}

  /// No descriptor refers to the socket any more, and nobody will ask it anything.
  open func end() {}

  /// What is left are requests about interfaces, which every socket takes (`netdevice(7)`).
  open override func control(request: UInt32, argument: UInt) throws(SystemError) -> Int {
    guard let requests = SocketFamilies.interfaceRequests.value else { throw .notTerminal }
    return try requests.serve(request, at: VirtualAddress(argument))
  }

  // MARK: As a file

  open override func read(into buffer: UserBuffer, at offset: Int64?) throws(SystemError) -> Int {
    guard offset == nil else { throw .illegalSeek }
    guard buffer.count > 0 else { return 0 }
    var message = IncomingMessage(UserVector(buffer))
    return try receive(&message)
  }

  open override func write(from buffer: UserBuffer, at offset: Int64?) throws(SystemError) -> Int {
    guard offset == nil else { throw .illegalSeek }
    var message = OutgoingMessage(UserVector(buffer))
    return try send(&message)
  }

  public final override var takesVectors: Bool { true }

  open override func read(into vector: UserVector) throws(SystemError) -> Int {
    var message = IncomingMessage(vector)
    return try receive(&message)
  }

  open override func write(from vector: UserVector) throws(SystemError) -> Int {
    var message = OutgoingMessage(vector)
    return try send(&message)
  }

  public final override var readinessQueue: WaitQueue? { queue }

  open override func descriptorDidClose() {
    super.descriptorDidClose()
    if descriptorCount == 0 { end() }
  }

  // MARK: Waiting

  /// How a call with these flags waits for something to receive or accept.
  @inline(__always)
  public final func waitToReceive(_ flags: MessageFlags) -> SocketWait {
    SocketWait(
      isAllowed: !isNonBlocking && !flags.contains(.doNotWait), limit: options.receiveTimeout)
  }

  /// How a call with these flags waits for room to send, or to be connected.
  @inline(__always)
  public final func waitToSend(_ flags: MessageFlags) -> SocketWait {
    SocketWait(
      isAllowed: !isNonBlocking && !flags.contains(.doNotWait), limit: options.sendTimeout)
  }
}

/// How long a call may wait.
public struct SocketWait {
  /// False for a socket, or a call, that does not wait.
  public let isAllowed: Bool
  private let limit: Nanoseconds?
  private var deadline: Instant?

  @inline(__always)
  public init(isAllowed: Bool, limit: Nanoseconds?) {
    self.isAllowed = isAllowed
    self.limit = limit
  }

  /// Waits until the queue is woken. Throws `wouldBlock` when the time is over or waiting is not
  /// allowed, `interrupted`.
  public mutating func once(on queue: WaitQueue) throws(SystemError) {
    guard isAllowed else { throw .wouldBlock }
    let deadline = self.deadline ?? limit.map { Clock.now() + $0 } ?? .never
    self.deadline = deadline
    switch queue.wait(until: deadline) {
    case .woken: return
    case .timedOut: throw .wouldBlock
    // A call with a time limit is not begun again (signal(7)).
    case .interrupted: throw limit == nil ? .interrupted : .interruptedForGood
    }
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
