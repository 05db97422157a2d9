// SPDX-License-Identifier: BSD-3-Clause

/// A variable of the kernel's own, for `static let` members.
///
/// The kernel runs on one processor at a time and is never preempted, so a plain variable is
/// enough: no lock, no atomic. An interrupt handler must not touch one.
///
/// It is made at the first access, on the heap, which must be there before.
// SAFETY (all below): the memory is allocated once and never freed, and only the accessor below
// reaches it. `@unchecked Sendable` holds because kernel code never runs on two processors at once
// and is never preempted (Docs/Architecture.md, "The kernel is one thread of control").
@safe
public struct KernelGlobal<Value>: @unchecked Sendable {
  // Not a class: Swift 6.3 lays a constant object out statically and then gives every module that
  // inlines the accessor a private copy of it (Docs/Facts.md).
  private let storage: UnsafeMutablePointer<Value>

  public init(_ value: Value) {
    unsafe storage = .allocate(capacity: 1)
    unsafe storage.initialize(to: value)
  }

  public var value: Value {
    @inline(__always)
    unsafeAddress {
      unsafe UnsafePointer(storage)
    }
    @inline(__always)
    nonmutating unsafeMutableAddress {
      unsafe storage
    }
  }
}
