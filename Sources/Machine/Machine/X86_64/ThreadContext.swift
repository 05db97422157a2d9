// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import CMachine

/// The processor's state of a thread that does not run, and its kernel stack.
///
/// A kernel stack is `stackPages` pages with an unmapped page below; its last 64 bytes hold the
/// attention word and the fault address, and below them lies the frame of the program's registers.
// SAFETY (all below): every word that is stored lies in the thread's own kernel stack; addresses of
// symbols are the linker's; the target outlives the context that it owns.
public final class ThreadContext {
  private var savedStackPointer: UInt64 = 0
  private let stack: KernelStack?
  private let vectorState: VectorState
  /// The address where the frame ends; what the entry stubs load as stack pointer.
  private let frameEnd: UInt64
  public let registers: ProgramRegisters
  /// The address of the thread's `TrapTarget`.
  private var target: UInt64 = 0
  /// The base of FS: the program's thread-local storage.
  public var threadPointer: UInt = 0

  private static let frameByteCount: UInt64 = 176

  /// Fails when only the reserve of frames is left.
  public init?(stackPages: Int) {
    // Also for a stack that was kept: the vector registers' frames may come out of the reserve.
    guard FrameSupply.current.value?.isLow == false,
      let stack = KernelStack(pageCount: stackPages), let vectorState = VectorState()
    else { return nil }
    self.stack = stack
    self.vectorState = vectorState
    frameEnd = UInt64(stack.top) - 64
    let frame = frameEnd - Self.frameByteCount
    registers = ProgramRegisters(frame: frame)
    registers.reset(instructionPointer: 0, stackPointer: 0)
    registers.needsAttention = false
    // What martlet_switch_stack pops: six registers, then the return address. The trampoline
    // makes a call, so its own stack must be aligned to 16 bytes before it.
    let bottom = frame - 72
    for word in 0..<UInt64(6) {
      // SAFETY: inside the new stack.
      unsafe martlet_store_word(bottom + word * 8, 0)
    }
    // SAFETY: inside the new stack; taking a function's address.
    unsafe martlet_store_word(bottom + 48, martlet_thread_trampoline_address())
    savedStackPointer = bottom
  }

  /// The context of the code that runs now, on the boot stack.
  public init?(adoptingBootStack: Void) {
    guard let vectorState = VectorState() else { return nil }
    self.vectorState = vectorState
    stack = nil
    // SAFETY: the address of a linker symbol.
    frameEnd = unsafe martlet_boot_stack_top_address() - 64
    registers = ProgramRegisters(frame: frameEnd - Self.frameByteCount)
  }

  /// Binds the context to what serves its program code. The target owns the context, so it is not
  /// retained.
  public func setTarget(_ newTarget: TrapTarget) {
    target = UInt64(UInt(bitPattern: unsafe Unmanaged.passUnretained(newTarget).toOpaque()))
  }

  /// Whether `attend` must be called before the thread goes back to program code.
  public var needsAttention: Bool {
    get { registers.needsAttention }
    set { registers.needsAttention = newValue }
  }

  /// All that a switch needs of the thread it goes to: plain values, so that the switch counts no
  /// references.
  public struct Resumption: BitwiseCopyable {
    fileprivate let stackPointer: UInt64
    fileprivate let frameEnd: UInt64
    fileprivate let target: UInt64
    fileprivate let threadPointer: UInt
    fileprivate let vectorState: VectorState.Area
  }

  /// How to go on with this thread, which does not run.
  public var resumption: Resumption {
    @inline(__always) get {
      Resumption(
        stackPointer: savedStackPointer, frameEnd: frameEnd, target: target,
        threadPointer: threadPointer, vectorState: vectorState.area)
    }
  }

  /// Saves the state of the thread that runs in `from`, and goes on with another one. Returns when
  /// something switches back.
  @inline(__always)
  public static func `switch`(from: ThreadContext, to: Resumption) {
    from.vectorState.save()
    take(to)
    if from.threadPointer != to.threadPointer { loadThreadPointer(to.threadPointer) }
    go(on: to.stackPointer, saving: &from.savedStackPointer)
  }

  /// Goes on with another thread for good: the one that runs has ended. What this stack's frames
  /// hold is never let go.
  public static func leave(for to: Resumption) -> Never {
    take(to)
    loadThreadPointer(to.threadPointer)
    var nowhere: UInt64 = 0
    go(on: to.stackPointer, saving: &nowhere)
    fatalError("an ended thread ran again")
  }

  @inline(__always)
  private static func go(on stackPointer: UInt64, saving own: inout UInt64) {
    // SAFETY: both are kernel stacks in the form that martlet_switch_stack leaves and expects,
    // alive as long as their threads, which the scheduler keeps.
    unsafe martlet_switch_stack(&own, stackPointer)
  }

  /// What the entry stubs and the program's vector registers need of a thread that will run.
  @inline(__always)
  private static func take(_ to: Resumption) {
    to.vectorState.restore()
    PerProcessor.store(to.frameEnd, MARTLET_CPU_KERNEL_STACK)
    PerProcessor.store(to.target, MARTLET_CPU_CURRENT_TARGET)
  }

  /// Sets the running thread's FS base.
  public func setThreadPointer(_ value: UInt) {
    threadPointer = value
    Self.loadThreadPointer(value)
  }

  @inline(__always)
  private static func loadThreadPointer(_ value: UInt) {
    // SAFETY: IA32_FS_BASE concerns program code only; callers checked that it is canonical.
    unsafe martlet_write_msr(0xc000_0100, UInt64(value))
  }

  /// Leaves the kernel for the saved registers of the thread that runs. What the stack's frames
  /// hold is never let go.
  public static func enterProgram() -> Never {
    let frameEnd = PerProcessor.load(MARTLET_CPU_KERNEL_STACK)
    // SAFETY: the frame was set up by `reset` or by an entry stub.
    unsafe martlet_enter_program(frameEnd - frameByteCount)
  }

  /// The exception that brought the thread into the kernel.
  public var fault: ProgramFault {
    let vector = registers.vectorNumber
    let code = registers.errorCode
    let kind: ProgramFault.Kind =
      switch vector {
      case 0: .divideError
      case 1: .debug
      case 3: .breakpoint
      case 4, 5: .bounds
      case 6: .illegalInstruction
      case 14:
        .page(
          address: VirtualAddress(registers.faultAddress),
          access: code & 16 != 0 ? .execute : code & 2 != 0 ? .write : .read,
          isPresent: code & 1 != 0)
      case 16, 19: .floatingPoint
      case 17: .alignment
      default: .generalProtection
      }
    return ProgramFault(kind: kind, vector: vector, errorCode: code)
  }

  // MARK: Vector state

  /// The size of the vector state in a signal frame (XSAVE, standard format).
  public static var vectorStateByteCount: Int { VectorState.byteCount }
  /// What it holds (XCR0); 0 when the processor has only FXSAVE.
  public static var vectorFeatures: UInt64 { VectorState.features }

  /// Copies out the vector state of this thread, which runs now.
  public func copyVectorState(into bytes: inout MutableRawSpan) {
    vectorState.save()
    vectorState.copy(into: &bytes)
  }

  /// Sets the vector state of this thread, which runs now. Returns false when the bytes are not a
  /// valid state.
  public func setVectorState(_ bytes: RawSpan) -> Bool {
    guard vectorState.set(bytes) else { return false }
    vectorState.restore()
    return true
  }

  /// Takes over the vector state of the thread that runs now.
  public func copyVectorState(from running: ThreadContext) {
    running.vectorState.save()
    vectorState.copy(from: running.vectorState)
  }

  /// Sets the vector state of this thread, which runs now, to that of a new program.
  public func resetVectorState() {
    vectorState.reset()
    vectorState.restore()
  }
}
