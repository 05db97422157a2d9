// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// Interrupts as the kernel sees them; a test raises them.
public enum Interrupts {
  private static let pending = KernelGlobal<UInt64>(0)

  /// Lets an interrupt arrive.
  public static func raise(_ line: InterruptLine) {
    pending.value |= 1 << UInt64(line.rawValue)
  }

  /// The lines that have arrived since the last call, as bits.
  public static func takePending() -> UInt64 {
    if let deadline = LocalTimer.deadline.value, CycleCounter.read() >= deadline { ring() }
    defer { pending.value = 0 }
    return pending.value
  }

  /// Sleeps until an interrupt arrives: here, lets time pass until the timer rings.
  public static func waitForOne() {
    guard pending.value == 0 else { return }
    guard let deadline = LocalTimer.deadline.value else {
      preconditionFailure("the kernel waits for an interrupt that never comes")
    }
    let now = CycleCounter.read()
    if deadline > now { CycleCounter.advance(nanoseconds: deadline - now) }
    ring()
  }

  /// Lets those in that have arrived: here they are pending at once.
  public static func admit() {}

  private static func ring() {
    LocalTimer.deadline.value = nil
    raise(.timer)
  }

  public static func route(_ input: Int, isLevel: Bool = false) -> InterruptLine? {
    input >= 0 && input < 48 ? InterruptLine(rawValue: 8 + input) : nil
  }

  private static let nextMessageLine = KernelGlobal<Int>(56)

  /// A line for a device that interrupts by messages; the lines repeat, as tests are many.
  public static func makeMessage() -> InterruptMessage? {
    let number = nextMessageLine.value
    nextMessageLine.value = number + 1 < InterruptLine.count ? number + 1 : 56
    return InterruptMessage(
      line: InterruptLine(rawValue: number), address: 0xfee0_0000, data: UInt32(32 + number))
  }
}
