// SPDX-License-Identifier: BSD-3-Clause

import Base

/// A window of device registers, answered by a `SimulatedDevice`.
public struct DeviceRegisters: Sendable {
  private let device: SimulatedDevice
  private let start: Int
  /// The window's size in bytes.
  public let byteCount: Int

  /// The window at `address`, or nil where no device answers.
  public init?(mapping address: PhysicalAddress, byteCount: Int) {
    guard let window = SimulatedBus.window(at: address.rawValue, byteCount: byteCount) else {
      return nil
    }
    device = window.device
    start = Int(address.rawValue - window.start)
    self.byteCount = byteCount
  }

  public func load8(at offset: Int) -> UInt8 { UInt8(load(at: offset, byteCount: 1)) }
  public func load16(at offset: Int) -> UInt16 { UInt16(load(at: offset, byteCount: 2)) }
  public func load32(at offset: Int) -> UInt32 { UInt32(load(at: offset, byteCount: 4)) }
  public func load64(at offset: Int) -> UInt64 { load(at: offset, byteCount: 8) }
  public func store8(_ value: UInt8, at offset: Int) { store(UInt64(value), offset, 1) }
  public func store16(_ value: UInt16, at offset: Int) { store(UInt64(value), offset, 2) }
  public func store32(_ value: UInt32, at offset: Int) { store(UInt64(value), offset, 4) }
  public func store64(_ value: UInt64, at offset: Int) { store(value, offset, 8) }

  private func load(at offset: Int, byteCount size: Int) -> UInt64 {
    check(offset, size)
    let value = device.load(at: start + offset, byteCount: size)
    return size == 8 ? value : value & (1 << UInt64(size * 8) - 1)
  }

  private func store(_ value: UInt64, _ offset: Int, _ size: Int) {
    check(offset, size)
    device.store(value, at: start + offset, byteCount: size)
  }

  private func check(_ offset: Int, _ size: Int) {
    precondition(
      offset >= 0 && offset <= byteCount - size && offset % size == 0,
      "register offset out of bounds")
  }
}
