// SPDX-License-Identifier: BSD-3-Clause

/// A variable of the kernel's own.
///
/// The kernel runs on one processor at a time and is never preempted, so a plain variable is
/// enough: no lock, no atomic. An interrupt handler must not touch one.
///
/// Give a constant as the initial value: the compiler then lays the object out in the data
/// section, and an access is one load.
public final class KernelGlobal<Value>: @unchecked Sendable {
  // SAFETY: `@unchecked Sendable` holds because kernel code never runs on two processors at once
  // and is never preempted (Docs/Architecture.md, "The kernel is one thread of control").
  public var value: Value

  public init(_ value: Value) {
    self.value = value
  }
}
