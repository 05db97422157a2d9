// SPDX-License-Identifier: BSD-3-Clause

/// Where the parts of a split queue lie in its memory (virtio 1.2 section 2.7).
public struct VirtqueueLayout: Equatable, Sendable, BitwiseCopyable {
  /// The size of the queue, a power of two.
  public let size: Int
  /// The descriptor table: 16 bytes each.
  public let descriptors: Int
  /// The available ring: flags, index, the ring itself, used_event (section 2.7.6).
  public let available: Int
  /// The used ring: flags, index, the ring itself, avail_event (section 2.7.8).
  public let used: Int
  // Stored, because they are asked for with each chain.
  let usedEvent: Int
  let availableEvent: Int

  /// Lays out a queue of `size` descriptors from `offset` on, a multiple of 16.
  public init(size: Int, offset: Int = 0) {
    self.size = size
    descriptors = offset
    available = offset &+ size &* 16
    usedEvent = available &+ 4 &+ size &* 2
    used = (usedEvent &+ 2 &+ 3) & ~3
    availableEvent = used &+ 4 &+ size &* 8
  }

  /// The first byte behind the queue.
  public var end: Int { availableEvent &+ 2 }

  /// How much memory the queue takes, rounded up so that another one may follow.
  public var byteCount: Int { ((end &+ 15) & ~15) &- descriptors }

  @inline(__always) var availableFlags: Int { available }
  @inline(__always) var availableIndex: Int { available &+ 2 }
  @inline(__always) var usedFlags: Int { used }
  @inline(__always) var usedIndex: Int { used &+ 2 }

  @inline(__always)
  func availableEntry(_ index: UInt16) -> Int {
    available &+ 4 &+ (Int(index) & (size &- 1)) &* 2
  }

  @inline(__always)
  func usedEntry(_ index: UInt16) -> Int {
    used &+ 4 &+ (Int(index) & (size &- 1)) &* 8
  }
}
