// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine

/// The end of a kernel that cannot go on.
public enum Panic {
  /// The status by which the tool knows that the kernel failed.
  static let status: Int32 = 125

  /// Says why, gives the backtrace for the tool to name, and switches the machine off.
  public static func stop(_ component: StaticString, _ reason: StaticString) -> Never {
    Log.write(.panic, component, reason)
    writeBacktrace(from: Backtrace.framePointer)
    Power.off(status: status)
  }

  /// Ends because of something the user can mend: one line, no backtrace.
  public static func refuse(_ component: StaticString, _ reason: StaticString) -> Never {
    Log.write(.error, component, reason)
    Log.writeExit(status: status)
    Power.off(status: status)
  }

  static func writeBacktrace(from framePointer: UInt) {
    Backtrace.forEach(from: framePointer) { Log.writeBacktrace(address: $0) }
  }
}

/// Entered by the exception stub when kernel code raised an exception. A trap of Swift (a failed
/// precondition, an overflow) is `ud2`, vector 6: the tool finds its reason in the debug
/// information of the address.
@c(martlet_kernel_fault)
public func kernelFault(_ frame: UInt) {
  let fault = KernelFault(frame: frame)
  let registers = fault.registers
  let line = LogLine(.panic, "kernel")
  line.append("exception ")
  line.append(decimal: Int(fault.vector))
  line.append(" code 0x")
  line.append(hexadecimal: UInt(fault.errorCode))
  line.append(" at 0x")
  line.append(hexadecimal: registers.instructionPointer)
  if fault.vector == 14 {
    line.append(" touching 0x")
    line.append(hexadecimal: fault.faultAddress)
  }
  line.end()
  writeRegisters(registers)
  Log.writeBacktrace(address: registers.instructionPointer)
  Panic.writeBacktrace(from: registers[.rbp])
  Power.off(status: Panic.status)
}

private func writeRegisters(_ registers: ProgramRegisters) {
  // Not an array: there may be no heap.
  let names: InlineArray<15, (StaticString, Register)> = [
    ("rax", .rax), ("rbx", .rbx), ("rcx", .rcx), ("rdx", .rdx), ("rsi", .rsi), ("rdi", .rdi),
    ("rbp", .rbp), ("r8", .r8), ("r9", .r9), ("r10", .r10), ("r11", .r11), ("r12", .r12),
    ("r13", .r13), ("r14", .r14), ("r15", .r15),
  ]
  for start in stride(from: 0, to: names.count, by: 4) {
    let line = LogLine(.panic, "kernel")
    for index in start..<min(start + 4, names.count) {
      line.append(names[index].0)
      line.append(" ")
      line.append(hexadecimal: registers[names[index].1], width: 16)
      line.append("  ")
    }
    line.end()
  }
  let line = LogLine(.panic, "kernel")
  line.append("rsp ")
  line.append(hexadecimal: registers.stackPointer, width: 16)
  line.append("  flags ")
  line.append(hexadecimal: registers.flags)
  line.end()
}

/// Entered when a function finds its stack canary overwritten.
@c(martlet_stack_smashed)
public func stackSmashed() {
  Panic.stop("kernel", "stack canary overwritten")
}
