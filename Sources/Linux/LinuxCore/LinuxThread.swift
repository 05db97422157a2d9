// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
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
  /// Told once when the thread ends, before it leaves the process (`set_robust_list`, joiners).
  public static let endObserver = KernelGlobal<(any ThreadEndObserver)?>(nil)
  /// The bits of the processors it may run on; there is one.
  public var timerSlack: UInt64 = 50_000
  /// `nice(2)`, -20...19.
  public var niceness: Int32 = 0
  /// `sched_setscheduler(2)`: what the program asked for, and is told again.
  public var schedulingPolicy: Int32 = 0
  public var schedulingPriority: Int32 = 0
  /// The signal whose fault handler must not be entered again without being unblocked.
  public var faultInProgress: Signal?

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

  /// Processor time used, the present stretch included.
  public var processorTime: Nanoseconds { Scheduler.timeUsed(by: self) }

  /// Asks for `attend` before this thread returns to program code.
  public func noteAttention() {
    context.needsAttention = true
  }

  public override func serveSystemCall(_ number: Int) -> Int { serve(number) }

  public override func attend() {
    // Nothing may be retained in this frame when the thread ends: its stack is never unwound.
    if serveAttention() { Scheduler.exitCurrent() }
  }

  public override func handleFault() {
    Dispatch.attendant.value?.handle(context.fault, of: self)
  }

  public override var entersProgram: Bool { true }
}

/// Cleans up for a thread that ends: robust locks, the word that joiners wait for.
public protocol ThreadEndObserver: AnyObject {
  func threadWillEnd(_ thread: LinuxThread)
}

/// A system call that goes on after a signal with what it remembers (`ERESTART_RESTARTBLOCK`).
public protocol RestartBlock: AnyObject {
  func resume(_ call: SystemCall) throws(Errno) -> Int
}
