// SPDX-License-Identifier: BSD-3-Clause

/// A variable that threads share which take turns: each runs until it waits, so none sees another's
/// work half done.
///
/// With it a class is `Sendable` by the compiler's own check, and may be a global constant.
// SAFETY: threads of native applications run one at a time: in an image there is one processor and
// its scheduler is cooperative, on the host one of them has the baton (`HostThreads`). Linux images
// have no use for this type.
public final class SharedVariable<Value>: @unchecked Sendable {
  public var value: Value

  public init(_ value: Value) {
    self.value = value
  }
}
