// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine
import PCI
import Virtio

/// Where a device's register structures are, as its vendor capabilities say (virtio 1.2 section
/// 4.1.4). Of each kind the first one counts.
struct VirtioPCICapabilities {
  /// One structure: part of a memory window.
  struct Place: Equatable {
    /// Which base address register.
    let window: Int
    let offset: UInt32
    let byteCount: UInt32

    /// Maps the structure's registers, or returns nil when it is too small or leads outside its
    /// window.
    func map(_ device: PCIDevice, minimum: Int) -> DeviceRegisters? {
      guard byteCount >= minimum, let memory = device.memoryWindow(window),
        UInt64(offset) + UInt64(byteCount) <= UInt64(memory.byteCount)
      else { return nil }
      // Notification areas may be large; a page of them is more than any driver needs.
      return DeviceRegisters(
        mapping: memory.address + Int(offset), byteCount: min(Int(byteCount), pageSize &* 16))
    }
  }

  private(set) var common: Place?
  private(set) var notify: Place?
  private(set) var notifyMultiplier: UInt32 = 0
  private(set) var interruptStatus: Place?
  private(set) var configuration: Place?

  init(of device: PCIDevice) {
    var found = (
      common: Place?.none, notify: Place?.none, interrupt: Place?.none, device: Place?.none
    )
    var multiplier: UInt32 = 0
    device.forEachCapability { offset, kind in
      // 9 is a vendor's own; the last word must lie inside configuration space.
      guard kind == 9, offset <= 0xf0 else { return true }
      let window = Int(device.load8(at: offset &+ 4))
      guard window < 6 else { return true }
      let place = Place(
        window: window, offset: device.load32(at: offset &+ 8),
        byteCount: device.load32(at: offset &+ 12))
      switch device.load8(at: offset &+ 3) {
      case 1 where found.common == nil: found.common = place
      case 2 where found.notify == nil && offset <= 0xec:
        found.notify = place
        multiplier = device.load32(at: offset &+ 16)
      case 3 where found.interrupt == nil: found.interrupt = place
      case 4 where found.device == nil: found.device = place
      default: break
      }
      return true
    }
    common = found.common
    notify = found.notify
    notifyMultiplier = multiplier
    interruptStatus = found.interrupt
    configuration = found.device
  }
}
