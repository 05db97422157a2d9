// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine
import Scheduling
import Virtio

/// Driver of a virtio block device (virtio 1.2 section 5.2): one queue of requests.
///
/// Callers wait for their requests and let other threads run meanwhile; large transfers are several
/// requests at once. Contents are copied to and from memory that the device shares, so that the
/// device sees nothing else. A device that answers what it was not asked is given up.
public final class VirtioBlock {
  /// The number of the kind of device (virtio 1.2 section 5).
  public static var deviceKind: UInt32 { 2 }

  /// The device's life and its transport.
  public let device: VirtioDevice
  /// What the device says of itself.
  public private(set) var configuration: BlockConfiguration
  /// Whether the device takes no writes.
  public var isReadOnly: Bool { device.features.contains(.readOnly) }
  /// Whether the device keeps writes back until a flush.
  public var hasFlush: Bool { device.features.contains(.flush) }

  private let queue: Virtqueue
  private let rings: DMAMemory
  private let headers: DMAMemory
  /// The request of each chain that the device has, by the chain's name.
  private var inFlight: [BlockRequest?]
  private var free: [BlockRequest] = []
  private var requestCount = 0
  /// Woken when a request is given back.
  private let released = WaitQueue()

  /// The most requests at a time, and so callers that do not wait for each other.
  static var requestLimit: Int { 8 }
  /// The contents of one request. Each has memory of this size once it was needed.
  static var contentsByteLimit: Int { 65536 }
  /// Three descriptors for each request, rounded up to a power of two.
  private static var queueSize: Int { 32 }

  /// Brings the device up.
  ///
  /// - Throws: `broken` for a device whose size or blocks cannot be.
  public init(_ transport: any VirtioTransport) throws(VirtioError) {
    precondition(transport.deviceKind == Self.deviceKind, "not a block device")
    let device = VirtioDevice(transport)
    try device.negotiate(
      required: [],
      optional: [
        .sizeLimit, .readOnly, .blockSize, .flush, .discard, .writeZeroes, .eventIndex,
      ])
    self.device = device
    let features = device.features
    guard
      let configuration = device.readConfiguration({ BlockConfiguration($0, features) }),
      let configuration
    else { throw device.fail(.broken) }
    self.configuration = configuration
    let byteCount = VirtqueueLayout(size: Self.queueSize).byteCount
    guard let rings = DMAMemory(pageCount: roundedUp(byteCount, to: pageSize) / pageSize),
      let headers = DMAMemory(pageCount: 1)
    else { throw device.fail(.outOfMemory) }
    self.rings = rings
    self.headers = headers
    queue = try device.makeQueue(0, maximumSize: Self.queueSize, memory: rings, offset: 0)
    // A chain of three would never find room.
    guard queue.size >= 4 else { throw device.fail(.queueUnavailable) }
    inFlight = [BlockRequest?](repeating: nil, count: queue.size)
    try device.start()
    device.observer = self
    _ = queue.requestInterrupts()
  }

  // MARK: Requests

  /// The most bytes of contents in a request: whole blocks.
  var contentsLimit: Int { min(Self.contentsByteLimit, configuration.pieceByteLimit) }

  private var canAskMore: Bool { queue.freeCount >= 3 }

  /// A request that nobody uses, or nil when all are on their way.
  func takeAtOnce() throws(BlockError) -> BlockRequest? {
    guard device.state == .running else { throw .broken }
    guard canAskMore else { return nil }
    if let request = free.popLast() { return request }
    guard requestCount < Self.requestLimit else { return nil }
    guard
      let request = BlockRequest(
        headerOffset: requestCount * BlockRequest.headerByteCount,
        dataByteCount: Self.contentsByteLimit)
    else {
      if requestCount == 0 { throw .outOfMemory }
      return nil
    }
    requestCount += 1
    return request
  }

  /// A request that nobody uses; waits for one.
  func take() throws(BlockError) -> BlockRequest {
    while true {
      if let request = try takeAtOnce() { return request }
      _ = released.wait(interruptible: false)
    }
  }

  func release(_ request: BlockRequest) {
    free.append(request)
    released.wakeAll()
  }

  /// Puts a request into the queue; the device learns of it by `publish`.
  func submit(
    _ request: BlockRequest, _ operation: BlockOperation, sector: Int, byteCount: Int
  ) throws(BlockError) {
    guard device.state == .running else { throw .broken }
    request.operation = operation
    request.byteCount = byteCount
    request.error = nil
    headers.store64(UInt64(operation.rawValue), at: request.headerOffset)
    headers.store64(UInt64(sector), at: request.headerOffset + 8)
    // No status is this: a device that says nothing is found out.
    headers.store8(0xff, at: request.statusOffset)
    let head = VirtioBuffer.read(from: headers, offset: request.headerOffset, byteCount: 16)
    let status = VirtioBuffer.written(to: headers, offset: request.statusOffset, byteCount: 1)
    let name: Int?
    if byteCount == 0 {
      name = queue.add(head, status)
    } else if operation.isWrittenByDevice {
      name = queue.add(head, .written(to: request.data, offset: 0, byteCount: byteCount), status)
    } else {
      name = queue.add(head, .read(from: request.data, offset: 0, byteCount: byteCount), status)
    }
    guard let name else {
      device.fail(.broken)
      throw .broken
    }
    request.isDone = false
    inFlight[name] = request
  }

  func publish() { device.publish(queue) }

  /// Waits until the device has answered, and throws what it said.
  func wait(for request: BlockRequest) throws(BlockError) {
    while !request.isDone {
      // The device may have answered before its notification returned.
      if queue.hasUsed { collect() }
      if request.isDone { break }
      _ = request.finished.wait(interruptible: false)
    }
    if let error = request.error { throw error }
  }

  /// Serves the device after an interrupt. Call it once after the interrupt was routed, too.
  public func processInterrupt() {
    guard device.state == .running else { return }
    let cause = device.transport.acknowledgeInterrupt()
    if cause.contains(.configuration) {
      guard !device.transport.status.contains(.needsReset) else {
        device.fail(.broken)
        return
      }
      readSize()
    }
    collect()
  }

  /// The device may have grown or shrunk (section 5.2.4.2).
  private func readSize() {
    let features = device.features
    if let new = device.readConfiguration({ BlockConfiguration($0, features) }), let new {
      configuration.sectorCount = new.sectorCount
    }
  }

  /// Takes what the device has answered, and wakes who waits for it.
  private func collect() {
    device.collect(queue) { finish($0) }
  }

  private func finish(_ used: UsedChain) {
    guard let request = inFlight[used.name] else { return }
    inFlight[used.name] = nil
    request.isDone = true
    // The last byte that is written is the status; the rest of what the device owes comes before.
    let owed = 1 + (request.operation.isWrittenByDevice ? request.byteCount : 0)
    switch headers.load8(at: request.statusOffset) {
    case 0 where used.writtenByteCount >= owed: break
    case 1: request.error = .inputOutput
    case 2: request.error = .notSupported
    default:
      request.error = .broken
      device.fail(.broken)
    }
    request.finished.wakeAll()
  }
}

extension VirtioBlock: InterruptHandler {
  public func handleInterrupt() { processInterrupt() }
}

extension VirtioBlock: VirtioDeviceObserver {
  /// Ends the wait of everybody: nothing will come any more.
  public func virtioDeviceFailed(_ device: VirtioDevice) {
    for index in inFlight.indices {
      guard let request = inFlight[index] else { continue }
      inFlight[index] = nil
      request.error = .broken
      request.isDone = true
      request.finished.wakeAll()
    }
    released.wakeAll()
  }
}
