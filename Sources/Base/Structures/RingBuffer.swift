// SPDX-License-Identifier: BSD-3-Clause

/// A queue: elements leave in the order in which they came. Grows by doubling, never shrinks.
public struct RingBuffer<Element> {
  private var slots: [Element?]
  private var head = 0
  /// How many elements wait.
  public private(set) var count = 0

  /// Creates an empty queue that holds `capacity` elements before it grows.
  public init(minimumCapacity capacity: Int = 0) {
    var size = capacity > 0 ? 4 : 0
    while size < capacity { size &*= 2 }
    slots = [Element?](repeating: nil, count: size)
  }

  /// Whether nothing waits.
  public var isEmpty: Bool { count == 0 }

  /// How many elements fit before the queue allocates.
  public var capacity: Int { slots.count }

  /// The element that leaves next.
  public var first: Element? { count == 0 ? nil : slots[head] }

  /// The element `index` places behind the first. Traps when there is none.
  public subscript(index: Int) -> Element {
    precondition(index >= 0 && index < count, "index out of bounds")
    guard let element = slots[(head &+ index) & (slots.count &- 1)] else {
      preconditionFailure("empty slot in use")
    }
    return element
  }

  /// Adds an element at the end.
  ///
  /// - Complexity: O(1) amortised; allocates only to grow.
  public mutating func append(_ element: Element) {
    if count == slots.count { grow() }
    slots[(head &+ count) & (slots.count &- 1)] = element
    count &+= 1
  }

  /// Takes the first element out, or returns nil when nothing waits.
  ///
  /// - Complexity: O(1).
  public mutating func popFirst() -> Element? {
    guard count > 0 else { return nil }
    let element = slots[head]
    slots[head] = nil
    head = (head &+ 1) & (slots.count &- 1)
    count &-= 1
    return element
  }

  /// Drops everything; keeps the storage.
  public mutating func removeAll() {
    while popFirst() != nil {}
  }

  private mutating func grow() {
    var larger = [Element?](repeating: nil, count: max(4, slots.count &* 2))
    for index in 0..<count {
      larger[index] = slots[(head &+ index) & (slots.count &- 1)]
    }
    slots = larger
    head = 0
  }
}
