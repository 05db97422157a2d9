// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Machine
import Packets
import Virtio

/// Driver of a virtio network device for who wants raw frames: batches in and out, polled, and no
/// offload in either direction, so that each frame is complete as it stands.
///
/// A received buffer may be sent as it is, by this port or another: it goes back to its pool when
/// the device has sent it. Nothing here waits, and nothing is allocated once the driver is made, but
/// by the pool when it grows.
///
/// The device is not asked to filter: without a control queue it hands over frames to any address
/// (virtio 1.2 section 5.1.6.5.1 speaks of devices that filter at will; QEMU then does not).
public final class VirtioNetPort {
  /// How many frames went which way since the start.
  public struct Counters: Sendable, Equatable, BitwiseCopyable {
    /// Frames that `receive` returned.
    public var received: UInt64 = 0
    /// Frames that were given to the device.
    public var sent: UInt64 = 0
    /// Frames that were thrown away: received ones of less than an Ethernet header, and ones to send
    /// that were larger than the device takes or had no room for its header.
    public var dropped: UInt64 = 0
  }

  /// The device's life and its transport.
  public let device: VirtioDevice
  /// The address that the device was given; nil when it has none.
  public let hardwareAddress: MACAddress?
  /// The greatest payload of a frame, in bytes.
  public let mtu: Int
  /// Whether the link is up, as far as was read last.
  public private(set) var isLinkUp = true
  public private(set) var counters = Counters()

  private let pool: PacketPool
  private let receiveRing: FrameRing
  private let transmitRing: FrameRing
  /// Whether the last `send` had to leave frames.
  private var isFull = false

  /// Descriptors of each queue; QEMU has no more by default.
  private static var queueSize: Int { 256 }
  /// Where the device's header begins in a buffer: the network's header then lies on a cache line.
  @inline(__always) private static var position: Int { 64 - 14 - NetHeader.byteCount }
  /// The greatest frame: VLAN tag and MTU 1500.
  @inline(__always) private static var frameLimit: Int { 1518 }
  /// The least size of the pool's buffers, in bytes.
  public static var leastBufferByteCount: Int { position + NetHeader.byteCount + frameLimit }
  /// The most buffers that the device holds at a time.
  public static var mostBuffers: Int { 2 * queueSize }

  /// Brings the device up.
  ///
  /// - Parameters:
  ///   - transport: a device of the kind `VirtioNet.deviceKind`, whose interrupts are connected.
  ///   - pool: where buffers for received frames come from, at least `leastBufferByteCount` bytes
  ///     each.
  /// - Throws: `outOfMemory` when the rings or the first buffers cannot be had; what
  ///   `VirtioDevice` throws for a device that cannot be used.
  public init(_ transport: any VirtioTransport, pool: PacketPool) throws(VirtioError) {
    precondition(transport.deviceKind == VirtioNet.deviceKind, "not a network device")
    precondition(pool.byteCount >= Self.leastBufferByteCount, "buffers too small for a frame")
    let device = VirtioDevice(transport)
    // Without offloads the device must deliver whole frames with checksums, each in one buffer.
    try device.negotiate(
      required: [], optional: [.netMTU, .netMAC, .netStatus, .eventIndex])
    self.device = device
    self.pool = pool
    hardwareAddress = device.readNetAddress()
    mtu = min(device.readNetMTU() ?? 1500, 1500)
    let layout = VirtqueueLayout(size: Self.queueSize)
    guard
      let memory = DMAMemory(pageCount: roundedUp(2 * layout.byteCount, to: pageSize) / pageSize)
    else { throw device.fail(.outOfMemory) }
    receiveRing = try FrameRing(
      0, of: device, maximumSize: Self.queueSize, memory: memory, offset: 0,
      bufferByteCount: pool.byteCount - Self.position)
    transmitRing = try FrameRing(
      1, of: device, maximumSize: Self.queueSize, memory: memory, offset: layout.byteCount)
    receiveRing.suppressInterrupts()
    transmitRing.suppressInterrupts()
    refill()
    guard receiveRing.unpublishedCount > 0 else { throw device.fail(.outOfMemory) }
    try device.start()
    publish(receiveRing)
    isLinkUp = device.readNetLink() ?? true
  }

  // MARK: Frames

  /// Appends frames that have come, `limit` at most, each from its Ethernet header on. Never waits.
  ///
  /// - Returns: how many they are.
  public func receive(into frames: inout PacketQueue, limit: Int) -> Int {
    var count = 0
    var written = 0
    while count < limit, var packet = receiveRing.take(&written) {
      // The least is the device's header and an Ethernet header.
      guard written >= NetHeader.byteCount &+ 14,
        packet.setBounds(
          start: Self.position &+ NetHeader.byteCount, end: Self.position &+ written)
      else {
        counters.dropped &+= 1
        continue
      }
      frames.append(packet)
      count &+= 1
    }
    if receiveRing.isBroken { device.fail(.broken) }
    if count > 0 { refill() }
    // A notification for some buffers costs as much as for many.
    if receiveRing.unpublishedCount >= receiveRing.size >> 2 { publish(receiveRing) }
    counters.received &+= UInt64(truncatingIfNeeded: count)
    return count
  }

  /// Gives the device fresh buffers until it has as many as it can hold or the pool is empty.
  private func refill() {
    while receiveRing.hasRoom, let packet = pool.allocate(headroom: Self.position) {
      receiveRing.lend(packet)
    }
  }

  @inline(__always)
  private func publish(_ ring: FrameRing) {
    if device.state == .running, ring.publish() { device.transport.notify(queue: ring.index) }
  }

  /// Gives frames to the device, each from its Ethernet header on, and tells it of them with one
  /// notification at most.
  ///
  /// What the device has no room for stays in `frames`. A frame needs 12 bytes of head room that no
  /// other packet uses, and is in one piece; one that cannot be sent is dropped and counted.
  ///
  /// - Returns: how many frames were taken out.
  public func send(_ frames: inout PacketQueue) -> Int {
    var written = 0
    while let sent = transmitRing.take(&written) { _ = consume sent }
    if transmitRing.isBroken { device.fail(.broken) }
    let before = frames.count
    while transmitRing.hasRoom, var packet = frames.removeFirst() {
      guard packet.byteCount >= 14, packet.byteCount <= Self.frameLimit,
        packet.prepend(NetHeader.byteCount)
      else {
        counters.dropped &+= 1
        continue
      }
      packet.withMutableBytes { NetHeader().emit(into: &$0) }
      transmitRing.send(packet)
      counters.sent &+= 1
    }
    isFull = !frames.isEmpty
    publish(transmitRing)
    return before &- frames.count
  }

  // MARK: Interrupts

  /// Asks the device to interrupt when the next frame comes; also when it has sent one, if the last
  /// `send` left some.
  ///
  /// - Returns: false when there is something to do already.
  public func requestInterrupts() -> Bool {
    guard device.state == .running else { return true }
    refill()
    publish(receiveRing)
    let hasReceived = receiveRing.requestInterrupts()
    let hasRoom = isFull && transmitRing.requestInterrupts()
    return !hasReceived && !hasRoom
  }

  /// Asks for no more interrupts.
  ///
  /// - Parameter isCalling: whether one of its lines has called; the interrupt is taken back then.
  public func endInterrupts(isCalling: Bool) {
    receiveRing.suppressInterrupts()
    transmitRing.suppressInterrupts()
    guard isCalling, device.state == .running else { return }
    guard device.transport.acknowledgeInterrupt().contains(.configuration) else { return }
    if device.transport.status.contains(.needsReset) {
      device.fail(.broken)
      return
    }
    isLinkUp = device.readNetLink() ?? isLinkUp
  }
}
