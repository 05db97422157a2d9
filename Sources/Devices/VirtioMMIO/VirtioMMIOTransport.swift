// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine
import Virtio

/// A virtio device behind a window of registers (virtio 1.2 section 4.2), as QEMU's microvm and
/// Firecracker have them.
public final class VirtioMMIOTransport: VirtioTransport {
  private let registers: DeviceRegisters
  /// The device's interrupt, as the interrupt controller numbers its inputs.
  public let interruptLine: Int?
  /// The kind of device.
  public let deviceKind: UInt32

  /// Looks at the registers at `address`.
  ///
  /// Where the machine lets devices be is known from the command line
  /// (`BootParameters.virtioDevices`) or from firmware tables; there is no way to search.
  ///
  /// - Returns: nil where the window is empty (device kind 0).
  /// - Throws: `badRegisters` where there is no window of this kind, `notModern` for a legacy
  ///   device (QEMU without `-global virtio-mmio.force-legacy=false`).
  public init?(
    at address: PhysicalAddress, byteCount: Int, interruptLine: Int
  ) throws(VirtioError) {
    guard byteCount >= Register.configuration, byteCount <= 1 << 20,
      let registers = DeviceRegisters(mapping: address, byteCount: byteCount),
      registers.load32(at: Register.magic) == 0x7472_6976
    else { throw .badRegisters }
    guard registers.load32(at: Register.version) == 2 else { throw .notModern }
    let kind = registers.load32(at: Register.deviceKind)
    if kind == 0 { return nil }
    self.registers = registers
    self.interruptLine = interruptLine
    deviceKind = kind
  }

  /// The status byte.
  public var status: VirtioStatus {
    get {
      VirtioStatus(rawValue: UInt8(truncatingIfNeeded: registers.load32(at: Register.status)))
    }
    set { registers.store32(UInt32(newValue.rawValue), at: Register.status) }
  }

  public func deviceFeatures(word: UInt32) -> UInt32 {
    registers.store32(word, at: Register.deviceFeaturesSelect)
    return registers.load32(at: Register.deviceFeatures)
  }

  public func setDriverFeatures(_ bits: UInt32, word: UInt32) {
    registers.store32(word, at: Register.driverFeaturesSelect)
    registers.store32(bits, at: Register.driverFeatures)
  }

  public func maximumQueueSize(of queue: Int) -> Int {
    registers.store32(UInt32(truncatingIfNeeded: queue), at: Register.queueSelect)
    // A queue that is in use already is none that can be made.
    guard registers.load32(at: Register.queueReady) == 0 else { return 0 }
    return Int(min(registers.load32(at: Register.maximumQueueSize), 32768))
  }

  public func enableQueue(_ queue: Int, size: Int, addresses: VirtqueueAddresses) -> Bool {
    registers.store32(UInt32(truncatingIfNeeded: queue), at: Register.queueSelect)
    registers.store32(UInt32(truncatingIfNeeded: size), at: Register.queueSize)
    store(addresses.descriptors, at: Register.queueDescriptors)
    store(addresses.available, at: Register.queueAvailable)
    store(addresses.used, at: Register.queueUsed)
    registers.store32(1, at: Register.queueReady)
    return registers.load32(at: Register.queueReady) == 1
  }

  private func store(_ address: PhysicalAddress, at offset: Int) {
    registers.store32(UInt32(truncatingIfNeeded: address.rawValue), at: offset)
    registers.store32(UInt32(truncatingIfNeeded: address.rawValue >> 32), at: offset &+ 4)
  }

  /// One edge-triggered line for everything: the window is the only device on it.
  public func connectInterrupts() -> VirtioInterrupts? {
    interruptLine.flatMap { Interrupts.route($0) }.map { VirtioInterrupts(queues: $0) }
  }

  public func notify(queue: Int) {
    registers.store32(UInt32(truncatingIfNeeded: queue), at: Register.queueNotify)
  }

  public func acknowledgeInterrupt() -> VirtioInterruptCause {
    let bits = registers.load32(at: Register.interruptStatus)
    if bits != 0 { registers.store32(bits, at: Register.interruptAcknowledge) }
    return VirtioInterruptCause(rawValue: UInt8(truncatingIfNeeded: bits & 3))
  }

  public var configurationGeneration: UInt32 {
    registers.load32(at: Register.configurationGeneration)
  }

  public var configurationByteCount: Int { registers.byteCount &- Register.configuration }

  public func configuration8(at offset: Int) -> UInt8 {
    registers.load8(at: Register.configuration &+ checked(offset))
  }

  public func configuration16(at offset: Int) -> UInt16 {
    registers.load16(at: Register.configuration &+ checked(offset))
  }

  public func configuration32(at offset: Int) -> UInt32 {
    registers.load32(at: Register.configuration &+ checked(offset))
  }

  private func checked(_ offset: Int) -> Int {
    precondition(offset >= 0, "configuration offset out of bounds")
    return offset
  }
}

/// Offsets of the registers (virtio 1.2 section 4.2.2, table 4.1).
enum Register {
  /// `MagicValue`: "virt".
  static var magic: Int { 0x000 }
  /// `Version`: 2; 1 is a legacy device.
  static var version: Int { 0x004 }
  /// `DeviceID`
  static var deviceKind: Int { 0x008 }
  /// `DeviceFeatures`
  static var deviceFeatures: Int { 0x010 }
  /// `DeviceFeaturesSel`
  static var deviceFeaturesSelect: Int { 0x014 }
  /// `DriverFeatures`
  static var driverFeatures: Int { 0x020 }
  /// `DriverFeaturesSel`
  static var driverFeaturesSelect: Int { 0x024 }
  /// `QueueSel`
  static var queueSelect: Int { 0x030 }
  /// `QueueNumMax`
  static var maximumQueueSize: Int { 0x034 }
  /// `QueueNum`
  static var queueSize: Int { 0x038 }
  /// `QueueReady`
  static var queueReady: Int { 0x044 }
  /// `QueueNotify`
  static var queueNotify: Int { 0x050 }
  /// `InterruptStatus`
  static var interruptStatus: Int { 0x060 }
  /// `InterruptACK`
  static var interruptAcknowledge: Int { 0x064 }
  /// `Status`
  static var status: Int { 0x070 }
  /// `QueueDescLow`, `QueueDescHigh`
  static var queueDescriptors: Int { 0x080 }
  /// `QueueDriverLow`, `QueueDriverHigh`
  static var queueAvailable: Int { 0x090 }
  /// `QueueDeviceLow`, `QueueDeviceHigh`
  static var queueUsed: Int { 0x0a0 }
  /// `ConfigGeneration`
  static var configurationGeneration: Int { 0x0fc }
  /// `Config`: the first byte of the device's own configuration.
  static var configuration: Int { 0x100 }
}
