// SPDX-License-Identifier: BSD-3-Clause

import Base

/// One function that exists, with its configuration space (PCI Local Bus 3.0 section 6).
public final class PCIDevice {
  /// Where it is.
  public let function: PCIFunction
  /// Who made it.
  public let vendor: UInt16
  /// Which product it is.
  public let product: UInt16
  private let configuration: any PCIConfiguration

  /// The function at this address, or nil where there is none.
  public init?(_ function: PCIFunction, in configuration: any PCIConfiguration) {
    let identity = configuration.load(function, at: 0)
    vendor = UInt16(truncatingIfNeeded: identity)
    product = UInt16(truncatingIfNeeded: identity >> 16)
    if vendor == 0xffff || vendor == 0 { return nil }
    self.function = function
    self.configuration = configuration
  }

  /// The word at `offset`, a multiple of 4 below 256.
  public func load32(at offset: Int) -> UInt32 { configuration.load(function, at: offset) }

  /// The byte at `offset`, below 256.
  public func load8(at offset: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: load32(at: offset & ~3) >> UInt32((offset & 3) &* 8))
  }

  /// Class (high byte) and subclass.
  public var kind: UInt16 { UInt16(truncatingIfNeeded: load32(at: 8) >> 16) }

  /// `Header Type` without the multi-function bit: 0 a device, 1 a bridge.
  public var headerKind: UInt8 { load8(at: 14) & 0x7f }

  /// Whether functions 1 to 7 may exist beside this one.
  public var hasSiblings: Bool { load8(at: 14) & 0x80 != 0 }

  /// The bus behind a bridge.
  public var secondaryBus: UInt8 { load8(at: 0x19) }

  /// The interrupt line that the firmware chose, or nil when there is none.
  public var interruptLine: Int? {
    let word = load32(at: 0x3c)
    let line = Int(word & 0xff)
    return word >> 8 & 0xff == 0 || line == 0xff ? nil : line
  }

  /// Lets the function answer to its memory windows and reach memory by itself, with INTx on.
  public func enable() {
    // Bit 1 memory space, bit 2 bus master, bit 10 INTx off. The upper half are status bits that
    // clear when one is written to them.
    let command = load32(at: 4) & 0xffff
    configuration.store((command | 0b110) & ~0x400, function, at: 4)
  }

  /// Takes the function's interrupts off the INTx line, which it shares with others.
  func disableLineInterrupt() {
    configuration.store(load32(at: 4) & 0xffff | 0x400, function, at: 4)
  }

  /// Stores a word at `offset`, a multiple of 4 below 256.
  func store32(_ value: UInt32, at offset: Int) {
    configuration.store(value, function, at: offset)
  }

  /// Calls `body` with the offset and kind of each capability until it returns false.
  ///
  /// A list with a loop ends after 48 entries, as many as fit.
  public func forEachCapability(_ body: (_ offset: Int, _ kind: UInt8) -> Bool) {
    guard load32(at: 4) >> 20 & 1 != 0 else { return }
    var offset = Int(load8(at: 0x34) & 0xfc)
    for _ in 0..<48 {
      guard offset >= 0x40, offset <= 0xfc else { return }
      let word = load32(at: offset)
      if !body(offset, UInt8(truncatingIfNeeded: word)) { return }
      offset = Int(word >> 8 & 0xfc)
    }
  }

  /// The memory window of base address register `index` (0 to 5), or nil when it is for ports,
  /// absent, or was given no address by the firmware.
  public func memoryWindow(_ index: Int) -> PCIMemoryWindow? {
    guard index >= 0, index < 6, headerKind == 0 else { return nil }
    let offset = 0x10 &+ index &* 4
    let low = load32(at: offset)
    guard low & 1 == 0 else { return nil }
    let is64Bit = low >> 1 & 3 == 2
    guard !is64Bit || index < 5 else { return nil }
    let high = is64Bit ? load32(at: offset &+ 4) : 0
    let address = UInt64(high) << 32 | UInt64(low & ~0xf)
    // The size shows when ones are written, with the window off meanwhile (section 6.2.5.1).
    let command = load32(at: 4) & 0xffff
    configuration.store(command & ~0b11, function, at: 4)
    configuration.store(.max, function, at: offset)
    var mask = UInt64(load32(at: offset) & ~0xf)
    configuration.store(low, function, at: offset)
    if is64Bit {
      configuration.store(.max, function, at: offset &+ 4)
      mask |= UInt64(load32(at: offset &+ 4)) << 32
      configuration.store(high, function, at: offset &+ 4)
    } else {
      mask |= 0xffff_ffff << 32
    }
    configuration.store(command, function, at: 4)
    let size = ~mask &+ 1
    guard address != 0, size != 0, size & (size &- 1) == 0, size <= 1 << 40,
      address & (size &- 1) == 0, address < 1 << 52, address &+ size <= 1 << 52
    else { return nil }
    return PCIMemoryWindow(address: PhysicalAddress(UInt(address)), byteCount: Int(size))
  }
}
