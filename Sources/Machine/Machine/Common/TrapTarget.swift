// SPDX-License-Identifier: BSD-3-Clause

/// What the processor's entry stubs call, on the thread whose program code was left.
///
/// Each method runs on the thread's kernel stack, interrupts off. `ThreadContext.setTarget` binds a
/// thread's context to its target.
open class TrapTarget {
  public init() {}

  /// The program made a system call; its arguments are in the saved registers. Returns what the
  /// program gets as result.
  open func serveSystemCall(_ number: Int) -> Int { -38 }

  /// Called before the way back to program code when the attention flag is set. Clears it.
  open func attend() {}

  /// Program code raised an exception (`ThreadContext.fault`).
  open func handleFault() {}

  /// An interrupt came out of program code.
  open func handleInterrupt() {}
}
