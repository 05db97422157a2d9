// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine
import Scheduling
import Virtio

/// Driver of a virtio 9P device (virtio 1.2 section 5.9): one queue of messages to a server.
public final class Virtio9P: NinePTransport {
  /// The number of the kind of device (virtio 1.2 section 5).
  public static var deviceKind: UInt32 { 9 }

  /// The device's life and its transport.
  public let device: VirtioDevice
  /// The name of what the server shows (`mount_tag`).
  public let mountTag: [UInt8]
  public let dataByteLimit: Int

  private let queue: Virtqueue
  private let rings: DMAMemory
  /// The exchange of each chain that the device has, by the chain's name.
  private var inFlight: [NinePExchange?]
  private var freeSmall: [NinePExchange] = []
  private var freeLarge: [NinePExchange] = []
  private var smallCount = 0
  private var largeCount = 0
  private let largeLimit: Int
  /// For callers that poll: those who hold the others could not go on to release them.
  private var reserve: NinePExchange?
  /// Woken when an exchange is released.
  private let released = WaitQueue()

  /// Exchanges without contents.
  private static var smallLimit: Int { 16 }
  /// Three descriptors for each exchange, rounded up to a power of two.
  private static var queueSize: Int { 128 }
  /// The contents of the exchange that is kept for callers that poll.
  private static var reserveByteCount: Int { 65536 }
  private static var reserveTag: UInt16 { 0x100 }
  /// The longest tag that is taken, in bytes; the longest that QEMU allows is 31.
  private static var tagByteLimit: Int { 255 }

  /// Brings the device up.
  ///
  /// - Parameters:
  ///   - bufferByteCount: the size of memory for contents, a multiple of a page.
  ///   - bufferCount: how many of them there may be, 1 to 8.
  /// - Throws: `featuresRefused` for a device without a tag.
  public init(
    _ transport: any VirtioTransport, bufferByteCount: Int, bufferCount: Int
  ) throws(VirtioError) {
    precondition(transport.deviceKind == Self.deviceKind, "not a 9P device")
    precondition(
      bufferByteCount > 0 && bufferByteCount & (pageSize - 1) == 0 && bufferCount > 0
        && bufferCount <= 8, "bad buffers")
    let device = VirtioDevice(transport)
    // VIRTIO_9P_F_MOUNT_TAG
    try device.negotiate(required: VirtioFeatures(rawValue: 1), optional: .eventIndex)
    self.device = device
    mountTag = try Self.readTag(device)
    dataByteLimit = bufferByteCount
    largeLimit = bufferCount
    let byteCount = VirtqueueLayout(size: Self.queueSize).byteCount
    guard let rings = DMAMemory(pageCount: roundedUp(byteCount, to: pageSize) / pageSize) else {
      throw device.fail(.outOfMemory)
    }
    self.rings = rings
    queue = try device.makeQueue(0, maximumSize: Self.queueSize, memory: rings, offset: 0)
    inFlight = [NinePExchange?](repeating: nil, count: queue.size)
    try device.start()
    device.observer = self
    _ = queue.requestInterrupts()
  }

  /// `struct virtio_9p_config`: a length and the tag.
  private static func readTag(_ device: VirtioDevice) throws(VirtioError) -> [UInt8] {
    let size = device.transport.configurationByteCount
    guard size >= 2 else { throw device.fail(.broken) }
    let tag = device.readConfiguration { (transport) -> [UInt8] in
      let count = min(Int(transport.configuration16(at: 0)), size - 2, tagByteLimit)
      var bytes: [UInt8] = []
      for offset in 0..<count { bytes.append(transport.configuration8(at: 2 + offset)) }
      return bytes
    }
    guard let tag, !tag.isEmpty else { throw device.fail(.broken) }
    return tag
  }

  // MARK: Exchanges

  public func take(
    hasData: Bool, _ patience: NinePPatience
  ) throws(SystemError) -> NinePExchange {
    while true {
      guard device.state == .running else { throw .inputOutput }
      if let exchange = try hasData ? takeLarge() : takeSmall() {
        return exchange
      }
      switch patience {
      case .blocks: _ = released.wait(interruptible: false)
      case .polls: return try takeReserve()
      }
    }
  }

  public func takeAtOnce() -> NinePExchange? {
    device.state == .running ? freeSmall.popLast() : nil
  }

  private func takeSmall() throws(SystemError) -> NinePExchange? {
    if let exchange = freeSmall.popLast() { return exchange }
    guard smallCount < Self.smallLimit else { return nil }
    guard
      let exchange = NinePExchange(tag: UInt16(truncatingIfNeeded: smallCount), dataByteCount: 0)
    else {
      if smallCount == 0 { throw .outOfMemory }
      return nil
    }
    smallCount += 1
    return exchange
  }

  private func takeLarge() throws(SystemError) -> NinePExchange? {
    if let exchange = freeLarge.popLast() { return exchange }
    guard largeCount < largeLimit else { return nil }
    guard
      let exchange = NinePExchange(
        tag: UInt16(truncatingIfNeeded: 0x80 + largeCount), dataByteCount: dataByteLimit)
    else {
      if largeCount == 0 { throw .outOfMemory }
      return nil
    }
    largeCount += 1
    return exchange
  }

  private func takeReserve() throws(SystemError) -> NinePExchange {
    if let exchange = reserve {
      reserve = nil
      return exchange
    }
    let size = min(dataByteLimit, Self.reserveByteCount)
    guard
      let exchange = NinePExchange(tag: Self.reserveTag, dataByteCount: size, isReserve: true)
    else { throw .outOfMemory }
    return exchange
  }

  public func release(_ exchange: NinePExchange) {
    exchange.observer = nil
    if exchange.isReserve {
      reserve = exchange
      return
    }
    if exchange.data == nil {
      freeSmall.append(exchange)
    } else {
      freeLarge.append(exchange)
    }
    released.wakeAll()
  }

  // MARK: Messages

  public func perform(
    _ exchange: NinePExchange, sending: Int, receiving: Int, _ patience: NinePPatience
  ) throws(SystemError) {
    try submit(exchange, sending: sending, receiving: receiving)
    while !exchange.isDone {
      // The device may have answered before its notification returned.
      if queue.hasUsed { collect() }
      if exchange.isDone { break }
      guard device.state == .running else { throw .inputOutput }
      if case .blocks = patience { _ = exchange.finished.wait(interruptible: false) }
    }
    guard device.state == .running else { throw .inputOutput }
  }

  public func post(_ exchange: NinePExchange) {
    exchange.isPosted = true
    do { try submit(exchange, sending: 0, receiving: 0) } catch { finishPosted(exchange) }
  }

  private func finishPosted(_ exchange: NinePExchange) {
    exchange.isPosted = false
    exchange.observer?.exchangeDidFinish(exchange)
    release(exchange)
  }

  private func submit(
    _ exchange: NinePExchange, sending: Int, receiving: Int
  ) throws(SystemError) {
    let limit = NinePExchange.messageByteLimit
    precondition(!exchange.request.isEmpty && exchange.request.count <= limit, "bad request")
    guard device.state == .running else { throw .inputOutput }
    exchange.storeRequest()
    exchange.replyByteCount = 0
    exchange.receivedByteCount = 0
    let head = VirtioBuffer.read(
      from: exchange.messages, offset: 0, byteCount: exchange.request.count)
    let replyByteCount = receiving > 0 ? NinePExchange.contentsHeaderByteCount : limit
    let reply = VirtioBuffer.written(
      to: exchange.messages, offset: limit, byteCount: replyByteCount)
    var name: Int?
    if let data = exchange.data, sending > 0 {
      name = queue.add(head, .read(from: data, offset: 0, byteCount: sending), reply)
    } else if let data = exchange.data, receiving > 0 {
      name = queue.add(head, reply, .written(to: data, offset: 0, byteCount: receiving))
    } else {
      name = queue.add(head, reply)
    }
    // There are descriptors for all exchanges, so this fails only when the device is broken.
    guard let name else {
      device.fail(.broken)
      throw .inputOutput
    }
    exchange.isDone = false
    exchange.isSplit = receiving > 0 && exchange.data != nil
    inFlight[name] = exchange
    device.publish(queue)
  }

  /// Serves the device after an interrupt. Call it once after the interrupt was routed, too.
  public func processInterrupt() {
    guard device.state == .running else { return }
    let cause = device.transport.acknowledgeInterrupt()
    if cause.contains(.configuration), device.transport.status.contains(.needsReset) {
      device.fail(.broken)
      return
    }
    collect()
  }

  /// Takes what the device has answered, and wakes who waits for it.
  private func collect() {
    device.collect(queue) { finish($0) }
  }

  private func finish(_ used: UsedChain) {
    guard let exchange = inFlight[used.name] else { return }
    inFlight[used.name] = nil
    store(used.writtenByteCount, in: exchange)
    exchange.isDone = true
    if exchange.isPosted {
      finishPosted(exchange)
    } else {
      exchange.finished.wakeAll()
    }
  }

  /// Copies the reply out of the device's reach.
  private func store(_ written: Int, in exchange: NinePExchange) {
    let limit = NinePExchange.messageByteLimit
    let header = NinePExchange.contentsHeaderByteCount
    // Contents lie behind a header of fixed size, so a longer reply has some.
    let isSplit = exchange.isSplit
    let count = min(written, isSplit ? header : limit)
    exchange.loadReply(count)
    exchange.receivedByteCount = isSplit ? written - count : 0
  }
}

extension Virtio9P: InterruptHandler {
  public func handleInterrupt() { processInterrupt() }
}

extension Virtio9P: VirtioDeviceObserver {
  /// Ends the wait of everybody: nothing will come any more.
  public func virtioDeviceFailed(_ device: VirtioDevice) {
    for index in inFlight.indices {
      guard let exchange = inFlight[index] else { continue }
      inFlight[index] = nil
      exchange.replyByteCount = 0
      exchange.receivedByteCount = 0
      exchange.isDone = true
      if exchange.isPosted { finishPosted(exchange) } else { exchange.finished.wakeAll() }
    }
    released.wakeAll()
  }
}
