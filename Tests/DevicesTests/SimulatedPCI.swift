// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine
import PCI

/// Configuration space that a test fills.
final class SimulatedPCI: PCIConfiguration {
  struct Space {
    var words = [UInt32](repeating: 0, count: 64)
    /// Bits of each base address register that can be written.
    var windowMasks: [Int: UInt32] = [:]
  }

  var functions: [PCIFunction: Space] = [:]
  var accessCount = 0

  func load(_ function: PCIFunction, at offset: Int) -> UInt32 {
    accessCount += 1
    return functions[function]?.words[offset / 4] ?? .max
  }

  func store(_ value: UInt32, _ function: PCIFunction, at offset: Int) {
    guard var space = functions[function] else { return }
    if offset >= 0x10, offset < 0x28 {
      let mask = space.windowMasks[offset] ?? 0
      space.words[offset / 4] = space.words[offset / 4] & ~mask | value & mask
    } else if offset == 4 {
      // Status bits clear by writing one; the command is kept.
      space.words[1] = space.words[1] & 0xffff_0000 & ~(value & 0xf900_0000) | value & 0xffff
    } else {
      space.words[offset / 4] = value
    }
    functions[function] = space
  }

  /// Adds a function and returns its address.
  @discardableResult
  func add(
    bus: UInt8 = 0, _ device: UInt8, _ function: UInt8 = 0, vendor: UInt16 = 0x1af4,
    product: UInt16 = 0x1043, header: UInt8 = 0
  ) -> PCIFunction {
    let address = PCIFunction(bus: bus, device: device, function: function)
    var space = Space()
    space.words[0] = UInt32(vendor) | UInt32(product) << 16
    space.words[1] = 1 << 20
    space.words[3] = UInt32(header) << 16
    space.words[0x3c / 4] = 1 << 8 | 11
    functions[address] = space
    return address
  }

  /// Gives a function a 64-bit memory window.
  func setWindow(_ index: Int, of function: PCIFunction, address: UInt64, byteCount: UInt64) {
    let offset = 0x10 + index * 4
    let mask = ~(byteCount &- 1)
    functions[function]!.words[offset / 4] = UInt32(truncatingIfNeeded: address) | 4
    functions[function]!.words[offset / 4 + 1] = UInt32(truncatingIfNeeded: address >> 32)
    functions[function]!.windowMasks[offset] = UInt32(truncatingIfNeeded: mask) & ~0xf
    functions[function]!.windowMasks[offset + 4] = UInt32(truncatingIfNeeded: mask >> 32)
  }

  /// Writes words from `offset` on.
  func set(_ function: PCIFunction, at offset: Int, _ words: [UInt32]) {
    for (index, word) in words.enumerated() {
      functions[function]!.words[offset / 4 + index] = word
    }
  }
}

/// The register structures of virtio over PCI (virtio 1.2 section 4.1.4), in front of a device
/// that speaks virtio-mmio: common at 0, interrupt status at 0x800, configuration at 0x900,
/// notification from 0x1000 on, 4 bytes a queue.
final class PCIFacade: SimulatedDevice, @unchecked Sendable {
  let device: SimulatedVirtioMMIO
  let address: PhysicalAddress
  /// The vectors of the configuration and of each queue (section 4.1.5.1.2); reads as written
  /// unless the device refuses them.
  var configurationVector: UInt64 = 0xffff
  var queueVectors: [UInt64: UInt64] = [:]
  var refusesVectors = false
  private var select: UInt64 = 0

  init(_ device: SimulatedVirtioMMIO) {
    self.device = device
    // A window is aligned to its size.
    let reserved = SimulatedBus.reserveAddresses(byteCount: 0x8000)
    address = PhysicalAddress(roundedUp(reserved.rawValue, to: 0x4000))
    super.init()
    SimulatedBus.attach(self, at: address, byteCount: 0x4000)
  }

  /// Adds the function to a bus.
  func plug(into pci: SimulatedPCI, place: UInt8) -> PCIFunction {
    let function = pci.add(place)
    pci.setWindow(4, of: function, address: UInt64(address.rawValue), byteCount: 0x4000)
    pci.functions[function]!.words[0x34 / 4] = 0x40
    let kinds: [(kind: UInt32, offset: UInt32, size: UInt32)] = [
      (1, 0, 56), (3, 0x800, 1), (4, 0x900, 12), (2, 0x1000, 0x1000),
    ]
    for (index, entry) in kinds.enumerated() {
      let at = 0x40 + index * 0x14
      let next = index == kinds.count - 1 ? 0 : UInt32(at + 0x14)
      pci.set(
        function, at: at,
        [9 | next << 8 | 20 << 16 | entry.kind << 24, 4, entry.offset, entry.size, 4])
    }
    return function
  }

  override func load(at offset: Int, byteCount: Int) -> UInt64 {
    func register(_ at: Int) -> UInt64 { device.load(at: at, byteCount: 4) }
    switch offset {
    case 4: return register(0x010)
    case 16: return refusesVectors ? 0xffff : configurationVector
    case 18: return UInt64(device.queueCount)
    case 20: return register(0x070)
    case 21: return register(0x0fc)
    case 24: return register(0x034)
    case 26: return refusesVectors ? 0xffff : queueVectors[select] ?? 0xffff
    case 28: return register(0x044)
    case 30: return select
    case 0x800:
      let cause = register(0x060)
      device.store(cause, at: 0x064, byteCount: 4)
      return cause
    case 0x900..<0xa00: return device.load(at: 0x100 + offset - 0x900, byteCount: byteCount)
    default: return 0
    }
  }

  override func store(_ value: UInt64, at offset: Int, byteCount: Int) {
    let registers = [
      0: 0x014, 8: 0x024, 12: 0x020, 20: 0x070, 22: 0x030, 24: 0x038, 28: 0x044, 32: 0x080,
      36: 0x084, 40: 0x090, 44: 0x094, 48: 0x0a0, 52: 0x0a4,
    ]
    if offset == 16 { configurationVector = value }
    if offset == 22 { select = value }
    if offset == 26 { queueVectors[select] = value }
    if offset >= 0x1000 {
      // The address says which queue; the value must agree (section 4.1.5.2).
      if UInt64((offset - 0x1000) / 4) == value { device.store(value, at: 0x050, byteCount: 4) }
    } else if let register = registers[offset] {
      device.store(value, at: register, byteCount: 4)
    }
  }
}

/// A table of messages (PCI Local Bus 3.0 section 6.8.2.5).
final class SimulatedMessageTable: SimulatedDevice, @unchecked Sendable {
  let address: PhysicalAddress
  var words: [UInt32]

  init(count: Int) {
    words = [UInt32](repeating: 0, count: count * 4)
    address = PhysicalAddress(
      roundedUp(SimulatedBus.reserveAddresses(byteCount: 0x2000).rawValue, to: 0x1000))
    super.init()
    SimulatedBus.attach(self, at: address, byteCount: 0x1000)
  }

  /// Puts the table into window 2 and its capability into the list, before the others.
  func plug(into pci: SimulatedPCI, _ function: PCIFunction, count: Int? = nil) {
    let count = UInt32(count ?? words.count / 4)
    pci.setWindow(2, of: function, address: UInt64(address.rawValue), byteCount: 0x1000)
    pci.set(function, at: 0xe0, [0x11 | 0x40 << 8 | (count - 1) << 16, 2, 2 | 0x800])
    pci.set(function, at: 0x34, [0xe0])
  }

  override func store(_ value: UInt64, at offset: Int, byteCount: Int) {
    words[offset / 4] = UInt32(value)
  }
}
