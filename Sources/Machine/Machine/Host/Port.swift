// SPDX-License-Identifier: BSD-3-Clause

/// An I/O port, answered by a `SimulatedDevice`; where there is none, all bits read as one.
public struct Port: Sendable {
  private let number: UInt16

  public init(_ number: UInt16) {
    self.number = number
  }

  public func readByte() -> UInt8 { UInt8(read(1)) }
  public func readHalf() -> UInt16 { UInt16(read(2)) }
  public func readWord() -> UInt32 { UInt32(read(4)) }
  public func writeByte(_ value: UInt8) { write(UInt64(value), 1) }
  public func writeHalf(_ value: UInt16) { write(UInt64(value), 2) }
  public func writeWord(_ value: UInt32) { write(UInt64(value), 4) }

  private func read(_ size: Int) -> UInt64 {
    let ones = UInt64(1) << UInt64(size * 8) - 1
    guard let window = SimulatedBus.port(number) else { return ones }
    return window.device.load(at: Int(number) - Int(window.start), byteCount: size) & ones
  }

  private func write(_ value: UInt64, _ size: Int) {
    guard let window = SimulatedBus.port(number) else { return }
    window.device.store(value, at: Int(number) - Int(window.start), byteCount: size)
  }
}
