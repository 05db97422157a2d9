// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine
import Memory
import Scheduling

/// A thread of the program.
public final class LinuxThread: Thread {
  public let process: Process
  /// `gettid(2)`
  public let identifier: Int32
  /// The program's registers, saved when it entered the kernel.
  public var registers: ProgramRegisters { context.registers }

  public var signalMask = SignalSet()
  /// The mask to go back to after a `sigsuspend`, `ppoll` or the like.
  public var savedSignalMask: SignalSet?
  public var pendingSignals = PendingSignals()
  public var alternateStack = AlternateStack()

  /// `set_tid_address(2)`: cleared and woken when the thread ends.
  public var clearIdentifierAt: VirtualAddress?
  /// `set_robust_list(2)`
  public var robustList: VirtualAddress?
  public var name: [UInt8] = []

  /// The thread ends as soon as it is about to return to the program.
  public var isExiting = false
  /// The call to start again after a signal handler (`restart_syscall(2)`), if any.
  public var restart: (any RestartBlock)?

  /// Fails when there is no memory for the kernel stack.
  public init?(process: Process, identifier: Int32, stackPages: Int) {
    self.process = process
    self.identifier = identifier
    super.init(stackPages: stackPages)
  }

  public override var hasPendingInterruption: Bool {
    isExiting || !pendingSignals.isEmpty(besides: signalMask)
      || !process.pendingSignals.isEmpty(besides: signalMask)
  }

  /// Asks for `attend` before this thread returns to program code.
  public func noteAttention() {
    context.needsAttention = true
  }

  public override func run() {
    context.enterProgram()
  }
}

/// A system call that goes on after a signal with what it remembers (`ERESTART_RESTARTBLOCK`).
public protocol RestartBlock: AnyObject {
  func resume(_ call: SystemCall) throws(Errno) -> Int
}
