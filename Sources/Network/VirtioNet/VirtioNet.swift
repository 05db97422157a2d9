// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Machine
import Packets
import Virtio

/// Driver of a virtio network device (virtio 1.2 section 5.1): one pair of queues, checksums and
/// segmentation left to the device where it offers that.
///
/// Nothing here waits, and nothing is allocated once the driver is made, but by the pool when it
/// grows. The owner works in rounds:
///
/// ```
/// net.beginPolling()
/// repeat {
///   var rest = PacketQueue()
///   while let packet = net.receive(rest: &rest) { … net.transmit(…) … }
///   net.flush()
/// } while net.endPolling()
/// ```
///
/// Between rounds the device interrupts when the next packet comes.
public final class VirtioNet {
  /// The number of the kind of device (virtio 1.2 section 5).
  public static var deviceKind: UInt32 { 1 }

  /// What the device does for the stack.
  public struct Offloads: OptionSet, Sendable, BitwiseCopyable {
    public let rawValue: UInt8

    /// Creates a set from its bits.
    public init(rawValue: UInt8) {
      self.rawValue = rawValue
    }

    /// Completes checksums of sent packets whose offload says `needed`. Where the device cannot,
    /// the driver does.
    public static let transmitChecksum = Offloads(rawValue: 1)
    /// Cuts TCP segments over IPv4, up to 64 KiB at once.
    public static let segmentation4 = Offloads(rawValue: 2)
    /// Cuts TCP segments over IPv6.
    public static let segmentation6 = Offloads(rawValue: 4)
    /// Says of received packets that their checksum is right.
    public static let receiveChecksum = Offloads(rawValue: 8)
    /// Joins received TCP segments over IPv4, up to 64 KiB.
    public static let joining4 = Offloads(rawValue: 16)
    /// Joins received TCP segments over IPv6.
    public static let joining6 = Offloads(rawValue: 32)
  }

  /// How many packets went which way since the start.
  public struct Counters: Sendable, Equatable, BitwiseCopyable {
    /// Packets that `receive` returned, and their bytes without the device's header.
    public var receivedPackets: UInt64 = 0
    public var receivedBytes: UInt64 = 0
    /// Frames that `transmit` took, and their bytes.
    public var sentFrames: UInt64 = 0
    public var sentBytes: UInt64 = 0
    /// Received packets that made no sense.
    public var droppedPackets: UInt64 = 0
    /// Frames that were thrown away: impossible ones, or more than the backlog holds.
    public var droppedFrames: UInt64 = 0
  }

  /// The device's life and its transport.
  public let device: VirtioDevice
  /// The address that the device was given; nil when the driver has to choose one.
  public let hardwareAddress: MACAddress?
  /// The greatest size of an IP packet that the device takes, in bytes; nil when it does not tell.
  public let mtu: Int?
  /// What the device does for the stack.
  public let offloads: Offloads
  /// Whether the link is up, as far as was read last.
  public private(set) var isLinkUp = true

  private let receiver: NetReceiver
  private let transmitter: NetTransmitter
  private let control: NetControl?
  private var counts = Counters()

  /// Descriptors of the receive and of the transmit queue; QEMU has no more by default.
  private static let queueSize = 256
  private static let controlQueueSize = 4

  /// Brings the device up.
  ///
  /// - Parameters:
  ///   - transport: a device of the kind `deviceKind`, whose interrupts are connected.
  ///   - pool: where buffers for received packets come from, at least `leastBufferByteCount` bytes
  ///     each. The device holds 64 of them at first, and up to 256 when much comes.
  ///   - unwanted: offloads that the stack cannot use, the joining ones for instance.
  /// - Throws: `outOfMemory` when the rings or the first buffers cannot be had; what
  ///   `VirtioDevice` throws for a device that cannot be used.
  public init(
    _ transport: any VirtioTransport, pool: PacketPool, unwanted: Offloads = []
  ) throws(VirtioError) {
    precondition(transport.deviceKind == Self.deviceKind, "not a network device")
    precondition(pool.byteCount >= Self.leastBufferByteCount, "buffers too small for a frame")
    let device = VirtioDevice(transport)
    // Multiple queues are not asked for: a device that has them then uses the first pair
    // (section 5.1.6.5.6), and the control queue is queue 2 (section 5.1.2).
    try device.negotiate(
      required: [], optional: Self.optionalFeatures.subtracting(unwanted.features)
    ) { $0.withNetDependencies }
    self.device = device
    offloads = Offloads(device.features)
    hardwareAddress = device.readNetAddress()
    mtu = device.readNetMTU()

    let layout = VirtqueueLayout(size: Self.queueSize)
    let controlLayout = VirtqueueLayout(size: Self.controlQueueSize)
    let byteCount = 2 * layout.byteCount + controlLayout.byteCount
    guard let memory = DMAMemory(pageCount: roundedUp(byteCount, to: pageSize) / pageSize),
      let tables = IndirectTables(
        count: NetTransmitter.tableCount, length: NetTransmitter.tableLength)
    else { throw device.fail(.outOfMemory) }
    let receiveQueue = try device.makeQueue(
      0, maximumSize: Self.queueSize, memory: memory, offset: 0)
    let transmitQueue = try device.makeQueue(
      1, maximumSize: Self.queueSize, memory: memory, offset: layout.byteCount,
      indirectTables: tables)
    receiver = NetReceiver(device: device, queue: receiveQueue, pool: pool)
    transmitter = NetTransmitter(device: device, queue: transmitQueue)
    control = try Self.makeControl(device, memory: memory, offset: 2 * layout.byteCount)
    receiver.refill()
    guard receiveQueue.inFlightCount > 0 else { throw device.fail(.outOfMemory) }
    try device.start()
    device.publish(receiveQueue)
    handleConfigurationChange()
  }

  /// The least size of the pool's buffers, in bytes.
  public static var leastBufferByteCount: Int { NetReceiver.leastBufferByteCount }

  private static var optionalFeatures: VirtioFeatures {
    [
      .netChecksum, .netGuestChecksum, .netMTU, .netMAC, .netGuestTSO4, .netGuestTSO6,
      .netHostTSO4, .netHostTSO6, .netMergeableBuffers, .netStatus, .netControlQueue,
      .netControlReceive, .eventIndex, .indirectDescriptors, .packedRing,
    ]
  }

  private static func makeControl(
    _ device: VirtioDevice, memory: DMAMemory, offset: Int
  ) throws(VirtioError) -> NetControl? {
    guard device.features.contains(.netControlReceive) else { return nil }
    guard let page = DMAMemory(pageCount: 1) else { throw device.fail(.outOfMemory) }
    let queue = try device.makeQueue(
      2, maximumSize: controlQueueSize, memory: memory, offset: offset)
    return NetControl(device: device, queue: queue, memory: page)
  }

  // MARK: Configuration (section 5.1.4)

  /// Reads whether the link is up, after an interrupt on the line for the configuration.
  public func handleConfigurationChange() {
    guard device.state == .running else { return }
    if device.transport.status.contains(.needsReset) {
      device.fail(.broken)
      return
    }
    isLinkUp = device.readNetLink() ?? isLinkUp
  }

  // MARK: Rounds

  /// Takes the interrupt back and asks for no more until `endPolling`. Also without an interrupt.
  @inline(__always)
  public func beginPolling() {
    guard device.state == .running else { return }
    let cause = device.transport.acknowledgeInterrupt()
    if cause.contains(.configuration) { handleConfigurationChange() }
    receiver.queue.suppressInterrupts()
    transmitter.drainBacklog()
  }

  /// The next packet, or nil when none has come. Its first bytes are the Ethernet header.
  ///
  /// A joined packet may have more pieces; those behind the first are appended to `rest`. A
  /// packet with `offload.checksum == .needed` comes from this host: its checksum was never made,
  /// and it is right.
  @inline(__always)
  public func receive(rest: inout PacketQueue) -> Packet? {
    guard let packet = receiver.receive(rest: &rest) else { return nil }
    counts.receivedPackets &+= 1
    counts.receivedBytes &+= UInt64(truncatingIfNeeded: packet.byteCount &+ rest.byteCount)
    return packet
  }

  /// Sends a frame, which begins with the Ethernet header; its head needs 12 bytes of head room
  /// that no other packet uses. The device sees it with the next `flush`.
  ///
  /// Frames that the device has no room for wait. What cannot be sent is thrown away and counted.
  @inline(__always)
  public func transmit(_ frame: consuming Frame) {
    counts.sentFrames &+= 1
    counts.sentBytes &+= UInt64(truncatingIfNeeded: frame.byteCount)
    transmitter.transmit(frame)
  }

  /// The same for a frame of one piece.
  @inline(__always)
  public func transmit(whole packet: consuming Packet) {
    counts.sentFrames &+= 1
    counts.sentBytes &+= UInt64(truncatingIfNeeded: packet.byteCount)
    transmitter.transmit(whole: packet)
  }

  /// Shows the device what was sent since the last time, and gives it fresh receive buffers.
  @inline(__always)
  public func flush() {
    device.publish(transmitter.queue)
    transmitter.collect()
    receiver.refill()
    device.publish(receiver.queue)
  }

  /// Asks the device to interrupt when the next packet comes. Returns true when one has come
  /// already: then the round goes on.
  @inline(__always)
  public func endPolling() -> Bool {
    guard device.state == .running else { return false }
    if receiver.queue.requestInterrupts() {
      receiver.queue.suppressInterrupts()
      return true
    }
    return false
  }

  /// Frames that wait because the device has no room: a reason to send no more for now.
  public var backlogCount: Int { transmitter.backlogCount }

  /// Frames that the device has not sent yet. One that does not run sends nothing any more.
  public var sendingCount: Int {
    guard device.state == .running else { return 0 }
    transmitter.collect()
    return transmitter.queue.inFlightCount + transmitter.backlogCount
  }

  /// How many packets went which way.
  public var counters: Counters {
    var counters = counts
    counters.droppedPackets = receiver.droppedCount
    counters.droppedFrames = transmitter.droppedCount
    return counters
  }

  // MARK: Control

  /// Asks the device for packets to every address, or to its own again. Returns false when the
  /// device has no such mode, or has not answered the last request yet.
  public func setPromiscuous(_ isOn: Bool) -> Bool {
    control?.set(.promiscuous, isOn) ?? false
  }

  /// Asks the device for packets to every group, or only to those that it knows of.
  public func setAllMulticast(_ isOn: Bool) -> Bool {
    control?.set(.allMulticast, isOn) ?? false
  }
}

extension VirtioNet.Offloads {
  /// What the agreed features mean.
  init(_ features: VirtioFeatures) {
    self = []
    for (feature, offload) in Self.table where features.contains(feature) { insert(offload) }
  }

  /// The features behind a set of offloads.
  var features: VirtioFeatures {
    var features: VirtioFeatures = []
    for (feature, offload) in Self.table where contains(offload) { features.insert(feature) }
    return features
  }

  private static var table: [(VirtioFeatures, Self)] {
    [
      (.netChecksum, .transmitChecksum), (.netHostTSO4, .segmentation4),
      (.netHostTSO6, .segmentation6), (.netGuestChecksum, .receiveChecksum),
      (.netGuestTSO4, .joining4), (.netGuestTSO6, .joining6),
    ]
  }
}
