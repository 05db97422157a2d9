// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine
import Virtio

/// Driver of a virtio console with several ports (virtio 1.2 section 5.3): the streams between a
/// program and the host.
///
/// The handshake goes on by itself in `handleInterrupt`; ports may be used at once, and what is
/// written before the device has announced a port waits in its pages.
public final class VirtioConsole {
  /// The number of the kind of device (virtio 1.2 section 5).
  public static var deviceKind: UInt32 { 3 }

  /// A port that the driver shall serve.
  public struct PortRequest: Sendable {
    /// The port's number, 1 or more.
    public let number: Int
    /// Which way bytes go.
    public let directions: ConsolePort.Directions

    /// Asks for port `number`.
    public init(_ number: Int, _ directions: ConsolePort.Directions) {
      precondition(number > 0, "port 0 is the console proper")
      self.number = number
      self.directions = directions
    }
  }

  /// The device's life and its transport.
  public let device: VirtioDevice
  /// The ports that were asked for, in that order.
  public private(set) var ports: [ConsolePort] = []

  private let controlReceive: Virtqueue
  private let controlSend: Virtqueue
  /// Rings of all queues, then the buffers of the control queues.
  private let memory: DMAMemory
  private let receiveBuffers: Int
  private let sendBuffers: Int
  /// The buffer behind each chain of `controlReceive`, by the chain's name.
  private var receiveBufferOfChain: [Int]
  private var freeSendBuffers: [Int] = []
  private var sendBufferOfChain: [Int]

  /// Descriptors of each queue; a power of two.
  private static var queueSize: Int { 16 }
  /// A message with room for the start of a port's name, which devices append.
  private static var receiveBufferByteCount: Int { 32 }

  /// Brings the device up and starts the handshake.
  ///
  /// - Parameters:
  ///   - requests: the ports to serve; others stay closed.
  ///   - outputPageLimit: the most pages that hold output of one port, 1 to 16.
  ///   - inputPageCount: how many pages wait for input of one port, 1 to 16.
  /// - Throws: `featuresRefused` for a device without ports, `queueUnavailable` for one with
  ///   fewer ports than asked for.
  public init(
    _ transport: any VirtioTransport, ports requests: [PortRequest], outputPageLimit: Int = 16,
    inputPageCount: Int = 4
  ) throws(VirtioError) {
    precondition(transport.deviceKind == Self.deviceKind, "not a console")
    let device = VirtioDevice(transport)
    try device.negotiate(required: .consoleMultiport, optional: .eventIndex)
    let portLimit = try Self.portLimit(of: device)

    let ringByteCount = VirtqueueLayout(size: Self.queueSize).byteCount
    receiveBuffers = (2 &+ requests.count &* 2) &* ringByteCount
    sendBuffers = receiveBuffers &+ Self.queueSize &* Self.receiveBufferByteCount
    let byteCount = sendBuffers &+ Self.queueSize &* ConsoleControlMessage.byteCount
    guard let memory = DMAMemory(pageCount: roundedUp(byteCount, to: pageSize) / pageSize) else {
      throw device.fail(.outOfMemory)
    }
    self.device = device
    self.memory = memory
    controlReceive = try device.makeQueue(
      2, maximumSize: Self.queueSize, memory: memory, offset: 0)
    controlSend = try device.makeQueue(
      3, maximumSize: Self.queueSize, memory: memory, offset: ringByteCount)
    receiveBufferOfChain = [Int](repeating: 0, count: controlReceive.size)
    sendBufferOfChain = [Int](repeating: 0, count: controlSend.size)

    var offset = 2 &* ringByteCount
    ports.reserveCapacity(requests.count)
    for request in requests {
      guard request.number < portLimit else { throw device.fail(.queueUnavailable) }
      // Queues 0 and 1 are port 0's, 2 and 3 the control queues (section 5.3.2).
      let firstQueue = 2 &+ request.number &* 2
      var receiver: PortReceiver? = nil
      var sender: PortSender? = nil
      if request.directions.contains(.input) {
        let queue = try device.makeQueue(
          firstQueue, maximumSize: Self.queueSize, memory: memory, offset: offset)
        receiver = PortReceiver(device: device, queue: queue, pageCount: inputPageCount)
        offset &+= ringByteCount
      }
      if request.directions.contains(.output) {
        let queue = try device.makeQueue(
          firstQueue &+ 1, maximumSize: Self.queueSize, memory: memory, offset: offset)
        sender = try PortSender(device: device, queue: queue, pageLimit: outputPageLimit)
        offset &+= ringByteCount
      }
      ports.append(
        ConsolePort(number: request.number, device: device, receiver: receiver, sender: sender))
    }
    try startHandshake()
  }

  /// The port with this number, if it was asked for.
  public func port(_ number: Int) -> ConsolePort? {
    for port in ports where port.number == number { return port }
    return nil
  }

  /// Serves the device after an interrupt, and tells the observers of ports that changed.
  ///
  /// Allocates nothing. May be called at any time, for instance to poll before interrupts work.
  public func handleInterrupt() {
    guard device.state == .running else { return }
    let cause = device.transport.acknowledgeInterrupt()
    if cause.contains(.configuration), device.transport.status.contains(.needsReset) {
      device.fail(.broken)
    }
    processControlMessages()
    for port in ports where port.processQueues() {
      port.observer?.consolePortChanged(port)
    }
  }

  // MARK: Handshake

  /// `max_nr_ports`: ports have lower numbers than this (section 5.3.4).
  private static func portLimit(of device: VirtioDevice) throws(VirtioError) -> Int {
    guard device.transport.configurationByteCount >= 8,
      let limit = device.readConfiguration({ $0.configuration32(at: 4) })
    else { throw device.fail(.broken) }
    return Int(limit)
  }

  private func startHandshake() throws(VirtioError) {
    for buffer in 0..<controlReceive.size { giveReceiveBuffer(buffer) }
    freeSendBuffers.reserveCapacity(controlSend.size)
    for buffer in 0..<controlSend.size { freeSendBuffers.append(buffer) }
    controlSend.suppressInterrupts()
    try device.start()
    device.observer = self
    device.publish(controlReceive)
    _ = send(ConsoleControlMessage(port: .max, event: .deviceReady, value: 1))
    device.publish(controlSend)
    // Many devices answer at once; the others interrupt.
    processControlMessages()
    if device.state == .failed { throw .broken }
  }

  private func processControlMessages() {
    // Buffers that are given back may come again at once: a device that talks without end gets
    // no more than one round.
    for _ in 0..<controlReceive.size {
      guard let used = controlReceive.takeUsed() else { break }
      let buffer = receiveBufferOfChain[used.name]
      if used.writtenByteCount >= ConsoleControlMessage.byteCount {
        receive(
          ConsoleControlMessage(
            in: memory, at: receiveBuffers &+ buffer &* Self.receiveBufferByteCount))
      }
      giveReceiveBuffer(buffer)
    }
    openPorts()
    if controlReceive.isBroken || controlSend.isBroken { device.fail(.broken) }
    device.publish(controlReceive)
    device.publish(controlSend)
    // After the messages that open them.
    for port in ports where port.isPresent && port.unsentMessages == 0 { port.sender?.connect() }
  }

  /// Sends what opens ports that the device has announced, as far as there are buffers.
  private func openPorts() {
    for port in ports {
      while port.unsentMessages > 0 {
        let event: ConsoleControlMessage.Event = port.unsentMessages == 2 ? .portReady : .portOpen
        let message = ConsoleControlMessage(
          port: UInt32(truncatingIfNeeded: port.number), event: event, value: 1)
        guard send(message) else {
          // The rest follows when the device has read these.
          if controlSend.requestInterrupts(), send(message) {
            port.unsentMessages &-= 1
            continue
          }
          return
        }
        port.unsentMessages &-= 1
      }
    }
  }

  private func receive(_ message: ConsoleControlMessage) {
    guard message.port <= 0xffff, let port = port(Int(message.port)) else { return }
    switch message.event {
    case .portAdd where !port.isPresent:
      port.isPresent = true
      port.unsentMessages = 2
    case .portOpen:
      port.isHostOpen = message.value != 0
      port.wasClosed = message.value == 0
      port.observer?.consolePortChanged(port)
    case .portRemove:
      port.isPresent = false
      port.isHostOpen = false
      port.wasClosed = true
      port.observer?.consolePortChanged(port)
    default:
      // Names, sizes and whatever else there may be.
      break
    }
  }

  private func giveReceiveBuffer(_ buffer: Int) {
    let offset = receiveBuffers &+ buffer &* Self.receiveBufferByteCount
    if let name = controlReceive.add(
      .written(to: memory, offset: offset, byteCount: Self.receiveBufferByteCount))
    {
      receiveBufferOfChain[name] = buffer
    }
  }

  /// Puts a message on the queue; the caller publishes. Returns false when no buffer is free.
  private func send(_ message: ConsoleControlMessage) -> Bool {
    while let used = controlSend.takeUsed() {
      freeSendBuffers.append(sendBufferOfChain[used.name])
    }
    guard !controlSend.isBroken, let buffer = freeSendBuffers.popLast() else { return false }
    let offset = sendBuffers &+ buffer &* ConsoleControlMessage.byteCount
    message.store(in: memory, at: offset)
    if let name = controlSend.add(
      .read(from: memory, offset: offset, byteCount: ConsoleControlMessage.byteCount))
    {
      sendBufferOfChain[name] = buffer
    }
    return true
  }
}

extension VirtioConsole: VirtioDeviceObserver {
  /// Tells everybody who waits that there is nothing to wait for any more.
  public func virtioDeviceFailed(_ device: VirtioDevice) {
    for port in ports { port.observer?.consolePortChanged(port) }
  }
}

extension VirtioFeatures {
  /// `VIRTIO_CONSOLE_F_MULTIPORT`: ports and control queues (section 5.3.3).
  static var consoleMultiport: VirtioFeatures { VirtioFeatures(rawValue: 1 << 1) }
}
