// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine

/// Is told when a device fails.
public protocol VirtioDeviceObserver: AnyObject {
  /// The device was given up; nothing will come from it any more. Called in the middle of some
  /// operation of the driver: wake whoever waits, and do no more.
  func virtioDeviceFailed(_ device: VirtioDevice)
}

/// The life of one virtio device: reset, negotiation, queues, work, failure (virtio 1.2 section
/// 3.1). Drivers call the steps in this order: `negotiate`, `makeQueue` for each queue, `start`.
public final class VirtioDevice {
  /// Where in its life the device is.
  public enum State: UInt8, Sendable {
    /// Nothing was asked of it yet.
    case found
    /// Features are agreed; queues may be made.
    case negotiated
    /// It works.
    case running
    /// The driver or the device gave up; nothing is asked of it any more.
    case failed
  }

  /// How the device is reached.
  public let transport: any VirtioTransport
  /// Where in its life the device is.
  public private(set) var state = State.found
  /// Who is told when the device fails.
  public var observer: (any VirtioDeviceObserver)?
  /// The features that both sides agreed on.
  public private(set) var features: VirtioFeatures = []

  /// How often a register is read before the driver gives up: a device answers a reset at once
  /// or within few reads, and there may be no clock yet.
  private static var pollLimit: Int { 10_000 }

  /// Creates the driver's side for a device that a transport found.
  public init(_ transport: any VirtioTransport) {
    self.transport = transport
  }

  /// Resets the device and agrees on features: all of `required`, those of `optional` that the
  /// device offers, and nothing else.
  ///
  /// - Parameter refine: gets what would be agreed on and returns a part of it, where features
  ///   make sense only together.
  public func negotiate(
    required: VirtioFeatures, optional: VirtioFeatures,
    refine: (VirtioFeatures) -> VirtioFeatures = { $0 }
  ) throws(VirtioError) {
    precondition(state == .found, "negotiated twice")
    transport.status = []
    var polls = 0
    while transport.status != [] {
      polls &+= 1
      if polls == Self.pollLimit { throw fail(.resetRefused) }
    }
    transport.status = .acknowledge
    transport.status = [.acknowledge, .driver]
    let offered = VirtioFeatures(
      rawValue: UInt64(transport.deviceFeatures(word: 1)) << 32
        | UInt64(transport.deviceFeatures(word: 0)))
    let required = required.union(.version1)
    guard offered.contains(.version1) else { throw fail(.notModern) }
    // Without an IOMMU driver the addresses given to such a device would be meaningless.
    guard offered.isSuperset(of: required), !offered.contains(.accessPlatform) else {
      throw fail(.featuresRefused)
    }
    features = refine(offered.intersection(required.union(optional)))
    transport.setDriverFeatures(UInt32(truncatingIfNeeded: features.rawValue), word: 0)
    transport.setDriverFeatures(UInt32(truncatingIfNeeded: features.rawValue >> 32), word: 1)
    transport.status = [.acknowledge, .driver, .featuresOK]
    guard transport.status.contains(.featuresOK) else { throw fail(.featuresRefused) }
    state = .negotiated
  }

  /// Makes and enables a queue whose rings lie in `memory` from `offset` on, a multiple of 16.
  ///
  /// - Parameters:
  ///   - maximumSize: a power of two, the most descriptors that the driver wants; the queue is
  ///     smaller where the device allows fewer.
  ///   - indirectTables: where long chains go; left aside when the device has no such tables.
  public func makeQueue(
    _ index: Int, maximumSize: Int, memory: DMAMemory, offset: Int,
    indirectTables: IndirectTables? = nil
  ) throws(VirtioError) -> Virtqueue {
    precondition(state == .negotiated, "queues are made between negotiation and start")
    var size = maximumSize
    let limit = transport.maximumQueueSize(of: index)
    while size > limit { size /= 2 }
    guard size > 0 else { throw fail(.queueUnavailable) }
    let queue = Virtqueue(
      index: index, size: size, memory: memory, offset: offset,
      usesEventIndex: features.contains(.eventIndex), isPacked: features.contains(.packedRing),
      indirectTables: features.contains(.indirectDescriptors) ? indirectTables : nil)
    guard transport.enableQueue(index, size: size, addresses: queue.addresses) else {
      throw fail(.queueUnavailable)
    }
    return queue
  }

  /// Lets the device work.
  public func start() throws(VirtioError) {
    precondition(state == .negotiated, "started out of order")
    transport.status = [.acknowledge, .driver, .featuresOK, .driverOK]
    if transport.status.contains(.needsReset) { throw fail(.broken) }
    state = .running
  }

  /// Tells the device of new buffers, if it works and wants to know.
  @inline(__always)
  public func publish(_ queue: Virtqueue) {
    if queue.publish(), state == .running { transport.notify(queue: queue.index) }
  }

  /// Hands over what the device has used, until it interrupts for the next. A queue that makes no
  /// sense is the end of the device.
  public func collect(_ queue: Virtqueue, _ take: (UsedChain) -> Void) {
    repeat {
      while let used = queue.takeUsed() { take(used) }
      if queue.isBroken {
        fail(.broken)
        return
      }
    } while queue.requestInterrupts()
  }

  /// Gives the device up: it gets a reset, so that it touches memory no more, and is marked
  /// failed. Returns the reason, for `throw`.
  @discardableResult
  public func fail(_ reason: VirtioError) -> VirtioError {
    if state != .failed {
      state = .failed
      transport.status = []
      transport.status = .failed
      observer?.virtioDeviceFailed(self)
    }
    return reason
  }

  /// Reads several fields of the configuration that belong together: `body` is called again when
  /// the device changed them meanwhile (virtio 1.2 section 2.5.1). Returns nil when the device
  /// changes them all the time.
  public func readConfiguration<Result>(
    _ body: (any VirtioTransport) -> Result
  ) -> Result? {
    for _ in 0..<16 {
      let before = transport.configurationGeneration
      let result = body(transport)
      if transport.configurationGeneration == before { return result }
    }
    return nil
  }
}
