// SPDX-License-Identifier: BSD-3-Clause

import Base
import CMachine

/// The general registers of x86_64.
public enum Register: Int, Sendable {
  // The raw value is the word of the frame (traps.S).
  case r15 = 0, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi
}

/// The program's registers, as saved in the frame at the top of a thread's kernel stack.
///
/// A view: valid as long as the thread. What it changes, the program sees when it goes on.
public struct ProgramRegisters: Sendable {
  private let frame: UInt64

  init(frame: UInt64) {
    self.frame = frame
  }

  private static let vector = 15
  private static let error = 16
  private static let rip = 17
  private static let cs = 18
  private static let rflags = 19
  private static let rsp = 20
  private static let ss = 21

  @inline(__always)
  private func load(_ word: Int) -> UInt {
    // SAFETY: a word of the frame, which the thread's kernel stack holds as long as it lives.
    UInt(unsafe martlet_load_word(frame &+ UInt64(word &* 8)))
  }

  @inline(__always)
  private func store(_ value: UInt, _ word: Int) {
    // SAFETY: a word of the frame, which the thread's kernel stack holds as long as it lives.
    unsafe martlet_store_word(frame &+ UInt64(word &* 8), UInt64(value))
  }

  public subscript(_ register: Register) -> UInt {
    @inline(__always) get { load(register.rawValue) }
    nonmutating set { store(newValue, register.rawValue) }
  }

  /// The argument of a system call, 0...5 (`syscall(2)`: rdi, rsi, rdx, r10, r8, r9).
  @inline(__always)
  public func argument(_ position: Int) -> UInt {
    switch position {
    case 0: self[.rdi]
    case 1: self[.rsi]
    case 2: self[.rdx]
    case 3: self[.r10]
    case 4: self[.r8]
    default: self[.r9]
    }
  }

  /// The result of a system call.
  public var result: UInt {
    get { self[.rax] }
    nonmutating set { self[.rax] = newValue }
  }

  public var instructionPointer: UInt {
    get { load(Self.rip) }
    nonmutating set { store(newValue, Self.rip) }
  }

  public var stackPointer: UInt {
    get { load(Self.rsp) }
    nonmutating set { store(newValue, Self.rsp) }
  }

  /// RFLAGS. A program chooses its arithmetic flags, DF, TF and AC; the rest stays as it must be.
  public var flags: UInt {
    get { load(Self.rflags) }
    nonmutating set { store(newValue & 0x4_0dd5 | 0x202, Self.rflags) }
  }

  /// The call being served; nil when a fault or an interrupt brought the thread into the kernel.
  public var systemCallNumber: Int? {
    get { load(Self.vector) >= Self.directCall ? Int(bitPattern: load(Self.error)) : nil }
    nonmutating set {
      store(newValue == nil ? 0 : UInt.max, Self.vector)
      if let newValue { store(UInt(bitPattern: newValue), Self.error) }
    }
  }

  /// In the vector's place for a call that came by `martlet_direct_entry`; `UInt.max` stands for a
  /// `syscall` instruction.
  private static let directCall = UInt.max - 1

  /// Moves the program back to where it makes the call that was interrupted, as call `number`.
  public func restartCall(as number: Int) {
    guard load(Self.vector) == Self.directCall else {
      result = UInt(bitPattern: number)
      // The instruction is two bytes long.
      instructionPointer &-= 2
      return
    }
    // Where to make the same call again, or to go on with what `restart_syscall` remembers.
    let place: UInt64 = number == Int(bitPattern: load(Self.error)) ? 16 : 24
    // SAFETY: the site's record, four words behind its stub (CallStub in the tool).
    instructionPointer = UInt(unsafe martlet_load_word(UInt64(self[.r11]) + place))
  }

  var vectorNumber: UInt64 { UInt64(load(Self.vector)) }
  var errorCode: UInt64 { UInt64(load(Self.error)) }
  /// CR2 at the last exception.
  var faultAddress: UInt { load(23) }

  /// Attention is the word behind the frame.
  var needsAttention: Bool {
    get { load(22) != 0 }
    nonmutating set { store(newValue ? 1 : 0, 22) }
  }

  /// Takes over all registers of another thread.
  public func setAll(from other: ProgramRegisters) {
    for word in 0...Self.ss { store(other.load(word), word) }
  }

  /// A new program: every register zero, with the selectors and flags of program code.
  public func reset(instructionPointer: UInt, stackPointer: UInt) {
    for word in 0...Self.ss { store(0, word) }
    store(instructionPointer, Self.rip)
    store(stackPointer, Self.rsp)
    store(8, Self.cs)
    store(0x10, Self.ss)
    store(0x202, Self.rflags)
  }
}
