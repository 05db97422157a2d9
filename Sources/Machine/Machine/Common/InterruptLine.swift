// SPDX-License-Identifier: BSD-3-Clause

/// A source of interrupts as the scheduler knows it: a bit in the word of pending interrupts.
public struct InterruptLine: RawRepresentable, Sendable {
  public let rawValue: Int

  public init(rawValue: Int) {
    precondition(rawValue >= 0 && rawValue < Self.count, "no such interrupt line")
    self.rawValue = rawValue
  }

  public static let count = 64
  /// The local timer.
  public static let timer = InterruptLine(rawValue: 0)
}
