// SPDX-License-Identifier: BSD-3-Clause

import Base

/// The general registers of x86_64.
public enum Register: Int, Sendable {
  case r15 = 0, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi
}

/// The program's registers, kept in memory; a view, as on the machine.
public struct ProgramRegisters: Sendable {
  private final class Frame: @unchecked Sendable {
    // SAFETY: `@unchecked Sendable` because one thread at a time runs in a test of threads.
    var words = [UInt](repeating: 0, count: 22)
    var systemCallNumber: Int?
  }

  private let frame = Frame()

  public init() {}

  private func load(_ word: Int) -> UInt { frame.words[word] }
  private func store(_ value: UInt, _ word: Int) { frame.words[word] = value }

  public subscript(_ register: Register) -> UInt {
    get { load(register.rawValue) }
    nonmutating set { store(newValue, register.rawValue) }
  }

  /// The argument of a system call, 0...5.
  public func argument(_ position: Int) -> UInt {
    let order: [Register] = [.rdi, .rsi, .rdx, .r10, .r8, .r9]
    return self[order[min(position, 5)]]
  }

  public var result: UInt {
    get { self[.rax] }
    nonmutating set { self[.rax] = newValue }
  }

  public var instructionPointer: UInt {
    get { load(17) }
    nonmutating set { store(newValue, 17) }
  }

  public var stackPointer: UInt {
    get { load(20) }
    nonmutating set { store(newValue, 20) }
  }

  public var flags: UInt {
    get { load(19) }
    nonmutating set { store(newValue & 0x4_0dd5 | 0x202, 19) }
  }

  /// The call being served; nil when a fault or an interrupt brought the thread into the kernel.
  public var systemCallNumber: Int? {
    get { frame.systemCallNumber }
    nonmutating set { frame.systemCallNumber = newValue }
  }

  /// Moves the program back to its `syscall` instruction, to make the call `number`.
  public func restartCall(as number: Int) {
    result = UInt(bitPattern: number)
    instructionPointer &-= 2
  }

  /// Takes over all registers of another thread.
  public func setAll(from other: ProgramRegisters) {
    frame.words = other.frame.words
    frame.systemCallNumber = other.frame.systemCallNumber
  }

  /// A new program: every register zero.
  public func reset(instructionPointer: UInt, stackPointer: UInt) {
    frame.words = [UInt](repeating: 0, count: 22)
    frame.systemCallNumber = nil
    self.instructionPointer = instructionPointer
    self.stackPointer = stackPointer
    store(8, 18)
    store(0x10, 21)
    store(0x202, 19)
  }
}
