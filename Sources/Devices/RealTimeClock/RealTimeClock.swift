// SPDX-License-Identifier: BSD-3-Clause

import Machine

/// Driver of the machine's real-time clock (MC146818).
public struct RealTimeClock {
  /// Registers by their index.
  private enum Register {
    static let second: UInt8 = 0
    static let minute: UInt8 = 2
    static let hour: UInt8 = 4
    static let day: UInt8 = 7
    static let month: UInt8 = 8
    static let year: UInt8 = 9
    /// Bit 7: an update is in progress.
    static let a: UInt8 = 10
    /// Bit 2: binary; bit 1: 24 hours.
    static let b: UInt8 = 11
    /// Bit 7: the contents are valid; the others are zero.
    static let d: UInt8 = 13
    static let century: UInt8 = 0x32
  }

  private let index: Port
  private let data: Port

  /// The clock at `base`, or nil when there is none or it has lost the time.
  public init?(at base: UInt16 = 0x70) {
    index = Port(base)
    data = Port(base + 1)
    guard load(Register.d) == 0x80 else { return nil }
  }

  private func load(_ register: UInt8) -> UInt8 {
    // Bit 7 keeps non-maskable interrupts from coming through, as firmware leaves it.
    index.writeByte(0x80 | register)
    return data.readByte()
  }

  /// The time in whole seconds since 1970, or nil when the clock holds no date.
  public func secondsSince1970() -> Int64? {
    // An update between two registers shows as two readings that differ.
    var before = reading()
    for _ in 0..<8 {
      let again = reading()
      if again == before, load(Register.a) & 0x80 == 0 {
        let mode = load(Register.b)
        return again.secondsSince1970(
          RealTimeReading.Format(isBinary: mode & 4 != 0, has24Hours: mode & 2 != 0))
      }
      before = again
    }
    return nil
  }

  private func reading() -> RealTimeReading {
    RealTimeReading(
      second: load(Register.second), minute: load(Register.minute), hour: load(Register.hour),
      day: load(Register.day), month: load(Register.month), year: load(Register.year),
      century: load(Register.century))
  }
}
