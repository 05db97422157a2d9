// SPDX-License-Identifier: BSD-3-Clause

import CMachine

/// An x86 I/O port.
///
/// A port belongs to one driver. Accesses reach the device in program order.
public struct Port: Sendable {
  public let number: UInt16

  public init(_ number: UInt16) {
    self.number = number
  }

  // SAFETY (all below): a port access reaches a device, never memory; devices that may write
  // memory do so only where DMAMemory has told them.
  @inline(__always)
  public func readByte() -> UInt8 { unsafe martlet_in8(number) }
  @inline(__always)
  public func writeByte(_ value: UInt8) { unsafe martlet_out8(number, value) }
  @inline(__always)
  public func readHalf() -> UInt16 { unsafe martlet_in16(number) }
  @inline(__always)
  public func writeHalf(_ value: UInt16) { unsafe martlet_out16(number, value) }
  @inline(__always)
  public func readWord() -> UInt32 { unsafe martlet_in32(number) }
  @inline(__always)
  public func writeWord(_ value: UInt32) { unsafe martlet_out32(number, value) }
}
