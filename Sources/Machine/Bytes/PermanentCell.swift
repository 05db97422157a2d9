// SPDX-License-Identifier: BSD-3-Clause

/// A variable that lives for ever: made once on the heap, never moved, never freed.
///
/// It is a plain word, so records that are recycled instead of freed can be linked with one
/// another without counting references. Two are equal when they are the same variable.
// SAFETY (all below): the memory is allocated once and never freed, so it can be reached as long
// as the kernel runs; only the accessor below reaches it. `@unchecked Sendable` holds because
// kernel code is one thread of control (Docs/Architecture.md).
@safe
public struct PermanentCell<Value>: @unchecked Sendable {
  private let storage: UnsafeMutablePointer<Value>

  /// Allocates the variable. It can never be given back: keep a list of unused ones.
  public init(_ value: Value) {
    unsafe storage = .allocate(capacity: 1)
    unsafe storage.initialize(to: value)
  }

  /// One that was allocated with others.
  init(_ storage: UnsafeMutablePointer<Value>) {
    unsafe self.storage = storage
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

extension PermanentCell: Equatable {
  @inline(__always)
  public static func == (left: Self, right: Self) -> Bool {
    unsafe left.storage == right.storage
  }
}
