// SPDX-License-Identifier: BSD-3-Clause

import CMachine

// Where the entry stubs (traps.S) come into Swift. The target is not retained: the scheduler holds
// the running thread.

/// The target of the thread that runs.
@inline(__always)
private func withTarget<R>(_ body: (TrapTarget) -> R) -> R {
  // SAFETY: set by ThreadContext.switch to the target of a thread that the scheduler keeps alive
  // while it runs; never zero when program code has run.
  unsafe Unmanaged<TrapTarget>.fromOpaque(
    UnsafeRawPointer(bitPattern: UInt(PerProcessor.load(MARTLET_CPU_CURRENT_TARGET)))
      .unsafelyUnwrapped
  )._withUnsafeGuaranteedRef(body)
}

/// Lends the thread whose program code made the call that is served.
///
/// - Precondition: every thread of the image that runs program code is a `Target`.
@inline(__always)
public func withRunningTarget<Target: TrapTarget>(
  as type: Target.Type, _ body: (Target) -> Int
) -> Int {
  // SAFETY: as in `withTarget`; the class is the image's promise, of which there is one.
  unsafe Unmanaged<Target>.fromOpaque(
    UnsafeRawPointer(bitPattern: UInt(PerProcessor.load(MARTLET_CPU_CURRENT_TARGET)))
      .unsafelyUnwrapped
  )._withUnsafeGuaranteedRef(body)
}

@c(martlet_system_call)
public func trapSystemCall(_ number: Int) -> Int {
  withTarget { $0.serveSystemCall(number) }
}

@c(martlet_attend)
public func trapAttention() {
  withTarget { $0.attend() }
}

@c(martlet_program_fault)
public func trapFault() {
  withTarget { $0.handleFault() }
}

@c(martlet_program_interrupt)
public func trapInterrupt() {
  withTarget { $0.handleInterrupt() }
}
