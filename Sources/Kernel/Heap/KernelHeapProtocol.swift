// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine

/// A general allocator for the kernel: what `malloc` is made of.
///
/// A heap may not allocate objects itself. It manages words of memory that it was given, and asks
/// its grower for more. Which heap an image has is chosen by configuration.
public protocol KernelHeapProtocol: ~Copyable {
  /// A heap with its first memory, of at least 64 KiB.
  init(first memory: HeapMemory)

  /// Where more memory comes from; without a grower the heap stays as it is.
  mutating func setGrower(_ grower: any HeapGrower)

  /// The address of `byteCount` bytes that nobody else has, at a multiple of `alignment` (a power
  /// of two; 16 at least), or 0 when there is no memory. Zero bytes are an allocation too.
  mutating func allocate(_ byteCount: Int, alignment: Int) -> UInt

  /// Takes back what `allocate` gave. Anything else, and anything twice, stops the kernel.
  mutating func free(_ address: UInt)

  /// How many bytes may be used at an allocated address; at least what was asked for.
  func usableSize(_ address: UInt) -> Int

  var statistics: HeapStatistics { get }
}

/// Gives a heap more memory. It must not allocate from the heap.
public protocol HeapGrower: AnyObject {
  /// At least `byteCount` bytes that follow one another, or nil when there are none.
  func grow(atLeast byteCount: Int) -> HeapMemory?
}

/// How full a heap is, in bytes.
public struct HeapStatistics: Sendable {
  /// Given to the heap.
  public var total = 0
  /// Allocated, with headers.
  public var used = 0

  public init() {}
}

/// The programmer's errors that a heap finds; each stops the kernel.
public enum HeapError: Error, Sendable {
  /// The address was freed before.
  case doubleFree
  /// The address is not the start of an allocation.
  case invalidAddress
}

extension HeapError {
  /// Stops the kernel, with a sentence that the tool finds at the trap.
  public func stop() -> Never {
    switch self {
    case .doubleFree: preconditionFailure("memory of the kernel's heap was freed twice")
    case .invalidAddress: preconditionFailure("an address that is no allocation was freed")
    }
  }
}
