// SPDX-License-Identifier: BSD-3-Clause

import CMachine

/// The place of the kernel's heap itself: static memory, since it must be there before any object.
///
/// There is one heap in an image, so one slot; the image uses it with one type only.
// SAFETY (all below): the assembly reserves the bytes, aligned to 64, for nothing else. The heap is
// installed before the first use and lives as long as the kernel.
@safe
public struct HeapSlot<Heap: ~Copyable>: Sendable {
  public init() {}

  private static var pointer: UnsafeMutablePointer<Heap> {
    @inline(__always) get {
      unsafe UnsafeMutablePointer<Heap>(
        bitPattern: UInt(martlet_heap_slot_address())
      ).unsafelyUnwrapped
    }
  }

  /// Puts the heap in its place; once.
  public func install(_ heap: consuming Heap) {
    precondition(
      MemoryLayout<Heap>.size <= Int(MARTLET_HEAP_SLOT_BYTES) - 8, "the heap does not fit")
    unsafe Self.pointer.initialize(to: heap)
    unsafe martlet_store_word(Self.mark, 1)
  }

  /// Whether there is a heap; may be asked at any time.
  public var isInstalled: Bool {
    @inline(__always) get { unsafe martlet_load_word(Self.mark) != 0 }
  }

  /// The last word of the place, zero until the heap is there.
  private static var mark: UInt64 {
    unsafe martlet_heap_slot_address() + UInt64(MARTLET_HEAP_SLOT_BYTES) - 8
  }

  /// The heap, after `install`.
  public var heap: Heap {
    @inline(__always)
    unsafeAddress {
      unsafe UnsafePointer(Self.pointer)
    }
    @inline(__always)
    nonmutating unsafeMutableAddress {
      unsafe Self.pointer
    }
  }
}
