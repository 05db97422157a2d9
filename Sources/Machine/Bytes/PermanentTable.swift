// SPDX-License-Identifier: BSD-3-Clause

/// A fixed number of variables that live for ever: made once on the heap, never moved, never freed.
///
/// Unlike an array it may hold what cannot be copied, and an access costs a comparison and no
/// uniqueness check: for the records of queues that last as long as their device.
// SAFETY (all below): the memory is allocated and initialized once and never freed; every access is
// checked against the count. `@unchecked Sendable` holds because kernel code is one thread of
// control (Docs/Architecture.md).
@safe
public struct PermanentTable<Element: ~Copyable>: @unchecked Sendable {
  private let storage: UnsafeMutablePointer<Element>
  /// How many variables there are.
  public let count: Int

  /// Allocates the variables. They can never be given back. Traps when `count` is negative.
  public init(count: Int, _ makeElement: (_ index: Int) -> Element) {
    precondition(count >= 0, "a table has a negative size")
    unsafe storage = .allocate(capacity: count)
    self.count = count
    for index in 0..<count {
      unsafe (storage + index).initialize(to: makeElement(index))
    }
  }

  /// The variable at `index`. Traps when it is out of bounds.
  public subscript(index: Int) -> Element {
    @inline(__always)
    unsafeAddress {
      precondition(index >= 0 && index < count, "index out of the table")
      return unsafe UnsafePointer(storage + index)
    }
    @inline(__always)
    nonmutating unsafeMutableAddress {
      precondition(index >= 0 && index < count, "index out of the table")
      return unsafe storage + index
    }
  }
}

extension PermanentTable {
  /// The variable at `index` by itself: many are made by one allocation. Traps when it is out of
  /// bounds.
  public func cell(at index: Int) -> PermanentCell<Element> {
    precondition(index >= 0 && index < count, "index out of the table")
    return unsafe PermanentCell(storage + index)
  }
}
