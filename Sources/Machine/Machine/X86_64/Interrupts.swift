// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import CMachine

/// Interrupts as the kernel sees them: a word of lines that have arrived.
///
/// The entry stubs set the bits; nothing else runs in interrupt context.
public enum Interrupts {
  static let firstVector = 32

  /// The lines that have arrived since the last call, as bits.
  @inline(__always)
  public static func takePending() -> UInt64 {
    // Interrupts are off in the kernel, so the stubs do not write meanwhile.
    let pending = PerProcessor.load(MARTLET_CPU_PENDING)
    if pending != 0 { PerProcessor.store(0, MARTLET_CPU_PENDING) }
    return pending
  }

  /// Sleeps until an interrupt arrives.
  public static func waitForOne() {
    // SAFETY: the stub touches only the word of pending lines.
    unsafe martlet_wait_for_interrupt()
  }

  /// Lets those in that have arrived: they are pending then. For code that runs long with
  /// interrupts off.
  public static func admit() {
    // SAFETY: the stubs touch only the word of pending lines.
    unsafe martlet_admit_interrupts()
  }

  /// Routes an input of the I/O interrupt controller to a line of its own.
  ///
  /// - Parameters:
  ///   - input: the global interrupt number: 0...23 on the machines we know.
  ///   - isLevel: level-triggered, active low or high as the platform wires it; else edge.
  public static func route(_ input: Int, isLevel: Bool = false) -> InterruptLine? {
    IOInterruptController.route(input, isLevel: isLevel)
  }

  /// How many lines messages have taken: those that are no input's, from 56 on and from 1 on.
  private static let messageCount = KernelGlobal<Int>(0)

  /// A line for a device that interrupts by messages, and the message; nil when all are taken.
  public static func makeMessage() -> InterruptMessage? {
    let taken = messageCount.value
    guard taken < 15 else { return nil }
    messageCount.value = taken + 1
    let number = taken < 8 ? 56 + taken : taken - 7
    let line = InterruptLine(rawValue: number)
    // Fixed delivery to processor 0, edge-triggered (SDM 3A section 11.11).
    return InterruptMessage(
      line: line, address: 0xfee0_0000, data: UInt32(firstVector + number))
  }
}

/// The I/O APIC (82093AA datasheet), at its usual address on every machine we support.
enum IOInterruptController {
  static let address = PhysicalAddress(0xfec0_0000)
  static let secondAddress = PhysicalAddress(0xfec1_0000)

  static func route(_ input: Int, isLevel: Bool) -> InterruptLine? {
    guard input >= 0 && input < 48 else { return nil }
    guard
      let registers = DeviceRegisters(
        mapping: input < 24 ? address : secondAddress, byteCount: 0x20)
    else { return nil }
    let line = InterruptLine(rawValue: 8 + input)
    let pin = UInt32(input % 24)
    let vector = UInt32(Interrupts.firstVector + line.rawValue)
    // Redirection entry: fixed delivery to processor 0, not masked.
    registers.store32(0x10 + pin * 2 + 1, at: 0)
    registers.store32(0, at: 0x10)
    registers.store32(0x10 + pin * 2, at: 0)
    registers.store32(vector | (isLevel ? 1 << 15 : 0), at: 0x10)
    return line
  }
}
