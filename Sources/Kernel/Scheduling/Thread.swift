// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine
import TimerWheel

/// A thread of control with its own kernel stack.
///
/// What its program code asks for reaches it through the methods of `TrapTarget`.
open class Thread: TrapTarget {
  /// Where the thread stands in its life.
  public enum State: Sendable {
    /// Waits for the processor in the run queue.
    case ready
    case running
    /// Waits until `Scheduler.wake`.
    case blocked
    /// Will not run again.
    case ended
  }

  public internal(set) final var state = State.blocked
  /// A constant, so that a switch counts no reference.
  private final let scheduler = Scheduler.shared
  /// The processor's state while the thread does not run.
  public final let context: ThreadContext
  /// The next thread in whatever list of the scheduler's policy holds this one.
  public final var queueLink: Thread?
  /// Processor time used up to the last switch, in cycles (`Scheduler.timeUsed`).
  final var cyclesUsed: UInt64 = 0

  final var isInterruptible = false
  final var wakeReason = WakeReason.woken
  /// What stands for this thread in a wait queue.
  public final let waiter = ThreadWaiter()
  final let alarm = ThreadAlarm()

  /// Fails when there is no memory for the stack.
  public init?(stackPages: Int) {
    guard let context = ThreadContext(stackPages: stackPages) else { return nil }
    self.context = context
    super.init()
    context.setTarget(self)
    waiter.thread = self
    alarm.thread = self
  }

  /// The thread that runs already on the boot stack.
  public init(adopting context: ThreadContext) {
    self.context = context
    super.init()
    context.setTarget(self)
    state = .running
    waiter.thread = self
    alarm.thread = self
  }

  /// Lets the other ready threads run first. This must be the current thread.
  public final func yield() {
    scheduler.yield(self)
  }

  /// An interrupt came out of the thread's program code.
  public final override func handleInterrupt() {
    Scheduler.serveInterrupt()
  }

  /// What the thread does in the kernel. When it returns the thread ends, or its program begins.
  open func run() {}

  /// Whether program code begins after `run`, with the saved registers.
  open var entersProgram: Bool { false }

  /// Whether something should end an interruptible wait: a signal to deliver, or the end of the
  /// process.
  open var hasPendingInterruption: Bool { false }

  /// Breaks the cycles between the thread and its waiter; called once when it has ended.
  final func detach() {
    waiter.thread = nil
    alarm.thread = nil
  }
}

/// Stands for a thread in a wait queue.
public final class ThreadWaiter: Waiter {
  final var thread: Thread?

  public override func wake(_ readiness: Readiness) -> Bool {
    guard let thread else { return false }
    return Scheduler.wake(thread, .woken)
  }
}

/// Ends a wait at its deadline.
final class ThreadAlarm: TimerEntry {
  final var thread: Thread?

  override func fire(at now: Instant) {
    guard let thread else { return }
    _ = Scheduler.wake(thread, .timedOut)
  }
}
