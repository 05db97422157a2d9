// SPDX-License-Identifier: BSD-3-Clause

import Machine

/// How configuration space is reached: 256 bytes for each function, read and written in aligned
/// words. A function that does not exist reads as all ones.
public protocol PCIConfiguration: AnyObject {
  /// The word at `offset`, a multiple of 4 below 256.
  func load(_ function: PCIFunction, at offset: Int) -> UInt32
  /// Stores a word at `offset`, a multiple of 4 below 256.
  func store(_ value: UInt32, _ function: PCIFunction, at offset: Int)
}

/// Configuration mechanism 1: the ports 0xCF8 (address) and 0xCFC (data), PCI Local Bus 3.0
/// section 3.2.2.3.2.
public final class PCIPortConfiguration: PCIConfiguration {
  private let address = Port(0xcf8)
  private let data = Port(0xcfc)

  /// Creates the access; touches nothing.
  public init() {}

  public func load(_ function: PCIFunction, at offset: Int) -> UInt32 {
    select(function, offset)
    return data.readWord()
  }

  public func store(_ value: UInt32, _ function: PCIFunction, at offset: Int) {
    select(function, offset)
    data.writeWord(value)
  }

  private func select(_ function: PCIFunction, _ offset: Int) {
    precondition(offset >= 0 && offset < 256 && offset & 3 == 0, "bad configuration offset")
    address.writeWord(
      0x8000_0000 | UInt32(function.bus) << 16 | UInt32(function.device) << 11
        | UInt32(function.function) << 8 | UInt32(truncatingIfNeeded: offset))
  }
}
