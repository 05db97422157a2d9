// SPDX-License-Identifier: BSD-3-Clause

/// Lends the thread whose program code made a call. There is none on the host.
public func withRunningTarget<Target: TrapTarget>(
  as type: Target.Type, _ body: (Target) -> Int
) -> Int {
  preconditionFailure("the host does not run programs")
}
