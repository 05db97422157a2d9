// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import CMachine

/// A window of device registers, mapped uncached. Offsets are checked against `byteCount`.
public struct DeviceRegisters: Sendable {
  let address: UInt
  public let byteCount: Int

  /// Maps the registers at a physical address, which the platform has described. Fails when there
  /// is no memory for page tables, or the address is beyond 1 TiB.
  public init?(mapping start: PhysicalAddress, byteCount: Int) {
    guard let tables = PageTables.current.value, byteCount > 0,
      start.rawValue < KernelLayout.directMapLimit - UInt(byteCount)
    else { return nil }
    address = KernelLayout.devices + start.rawValue
    self.byteCount = byteCount
    var page = VirtualAddress(address).pageStart
    while page.rawValue < address + UInt(byteCount) {
      let frame = FrameNumber(
        containing: PhysicalAddress(page.rawValue - KernelLayout.devices))
      if tables.mapping(at: page) == nil {
        guard tables.mapDevice(page, to: frame) else { return nil }
      }
      page = page + pageSize
    }
  }

  @inline(__always)
  private func checked(_ offset: Int, _ size: Int) -> UInt64 {
    precondition(offset >= 0 && offset <= byteCount - size, "register out of the window")
    return UInt64(address) &+ UInt64(offset)
  }

  // SAFETY (all below): the offset is inside the window, which maps device registers only.
  public func load8(at offset: Int) -> UInt8 { unsafe martlet_mmio_load8(checked(offset, 1)) }
  public func load16(at offset: Int) -> UInt16 { unsafe martlet_mmio_load16(checked(offset, 2)) }
  public func load32(at offset: Int) -> UInt32 { unsafe martlet_mmio_load32(checked(offset, 4)) }
  public func load64(at offset: Int) -> UInt64 { unsafe martlet_mmio_load64(checked(offset, 8)) }
  public func store8(_ value: UInt8, at offset: Int) {
    unsafe martlet_mmio_store8(checked(offset, 1), value)
  }
  public func store16(_ value: UInt16, at offset: Int) {
    unsafe martlet_mmio_store16(checked(offset, 2), value)
  }
  public func store32(_ value: UInt32, at offset: Int) {
    unsafe martlet_mmio_store32(checked(offset, 4), value)
  }
  public func store64(_ value: UInt64, at offset: Int) {
    unsafe martlet_mmio_store64(checked(offset, 8), value)
  }
}
