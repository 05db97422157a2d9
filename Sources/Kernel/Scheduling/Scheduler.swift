// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Clock
import Machine
import TimerWheel

/// The processor's time: who runs, who waits, and when to wake.
///
/// Kernel code is never preempted. A thread gives the processor up when it blocks, yields or ends,
/// or when its time slice ends while it runs program code.
public enum Scheduler {
  static let state = KernelGlobal<SchedulerState?>(nil)

  static var shared: SchedulerState {
    @inline(__always) get {
      guard let shared = state.value else { fatalError("the scheduler has not started") }
      return shared
    }
  }

  /// Must come before the first thread is made.
  public static func start(policy: any SchedulingPolicy) {
    state.value = SchedulerState(policy: policy)
  }

  /// Makes the thread that runs already (`Thread.init(adopting:)`) the current one.
  public static func adopt(_ boot: Thread) {
    shared.running = boot
  }

  /// The thread that runs.
  public static var current: Thread {
    @inline(__always) get { shared.current }
  }

  /// Makes a new thread ready to run.
  public static func add(_ thread: Thread) {
    thread.state = .ready
    shared.enqueue(thread)
  }

  /// Lets the other ready threads run first.
  public static func yield() {
    current.yield()
  }

  /// Lets interrupts in that have arrived, serves them and the timers that are due, and lets the
  /// other ready threads run first: for native code, which runs with interrupts off until it waits.
  public static func yieldToAll() {
    Interrupts.admit()
    current.yield()
  }

  /// Takes the processor from the current thread until `wake`, or until `deadline`. An
  /// interruptible wait that has a reason to end ends at once.
  public static func block(until deadline: Instant, interruptible: Bool) -> WakeReason {
    let shared = shared
    let thread = shared.current
    thread.state = .blocked
    thread.isInterruptible = interruptible
    if deadline != .never { shared.arm(thread.alarm, at: deadline) }
    shared.reschedule()
    if thread.alarm.isPending { shared.timers.remove(thread.alarm) }
    return thread.wakeReason
  }

  /// Blocks the current thread until `deadline` or, if `interruptible`, a signal.
  public static func sleep(until deadline: Instant, interruptible: Bool = true) -> WakeReason {
    if interruptible && current.hasPendingInterruption { return .interrupted }
    return block(until: deadline, interruptible: interruptible)
  }

  /// Makes a blocked thread ready. Returns false, and does nothing, when it is not blocked.
  @discardableResult
  public static func wake(_ thread: Thread, _ reason: WakeReason) -> Bool {
    guard thread.state == .blocked else { return false }
    thread.wakeReason = reason
    thread.state = .ready
    shared.enqueue(thread)
    return true
  }

  /// Ends the wait of `thread` if it is interruptible.
  public static func interrupt(_ thread: Thread) {
    if thread.state == .blocked && thread.isInterruptible { wake(thread, .interrupted) }
  }

  /// Ends the current thread. Whatever the callers' frames hold is never let go.
  public static func exitCurrent() -> Never {
    ThreadContext.leave(for: shared.endCurrent())
  }

  /// Processor time that `thread` has used, up to now if it is the current one.
  public static func timeUsed(by thread: Thread) -> Nanoseconds {
    shared.timeUsed(by: thread)
  }

  /// Arms a timer of the kernel's clock; one that is armed moves.
  public static func arm(_ timer: TimerEntry, at deadline: Instant) {
    shared.arm(timer, at: deadline)
  }

  /// Disarms a timer.
  public static func disarm(_ timer: TimerEntry) {
    shared.timers.remove(timer)
  }

  /// Runs what interrupts have asked for and what timers are due, and switches if the time slice
  /// of the current thread has ended. Called when an interrupt came out of program code.
  public static func serveInterrupt() {
    let shared = shared
    shared.serveEvents()
    if shared.endsSlice() { yield() }
  }

  /// Registers who is called, in thread context, after interrupt `line` has arrived.
  public static func handle(_ line: InterruptLine, by handler: any InterruptHandler) {
    shared.handlers[line.rawValue] = handler
  }
}

/// A device driver's part that runs in thread context after its interrupt.
public protocol InterruptHandler: AnyObject {
  func handleInterrupt()
}
