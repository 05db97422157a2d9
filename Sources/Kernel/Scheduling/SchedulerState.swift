// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Clock
import Machine
import TimerWheel

/// What the scheduler knows; one for the processor.
final class SchedulerState {
  let policy: any SchedulingPolicy
  var current: Thread
  var timers = TimerWheel()
  var handlers: [(any InterruptHandler)?]
  /// The end of the current time slice while other threads are ready.
  var sliceEnd: Instant?
  private var alarmSetFor = Instant.never
  private var switchedAt = Instant.start
  /// A thread that has ended and whose stack may go once another runs.
  private var ended: Thread?

  init(policy: any SchedulingPolicy, current: Thread) {
    self.policy = policy
    self.current = current
    handlers = Array(repeating: nil, count: InterruptLine.count)
  }

  func enqueue(_ thread: Thread) {
    policy.enqueue(thread)
    if sliceEnd == nil, let slice = policy.timeSlice { startSlice(slice) }
  }

  private func startSlice(_ slice: Nanoseconds) {
    let end = Clock.now() + slice
    sliceEnd = end
    setAlarm(noLaterThan: end)
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
    while let timer = timers.takeDue(at: now) { timer.fire(at: now) }
    var next = timers.nextEvent
    if let sliceEnd, sliceEnd > now { next = min(next, sliceEnd) }
    if next != .never { setAlarm(noLaterThan: next) }
  }

  /// Runs another thread, or waits for an event until there is one. Returns when the thread that
  /// called runs again; at once, when it is the next one itself.
  func reschedule() {
    let previous = current
    var next = policy.dequeue()
    while next == nil {
      Interrupts.waitForOne()
      serveEvents()
      next = policy.dequeue()
    }
    guard let next else { return }
    next.state = .running
    sliceEnd = nil
    if !policy.isEmpty, let slice = policy.timeSlice { startSlice(slice) }
    if next === previous { return }
    switchThreads(from: previous, to: next)
  }

  private func switchThreads(from previous: Thread, to next: Thread) {
    let now = Clock.now()
    previous.timeUsed = Nanoseconds(previous.timeUsed.count &+ (now - switchedAt).count)
    switchedAt = now
    current = next
    if previous.state == .ended { ended = previous }
    previous.willSwitchOut()
    ThreadContext.switch(from: previous.context, to: next.context)
    // Here runs the thread that was `previous` above, some time later.
    current.didSwitchIn()
    ended = nil
  }

  func timeUsed(by thread: Thread) -> Nanoseconds {
    guard thread === current else { return thread.timeUsed }
    return Nanoseconds(thread.timeUsed.count &+ (Clock.now() - switchedAt).count)
  }

  /// Where a new thread begins.
  func enterNewThread() {
    ended = nil
    current.didSwitchIn()
    current.run()
    Scheduler.exitCurrent()
  }
}

/// The first call of a new thread's stack (see `ThreadContext`).
@c(martlet_thread_main)
public func threadMain() {
  Scheduler.state.value?.enterNewThread()
}
