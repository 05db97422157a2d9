// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine

/// How a driver reaches a virtio device: the operations that virtio 1.2 section 4 describes once
/// for each bus. Implementations do single register accesses and keep no state of the protocol.
public protocol VirtioTransport: AnyObject {
  /// The kind of device (virtio 1.2 section 5); 0 when there is none.
  var deviceKind: UInt32 { get }

  /// The device's interrupt, as the interrupt controller numbers its inputs; nil when unknown.
  var interruptLine: Int? { get }

  /// Leads the device's interrupts to lines of the kernel. Must come before the first queue is
  /// enabled; nil when the device cannot interrupt.
  func connectInterrupts() -> VirtioInterrupts?

  /// The status byte. Storing no bits resets the device.
  var status: VirtioStatus { get set }

  /// Features that the device offers: bits `32 * word` and up.
  func deviceFeatures(word: UInt32) -> UInt32

  /// Tells the device which of them the driver takes.
  func setDriverFeatures(_ bits: UInt32, word: UInt32)

  /// The greatest size that the device allows for a queue; 0 when there is no such queue.
  func maximumQueueSize(of queue: Int) -> Int

  /// Tells the device where a queue's rings are, and enables the queue. Returns false when the
  /// device refuses.
  func enableQueue(_ queue: Int, size: Int, addresses: VirtqueueAddresses) -> Bool

  /// Tells the device that a queue has new buffers.
  func notify(queue: Int)

  /// Reads why the device interrupts and takes the interrupt back.
  func acknowledgeInterrupt() -> VirtioInterruptCause

  /// Changes when the device's configuration changes.
  var configurationGeneration: UInt32 { get }

  /// The size of the device's configuration in bytes.
  var configurationByteCount: Int { get }

  /// Part of the device's configuration. Traps when out of bounds.
  func configuration8(at offset: Int) -> UInt8
  /// Part of the device's configuration. Traps when out of bounds or not aligned.
  func configuration16(at offset: Int) -> UInt16
  /// Part of the device's configuration. Traps when out of bounds or not aligned.
  func configuration32(at offset: Int) -> UInt32
}

/// Where the three parts of a split queue are.
public struct VirtqueueAddresses: Equatable, Sendable {
  /// The descriptor table, 16-byte aligned.
  public let descriptors: PhysicalAddress
  /// The driver area (available ring), 2-byte aligned.
  public let available: PhysicalAddress
  /// The device area (used ring), 4-byte aligned.
  public let used: PhysicalAddress

  /// Creates the addresses of one queue.
  public init(descriptors: PhysicalAddress, available: PhysicalAddress, used: PhysicalAddress) {
    self.descriptors = descriptors
    self.available = available
    self.used = used
  }
}

/// The lines on which a device interrupts.
public struct VirtioInterrupts: Sendable, BitwiseCopyable {
  /// For used buffers, and for the configuration where that has no line of its own.
  public let queues: InterruptLine
  /// For changes of the configuration.
  public let configuration: InterruptLine?

  /// Creates the description of one device.
  public init(queues: InterruptLine, configuration: InterruptLine? = nil) {
    self.queues = queues
    self.configuration = configuration
  }
}

/// Why a device interrupts (virtio 1.2 sections 4.1.4.5 and 4.2.2).
public struct VirtioInterruptCause: OptionSet, Hashable, Sendable, BitwiseCopyable {
  public let rawValue: UInt8

  /// Creates a set from its bits.
  public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// The device has used buffers of some queue.
  public static let queue = VirtioInterruptCause(rawValue: 1)
  /// The device's configuration changed, or it needs a reset.
  public static let configuration = VirtioInterruptCause(rawValue: 2)
}
