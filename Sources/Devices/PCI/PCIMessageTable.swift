// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine

/// The messages by which a function interrupts: MSI-X, PCI Local Bus 3.0 section 6.8.2.
public final class PCIMessageTable {
  private let device: PCIDevice
  /// Where the capability is in configuration space.
  private let capability: Int
  private let entries: DeviceRegisters
  /// How many messages the function can send.
  public let count: Int

  private static var capabilityKind: UInt8 { 0x11 }
  private static var entryByteCount: Int { 16 }

  /// Finds the table of a function, whose windows must be enabled.
  ///
  /// - Returns: nil when it has none, or one that leads outside its window.
  public init?(_ device: PCIDevice) {
    var found = -1
    device.forEachCapability { offset, kind in
      guard kind == Self.capabilityKind, offset <= 0xf4 else { return true }
      found = offset
      return false
    }
    guard found >= 0 else { return nil }
    let count = Int(device.load32(at: found) >> 16 & 0x7ff) + 1
    let place = device.load32(at: found + 4)
    let start = Int(place & ~7)
    guard let window = device.memoryWindow(Int(place & 7)),
      start <= window.byteCount - count * Self.entryByteCount,
      let entries = DeviceRegisters(
        mapping: window.address + start, byteCount: count * Self.entryByteCount)
    else { return nil }
    self.device = device
    self.count = count
    self.entries = entries
    capability = found
    for entry in 0..<count { setMask(1, of: entry) }
  }

  /// Lets entry `number` send a message. Traps when there is no such entry.
  public func set(_ number: Int, _ message: InterruptMessage) {
    let offset = number * Self.entryByteCount
    entries.store32(UInt32(truncatingIfNeeded: message.address), at: offset)
    entries.store32(UInt32(truncatingIfNeeded: message.address >> 32), at: offset + 4)
    entries.store32(message.data, at: offset + 8)
    setMask(0, of: number)
  }

  /// Bit 0 of `Vector Control` masks the entry.
  private func setMask(_ mask: UInt32, of entry: Int) {
    entries.store32(mask, at: entry * Self.entryByteCount + 12)
  }

  /// Makes messages of the function's interrupts.
  public func enable() {
    device.disableLineInterrupt()
    // `Message Control`: bit 15 enables, bit 14 masks all.
    let control = device.load32(at: capability)
    device.store32(control & ~(1 << 30) | 1 << 31, at: capability)
  }
}
