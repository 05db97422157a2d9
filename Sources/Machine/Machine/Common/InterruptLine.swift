// SPDX-License-Identifier: BSD-3-Clause

/// A source of interrupts as the scheduler knows it: a bit in the word of pending interrupts.
public struct InterruptLine: RawRepresentable, Sendable, BitwiseCopyable {
  public let rawValue: Int

  public init(rawValue: Int) {
    precondition(rawValue >= 0 && rawValue < Self.count, "no such interrupt line")
    self.rawValue = rawValue
  }

  public static let count = 64
  /// The local timer.
  public static let timer = InterruptLine(rawValue: 0)
}

/// What a device writes, and where, to raise a line (message-signalled interrupts).
public struct InterruptMessage: Sendable, BitwiseCopyable {
  /// The line that the message raises.
  public let line: InterruptLine
  /// The physical address that the device writes to.
  public let address: UInt64
  /// The word that it writes.
  public let data: UInt32

  init(line: InterruptLine, address: UInt64, data: UInt32) {
    self.line = line
    self.address = address
    self.data = data
  }
}
