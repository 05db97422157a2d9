// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine
import PCI
import Virtio

/// A virtio device on the PCI bus (virtio 1.2 section 4.1), with MSI-X interrupts where the function has
/// them, else INTx.
public final class VirtioPCITransport: VirtioTransport {
  /// `virtio_pci_common_cfg`, section 4.1.4.3.
  private let common: DeviceRegisters
  /// One register for each queue, at `queue_notify_off * notifyMultiplier`.
  private let notifications: DeviceRegisters
  private let notifyMultiplier: Int
  /// One byte that is cleared by reading, section 4.1.4.5.
  private let interruptStatus: DeviceRegisters
  /// The device's own configuration; absent for kinds without one.
  private let deviceConfiguration: DeviceRegisters?
  /// Offsets in `notifications`, by queue; -1 for queues that are not enabled.
  private var notifyOffsets: [Int] = []
  private let device: PCIDevice
  /// Set when interrupts are messages: which entry of the table the queues and the configuration
  /// have.
  private var messages: (queues: UInt16, configuration: UInt16)?
  /// The kind of device.
  public let deviceKind: UInt32
  /// The line that the firmware chose.
  public let interruptLine: Int?

  /// Looks at a PCI function.
  ///
  /// - Returns: nil when it is no virtio device.
  /// - Throws: `notModern` for one with the legacy interface only, `badRegisters` when its
  ///   capabilities lead outside its windows.
  public init?(_ device: PCIDevice) throws(VirtioError) {
    guard device.vendor == 0x1af4, device.product >= 0x1000, device.product <= 0x107f else {
      return nil
    }
    // Transitional devices (below 0x1040) have their kind in the subsystem number (4.1.2.1).
    deviceKind =
      device.product >= 0x1040
      ? UInt32(device.product) &- 0x1040 : device.load32(at: 0x2c) >> 16
    interruptLine = device.interruptLine
    let capabilities = VirtioPCICapabilities(of: device)
    guard let commonPlace = capabilities.common, let notifyPlace = capabilities.notify,
      let interruptPlace = capabilities.interruptStatus
    else { throw .notModern }
    device.enable()
    guard let common = commonPlace.map(device, minimum: CommonRegister.byteCount),
      let notifications = notifyPlace.map(device, minimum: 2),
      let interruptStatus = interruptPlace.map(device, minimum: 1)
    else { throw .badRegisters }
    self.device = device
    self.common = common
    self.notifications = notifications
    self.interruptStatus = interruptStatus
    notifyMultiplier = Int(capabilities.notifyMultiplier)
    deviceConfiguration = capabilities.configuration?.map(device, minimum: 1)
  }

  /// The status byte.
  public var status: VirtioStatus {
    get { VirtioStatus(rawValue: common.load8(at: CommonRegister.status)) }
    set { common.store8(newValue.rawValue, at: CommonRegister.status) }
  }

  public func deviceFeatures(word: UInt32) -> UInt32 {
    common.store32(word, at: CommonRegister.deviceFeatureSelect)
    return common.load32(at: CommonRegister.deviceFeature)
  }

  public func setDriverFeatures(_ bits: UInt32, word: UInt32) {
    common.store32(word, at: CommonRegister.driverFeatureSelect)
    common.store32(bits, at: CommonRegister.driverFeature)
  }

  public func maximumQueueSize(of queue: Int) -> Int {
    guard queue < Int(common.load16(at: CommonRegister.queueCount)) else { return 0 }
    common.store16(UInt16(truncatingIfNeeded: queue), at: CommonRegister.queueSelect)
    guard common.load16(at: CommonRegister.queueEnable) == 0 else { return 0 }
    return Int(common.load16(at: CommonRegister.queueSize))
  }

  public func enableQueue(_ queue: Int, size: Int, addresses: VirtqueueAddresses) -> Bool {
    common.store16(UInt16(truncatingIfNeeded: queue), at: CommonRegister.queueSelect)
    let offset = Int(common.load16(at: CommonRegister.queueNotifyOffset)) &* notifyMultiplier
    guard offset & 1 == 0, offset <= notifications.byteCount &- 2 else { return false }
    common.store16(UInt16(truncatingIfNeeded: size), at: CommonRegister.queueSize)
    guard selectMessages() else { return false }
    store(addresses.descriptors, at: CommonRegister.queueDescriptors)
    store(addresses.available, at: CommonRegister.queueAvailable)
    store(addresses.used, at: CommonRegister.queueUsed)
    common.store16(1, at: CommonRegister.queueEnable)
    guard common.load16(at: CommonRegister.queueEnable) == 1 else { return false }
    while notifyOffsets.count <= queue { notifyOffsets.append(-1) }
    notifyOffsets[queue] = offset
    return true
  }

  /// Leads interrupts to messages of the device's own, so that nothing has to be read when one
  /// comes and no line is shared; without MSI-X to the line that the firmware chose.
  public func connectInterrupts() -> VirtioInterrupts? {
    guard let table = PCIMessageTable(device), table.count >= 2,
      let queues = Interrupts.makeMessage()
    else {
      return interruptLine.flatMap { Interrupts.route($0) }.map { VirtioInterrupts(queues: $0) }
    }
    table.set(1, queues)
    let configuration = Interrupts.makeMessage()
    if let configuration { table.set(0, configuration) }
    table.enable()
    messages = (1, configuration == nil ? Self.noMessage : 0)
    return VirtioInterrupts(queues: queues.line, configuration: configuration?.line)
  }

  /// `VIRTIO_MSI_NO_VECTOR`
  private static var noMessage: UInt16 { 0xffff }

  /// Tells the device which messages the selected queue and the configuration have. A reset
  /// forgets both, so it is done for each queue. Returns false when the device refuses (section
  /// 4.1.5.1.2).
  private func selectMessages() -> Bool {
    let wanted = messages ?? (Self.noMessage, Self.noMessage)
    common.store16(wanted.configuration, at: CommonRegister.configurationVector)
    common.store16(wanted.queues, at: CommonRegister.queueVector)
    return messages == nil
      || common.load16(at: CommonRegister.queueVector) == wanted.queues
        && common.load16(at: CommonRegister.configurationVector) == wanted.configuration
  }

  /// 64-bit fields may be written as two halves (section 4.1.3.1).
  private func store(_ address: PhysicalAddress, at offset: Int) {
    common.store32(UInt32(truncatingIfNeeded: address.rawValue), at: offset)
    common.store32(UInt32(truncatingIfNeeded: address.rawValue >> 32), at: offset &+ 4)
  }

  public func notify(queue: Int) {
    guard queue < notifyOffsets.count, notifyOffsets[queue] >= 0 else { return }
    notifications.store16(UInt16(truncatingIfNeeded: queue), at: notifyOffsets[queue])
  }

  public func acknowledgeInterrupt() -> VirtioInterruptCause {
    // A message says by its line what it is about; the status byte is for INTx.
    messages != nil ? .queue : VirtioInterruptCause(rawValue: interruptStatus.load8(at: 0) & 3)
  }

  public var configurationGeneration: UInt32 {
    UInt32(common.load8(at: CommonRegister.configurationGeneration))
  }

  public var configurationByteCount: Int { deviceConfiguration?.byteCount ?? 0 }

  public func configuration8(at offset: Int) -> UInt8 { configuration.load8(at: offset) }
  public func configuration16(at offset: Int) -> UInt16 { configuration.load16(at: offset) }
  public func configuration32(at offset: Int) -> UInt32 { configuration.load32(at: offset) }

  private var configuration: DeviceRegisters {
    guard let deviceConfiguration else { preconditionFailure("device has no configuration") }
    return deviceConfiguration
  }
}

/// Offsets in `virtio_pci_common_cfg` (section 4.1.4.3).
enum CommonRegister {
  static var deviceFeatureSelect: Int { 0 }
  static var deviceFeature: Int { 4 }
  static var driverFeatureSelect: Int { 8 }
  static var driverFeature: Int { 12 }
  static var configurationVector: Int { 16 }
  static var queueCount: Int { 18 }
  static var status: Int { 20 }
  static var configurationGeneration: Int { 21 }
  static var queueSelect: Int { 22 }
  static var queueSize: Int { 24 }
  static var queueVector: Int { 26 }
  static var queueEnable: Int { 28 }
  static var queueNotifyOffset: Int { 30 }
  static var queueDescriptors: Int { 32 }
  static var queueAvailable: Int { 40 }
  static var queueUsed: Int { 48 }
  /// The part that every modern device has.
  static var byteCount: Int { 56 }
}
