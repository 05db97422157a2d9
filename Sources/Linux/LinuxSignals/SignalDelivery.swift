// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxCore
import Machine
import Scheduling

/// Enters handlers and comes back from them.
enum SignalDelivery {
  private static let order: InlineArray<15, Register> = [
    .r8, .r9, .r10, .r11, .r12, .r13, .r14, .r15, .rdi, .rsi, .rbp, .rbx, .rdx, .rax, .rcx,
  ]
  static let onStack: UInt64 = 0x0800_0000
  static let restorer: UInt64 = 0x0400_0000
  static let restart: UInt64 = 0x1000_0000
  static let noDefer: UInt64 = 0x4000_0000
  static let resetHandler: UInt64 = 0x8000_0000

  /// Whether `pointer` lies on the alternate stack.
  static func isOn(_ stack: AlternateStack, _ pointer: UInt) -> Bool {
    stack.flags & 2 == 0 && pointer > stack.start && pointer - stack.start <= stack.byteCount
  }

  /// Makes the thread enter the handler of `action`. Throws when the stack cannot be written.
  static func enter(
    _ action: SignalAction, _ information: SignalInformation, fault: ProgramFault?,
    _ thread: LinuxThread
  ) throws(Errno) {
    guard action.flags & restorer != 0 else { throw .badAddress }
    let registers = thread.registers
    var saved = SavedRegisters()
    for index in 0..<15 { saved.words[index] = UInt64(registers[order[index]]) }
    saved.words[SavedRegisters.stackPointer] = UInt64(registers.stackPointer)
    saved.words[SavedRegisters.instructionPointer] = UInt64(registers.instructionPointer)
    saved.words[SavedRegisters.flags] = UInt64(registers.flags)
    var stack = thread.alternateStack
    var top = registers.stackPointer &- SignalFrame.redZone
    let isOnAlternate = isOn(stack, registers.stackPointer)
    if action.flags & onStack != 0 && stack.flags & 2 == 0 && !isOnAlternate {
      top = stack.start &+ stack.byteCount
    }
    if isOnAlternate { stack.flags = 1 }
    var frame = SignalFrame(
      restorer: action.restorer, registers: saved,
      mask: thread.savedSignalMask ?? thread.signalMask, stack: stack, information: information,
      vectorFeatures: ThreadContext.vectorFeatures)
    if let fault {
      frame.trapNumber = fault.vector
      frame.errorCode = fault.errorCode
      if case .page(let address, _, _) = fault.kind {
        frame.faultAddress = UInt64(address.rawValue)
      }
    }
    let size = ThreadContext.vectorStateByteCount
    let hasMagic = ThreadContext.vectorFeatures != 0
    let place = SignalFrame.place(below: top, vectorByteCount: size, hasMagic: hasMagic)
    try ProgramBytes.copyOut(
      vectorState(of: thread, size, hasMagic), to: VirtualAddress(place.vector))
    try ProgramBytes.copyOut(frame.bytes(vector: place.vector), to: VirtualAddress(place.frame))

    registers[.rdi] = UInt(information.signal.rawValue)
    registers[.rsi] = place.frame + UInt(SignalFrame.informationOffset)
    registers[.rdx] = place.frame + UInt(SignalFrame.contextOffset)
    registers[.rax] = 0
    registers.stackPointer = place.frame
    registers.instructionPointer = action.handler
    // DF, TF and RF are clear in a handler.
    registers.flags = registers.flags & ~0x1_0500
    thread.savedSignalMask = nil
    thread.signalMask.formUnion(action.mask)
    if action.flags & noDefer == 0 { thread.signalMask.insert(SignalSet(information.signal)) }
    // SS_AUTODISARM
    if thread.alternateStack.flags & Int32(bitPattern: 0x8000_0000) != 0 {
      thread.alternateStack = AlternateStack()
    }
  }

  private static func vectorState(of thread: LinuxThread, _ size: Int, _ hasMagic: Bool) -> [UInt8]
  {
    var bytes = [UInt8](repeating: 0, count: size + (hasMagic ? 4 : 0))
    var elements = bytes.mutableSpan
    var span = MutableRawSpan(_elements: &elements)
    thread.context.copyVectorState(into: &span)
    if hasMagic {
      SignalFrame.putMagic(
        into: &bytes, byteCount: size, features: ThreadContext.vectorFeatures)
    }
    return bytes
  }

  /// `rt_sigreturn(2)`: takes everything back from the frame. Throws when it cannot be read.
  static func leave(_ thread: LinuxThread) throws(Errno) -> Int {
    let registers = thread.registers
    // The handler's `ret` has taken the restorer's address off.
    let frame = VirtualAddress(registers.stackPointer &- 8)
    let bytes = try ProgramBytes.copyIn(frame, count: SignalFrame.informationOffset)
    let machine = SignalFrame.machineOffset
    for index in 0..<15 {
      registers[order[index]] = UInt(bytes.get(machine + index * 8, as: UInt64.self))
    }
    let pointer = bytes.get(machine + SavedRegisters.instructionPointer * 8, as: UInt64.self)
    // A return to an address that is not canonical would fault in the kernel.
    guard pointer < 1 << 47 else { throw .badAddress }
    registers.stackPointer = UInt(
      bytes.get(machine + SavedRegisters.stackPointer * 8, as: UInt64.self))
    registers.instructionPointer = UInt(pointer)
    registers.flags = UInt(bytes.get(machine + SavedRegisters.flags * 8, as: UInt64.self))
    thread.signalMask = SignalSet(rawValue: bytes.get(SignalFrame.maskOffset)).blockable
    let context = SignalFrame.contextOffset
    var stack = AlternateStack()
    stack.start = UInt(bytes.get(context + 16, as: UInt64.self))
    stack.flags = bytes.get(context + 24)
    stack.byteCount = UInt(bytes.get(context + 32, as: UInt64.self))
    if stack.flags & 1 != 0 { stack.flags &= ~1 }
    thread.alternateStack = stack
    try restoreVectorState(at: bytes.get(machine + 184), of: thread)
    // Everything comes from the frame, so the way out must be the slow one; and this is no longer
    // the call that could be started again.
    let result = Int(bitPattern: registers[.rax])
    registers.systemCallNumber = nil
    thread.noteAttention()
    return result
  }

  private static func restoreVectorState(at address: UInt64, of thread: LinuxThread) throws(Errno) {
    guard address != 0 else {
      thread.context.resetVectorState()
      return
    }
    guard address & 63 == 0 else { throw .badAddress }
    let start = VirtualAddress(UInt(address))
    let legacy = try ProgramBytes.copyIn(start, count: 512)
    var count = 512
    if ThreadContext.vectorFeatures != 0, legacy.get(464, as: UInt32.self) == 0x4650_5853 {
      let size = Int(legacy.get(480, as: UInt32.self))
      if size >= 576 && size <= ThreadContext.vectorStateByteCount { count = size }
    }
    let bytes = count == 512 ? legacy : try ProgramBytes.copyIn(start, count: count)
    guard thread.context.setVectorState(RawSpan(_elements: bytes.span)) else {
      throw .badAddress
    }
  }
}

extension SignalSet {
  /// Without SIGKILL and SIGSTOP, which nothing blocks.
  var blockable: SignalSet { SignalSet(rawValue: rawValue & ~(1 << 8 | 1 << 18)) }
}
