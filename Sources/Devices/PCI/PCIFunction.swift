// SPDX-License-Identifier: BSD-3-Clause

import Base

/// The address of one function of one device: bus, device, function.
public struct PCIFunction: Hashable, Sendable, BitwiseCopyable {
  /// 0 to 255.
  public let bus: UInt8
  /// 0 to 31.
  public let device: UInt8
  /// 0 to 7.
  public let function: UInt8

  /// Creates an address. Traps when a part is out of range.
  public init(bus: UInt8, device: UInt8, function: UInt8) {
    precondition(device < 32 && function < 8, "no such PCI function")
    self.bus = bus
    self.device = device
    self.function = function
  }
}

/// A range of memory addresses that a function answers to.
public struct PCIMemoryWindow: Equatable, Sendable, BitwiseCopyable {
  /// Its physical address.
  public let address: PhysicalAddress
  /// Its size in bytes, a power of two.
  public let byteCount: Int
}
