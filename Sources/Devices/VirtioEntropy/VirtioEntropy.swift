// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine
import Scheduling
import Virtio

/// Driver of a virtio entropy device (virtio 1.2 section 5.4): random bytes of the host, asked for
/// once, at the start.
///
/// Nobody waits for them: they are handed over when they come.
public final class VirtioEntropy {
  /// The number of the kind of device (virtio 1.2 section 5).
  public static var deviceKind: UInt32 { 4 }
  /// How many bytes are asked for.
  public static var byteCount: Int { 64 }

  /// The device's life and its transport.
  public let device: VirtioDevice
  private let queue: Virtqueue
  private let memory: DMAMemory
  private let receive: (RawSpan) -> Void

  /// The queue's rings, then the buffer.
  private static var queueSize: Int { 4 }
  private static var bufferOffset: Int { 2048 }

  /// Brings the device up and asks for bytes; `receive` gets what came, 1 to `byteCount` of them.
  public init(
    _ transport: any VirtioTransport, receive: @escaping (RawSpan) -> Void
  ) throws(VirtioError) {
    precondition(transport.deviceKind == Self.deviceKind, "not an entropy device")
    let device = VirtioDevice(transport)
    try device.negotiate(required: [], optional: [])
    guard let memory = DMAMemory(pageCount: 1) else { throw device.fail(.outOfMemory) }
    self.device = device
    self.memory = memory
    self.receive = receive
    queue = try device.makeQueue(0, maximumSize: Self.queueSize, memory: memory, offset: 0)
    try device.start()
    _ = queue.add(.written(to: memory, offset: Self.bufferOffset, byteCount: Self.byteCount))
    device.publish(queue)
  }

  /// Serves the device after an interrupt. Call it once after the interrupt was routed, too.
  public func processInterrupt() {
    guard device.state == .running else { return }
    _ = device.transport.acknowledgeInterrupt()
    while let used = queue.takeUsed(), used.writtenByteCount > 0 {
      // A copy, which the device cannot change; the pool takes in whatever it is.
      var bytes = [UInt8](repeating: 0, count: used.writtenByteCount)
      var elements = bytes.mutableSpan
      var span = MutableRawSpan(_elements: &elements)
      memory.read(into: &span, at: Self.bufferOffset)
      receive(span.bytes)
      memory.withMutableBytes(at: Self.bufferOffset, count: Self.byteCount) { $0.zero() }
    }
    if queue.isBroken { device.fail(.broken) }
  }
}

extension VirtioEntropy: InterruptHandler {
  public func handleInterrupt() { processInterrupt() }
}
