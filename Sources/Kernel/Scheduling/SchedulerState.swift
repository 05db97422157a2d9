// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Clock
import Machine
import TimerWheel

/// What the scheduler knows; one for the processor.
final class SchedulerState {
  let policy: any SchedulingPolicy
  /// The thread that runs; nil only until the boot thread has been adopted.
  var running: Thread?
  var timers = TimerWheel()
  var handlers: [(any InterruptHandler)?]
  /// Whether the timer will run out before or when the present time slice ends. It is set once and
  /// not at every switch: who finds it too early sets it again.
  private var hasSliceAlarm = false
  private var alarmSetFor = Instant.never
  /// The cycle counter at the last switch.
  private var switchedAt = CycleCounter.read()
  /// A thread that has ended and whose stack may go once another runs.
  private var ended: Thread?

  init(policy: any SchedulingPolicy) {
    self.policy = policy
    handlers = Array(repeating: nil, count: InterruptLine.count)
  }

  var current: Thread {
    @inline(__always) get {
      guard let running else { fatalError("no thread runs yet") }
      return running
    }
  }

  func enqueue(_ thread: Thread) {
    policy.enqueue(thread)
    if !hasSliceAlarm { startSlice() }
  }

  /// Sees to it that the timer runs out within a slice: others are ready.
  private func startSlice() {
    guard let slice = policy.timeSlice else { return }
    hasSliceAlarm = true
    setAlarm(noLaterThan: Clock.now() + slice)
  }

  func arm(_ timer: TimerEntry, at deadline: Instant) {
    timers.insert(timer, at: deadline)
    setAlarm(noLaterThan: deadline)
  }

  /// Sets the local timer, unless it is set for an earlier time.
  private func setAlarm(noLaterThan deadline: Instant) {
    guard deadline < alarmSetFor else { return }
    alarmSetFor = deadline
    let now = Clock.now()
    LocalTimer.arm(after: deadline > now ? UInt64((deadline - now).count) : 0)
  }

  /// Runs the handlers of interrupts that arrived, and the timers that are due.
  @inline(__always)
  func serveEvents() {
    let pending = Interrupts.takePending()
    if pending != 0 { serve(pending) }
  }

  private func serve(_ lines: UInt64) {
    var pending = lines & ~(1 << UInt64(InterruptLine.timer.rawValue))
    while pending != 0 {
      let line = pending.trailingZeroBitCount
      pending &= pending - 1
      handlers[line]?.handleInterrupt()
    }
    if lines & 1 << UInt64(InterruptLine.timer.rawValue) != 0 { serveTimers() }
  }

  /// The local timer has run out. It may be early, when its clock and ours differ a little.
  private func serveTimers() {
    alarmSetFor = .never
    let now = Clock.now()
    Clock.recalibrateIfDue(at: now)
    TranslationCache.adapt(at: now)
    while let timer = timers.takeDue(at: now) { timer.fire(at: now) }
    let next = timers.nextEvent
    if next != .never { setAlarm(noLaterThan: next) }
    hasSliceAlarm = false
  }

  /// Whether the current thread's time slice has ended while others wait. If it has not, the timer
  /// is set for its rest.
  func endsSlice() -> Bool {
    guard !policy.isEmpty, let slice = policy.timeSlice else { return false }
    let used = Clock.nanoseconds(ofCycles: CycleCounter.read() &- switchedAt)
    if used >= slice.count { return true }
    if !hasSliceAlarm {
      hasSliceAlarm = true
      setAlarm(noLaterThan: Clock.now() + Nanoseconds(slice.count - used))
    }
    return false
  }

  /// Lets the next ready thread run; the current one, `thread`, waits behind the others.
  @inline(__always)
  func yield(_ thread: Thread) {
    serveEvents()
    guard policy.rotate(&running) else { return }
    thread.state = .ready
    if !hasSliceAlarm { startSlice() }
    switchFrom(thread)
  }

  /// Runs another thread, or waits for an event until there is one. Returns when the thread that
  /// called runs again; at once, when it is the next one itself.
  func reschedule() {
    let previous = current
    let next = awaitReady()
    if next === previous {
      previous.state = .running
      return
    }
    running = next
    switchFrom(previous)
  }

  /// The thread that is to run next; sleeps until there is one.
  @inline(__always)
  private func awaitReady() -> Thread {
    var next = policy.dequeue()
    while next == nil {
      EventBatch.pause()
      next = policy.dequeue()
      guard next == nil else { break }
      // Sleep is nobody's time, though it passes on this thread's stack.
      let before = CycleCounter.read()
      Interrupts.waitForOne()
      switchedAt &+= CycleCounter.read() &- before
      serveEvents()
      next = policy.dequeue()
    }
    guard let next else { fatalError("no thread is ready") }
    if !hasSliceAlarm && !policy.isEmpty { startSlice() }
    return next
  }

  /// Ends the current thread; says who runs instead.
  ///
  /// It returns before the switch, because a frame that the switch leaves for good would keep its
  /// reference to the thread, and so the thread and its stack, for ever.
  @inline(never)
  func endCurrent() -> ThreadContext.Resumption {
    let previous = current
    previous.state = .ended
    previous.detach()
    let next = awaitReady()
    account(to: previous)
    ended = previous
    running = next
    return markRunning()
  }

  /// Goes on with the thread that is `running` now.
  @inline(__always)
  private func switchFrom(_ previous: Thread) {
    account(to: previous)
    ThreadContext.switch(from: previous.context, to: markRunning())
    // Here runs the thread that was `previous` above, some time later.
    if ended != nil { ended = nil }
  }

  /// The processor's time since the last switch was the thread's.
  @inline(__always)
  private func account(to thread: Thread) {
    let now = CycleCounter.read()
    thread.cyclesUsed &+= now &- switchedAt
    switchedAt = now
  }

  /// In a scope of its own, so that no reference is held across the switch.
  @inline(__always)
  private func markRunning() -> ThreadContext.Resumption {
    let thread = current
    thread.state = .running
    return thread.context.resumption
  }

  func timeUsed(by thread: Thread) -> Nanoseconds {
    var cycles = thread.cyclesUsed
    if thread === current { cycles &+= CycleCounter.read() &- switchedAt }
    return Nanoseconds(Clock.nanoseconds(ofCycles: cycles))
  }

  /// Where a new thread begins.
  func enterNewThread() {
    ended = nil
    if runCurrent() { ThreadContext.enterProgram() }
    Scheduler.exitCurrent()
  }

  /// Returns whether the thread's program is to begin. In a scope of its own, so that no reference
  /// to the thread is held when it is left for good.
  @inline(never)
  private func runCurrent() -> Bool {
    let thread = current
    thread.run()
    return thread.entersProgram
  }
}

/// The first call of a new thread's stack (see `ThreadContext`).
@c(martlet_thread_main)
public func threadMain() {
  Scheduler.state.value?.enterNewThread()
}
