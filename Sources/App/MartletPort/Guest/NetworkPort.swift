// SPDX-License-Identifier: BSD-3-Clause

@_exported import Addresses
@_exported import Base
import Bytes
import Clock
import Machine
import NativeDevices
import NativeThreads
import Packets
import Virtio
import VirtioNet

/// Raw Ethernet frames of one card, in poll mode: whoever wants frames asks for them.
///
/// ```swift
/// import Martlet
///
/// func forward() throws(NetworkPortError) {
///   let left = try NetworkPort(0)
///   let right = try NetworkPort(1)
///   var frames = FrameBatch()
///   while true {
///     if left.receive(into: &frames) == 0 { NetworkPort.wait() }
///     _ = right.send(&frames)
///     frames.removeAll()
///   }
/// }
/// ```
///
/// The card hands over frames to any address, does nothing to them, and expects them complete, with
/// all checksums.
public final class NetworkPort {
  /// The cards, in the machine's order.
  private static let cards = KernelGlobal<[any VirtioTransport]?>(nil)
  /// Ports that were opened.
  private static let opened = KernelGlobal<[NetworkPort]>([])
  /// Buffers of all ports, so that a frame goes back to where it is needed next.
  private static let pool = KernelGlobal<PacketPool?>(nil)

  /// Frames that an application may hold beside those that are with its cards, for each card.
  private static let spareCount = 256

  private let driver: VirtioNetPort
  /// Its lines, as bits of `Interrupts`.
  private let lines: UInt64
  /// The station's address; of all zeros when the card has none.
  public let address: MACAddress
  /// The greatest payload of a frame, in bytes: what follows the Ethernet header.
  public var mtu: Int { driver.mtu }

  /// How many cards the machine has.
  public static var count: Int { found.count }

  private static var found: [any VirtioTransport] {
    if let cards = cards.value { return cards }
    var all: [any VirtioTransport] = []
    NativeDevices.forEachVirtio(VirtioNet.deviceKind) {
      all.append($0)
      return true
    }
    cards.value = all
    return all
  }

  /// Opens a card, which stays open until the application ends.
  ///
  /// - Parameter index: the card's number in the order of `martlet run --net`, from 0 on.
  /// - Throws: `noSuchPort`, `inUse`, `noMemory`, `broken`.
  public init(_ index: Int) throws(NetworkPortError) {
    let cards = Self.found
    guard cards.indices.contains(index) else { throw .noSuchPort }
    // A device that nobody drives is in reset.
    guard cards[index].status == [] else { throw .inUse }
    guard let pool = Self.sharedPool else { throw .noMemory }
    NativeRuntime.startTime()
    guard let interrupts = cards[index].connectInterrupts() else { throw .broken }
    lines =
      1 << UInt64(interrupts.queues.rawValue)
      | (interrupts.configuration.map { 1 << UInt64($0.rawValue) } ?? 0)
    do throws(VirtioError) {
      driver = try VirtioNetPort(cards[index], pool: pool)
    } catch {
      throw error == .outOfMemory ? .noMemory : .broken
    }
    address = driver.hardwareAddress ?? .zero
    Self.opened.value.append(self)
  }

  private static var sharedPool: PacketPool? {
    if let pool = pool.value { return pool }
    pool.value = PacketPool(
      bufferCount: VirtioNetPort.mostBuffers, byteCount: VirtioNetPort.leastBufferByteCount,
      limit: (VirtioNetPort.mostBuffers + spareCount) * count)
    return pool.value
  }

  /// Whether the link is up, as far as the card has told until the last `wait`.
  public var isLinkUp: Bool { driver.isLinkUp }

  /// How many frames went through since it was opened.
  public var counters: PortCounters {
    let counts = driver.counters
    return PortCounters(received: counts.received, sent: counts.sent, dropped: counts.dropped)
  }

  /// Takes frames that have come, until the batch holds as many as its capacity. Never waits.
  ///
  /// - Returns: how many frames it took.
  public func receive(into batch: inout FrameBatch) -> Int {
    driver.receive(into: &batch.frames, limit: batch.capacity &- batch.count)
  }

  /// Gives the card frames, and tells it of them once. They are gone from the batch; what the card
  /// has no room for stays there, to be sent later or dropped.
  ///
  /// A frame of less than 14 or more than 1518 bytes is dropped and counted.
  ///
  /// - Returns: how many frames are gone.
  public func send(_ batch: inout FrameBatch) -> Int {
    driver.send(&batch.frames)
  }

  /// Lets a moment pass, so that the next round finds more than one frame: for rounds that find
  /// nothing, before `wait`.
  public static func pause() {
    for _ in 0..<pauseCount { Processor.pause() }
  }

  /// Some microseconds under an emulator, less than one on a processor.
  private static let pauseCount = 32

  /// Lets the processor sleep until an open port has frames, or has room after a `send` that left
  /// some, or until `deadline`. May end earlier. At once when there is something to do.
  ///
  /// All of the machine sleeps: an application with threads uses `Thread.yield()` or `Time.sleep`
  /// between its rounds instead.
  public static func wait(until deadline: Instant = .never) {
    precondition(!NativeRuntime.hasStartedThreads, "NetworkPort.wait stops all threads")
    var isIdle = true
    for port in opened.value where !port.driver.requestInterrupts() { isIdle = false }
    let pending = isIdle ? sleep(until: deadline) : 0
    for port in opened.value {
      // Asking the card costs more than many frames: only when it has called.
      port.driver.endInterrupts(isCalling: pending & port.lines != 0)
    }
  }

  /// Returns which lines have called.
  private static func sleep(until deadline: Instant) -> UInt64 {
    if deadline != .never {
      let now = Clock.now()
      guard now < deadline else { return 0 }
      LocalTimer.arm(after: UInt64((deadline - now).count))
    }
    Interrupts.waitForOne()
    return Interrupts.takePending()
  }
}
