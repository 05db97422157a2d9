// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine

/// Gives out the frames of physical memory.
///
/// One word for each frame, in memory of its own: the next free frame while the frame is free, the
/// number of its users while it is not. Frames that were never used come from cursors over the
/// memory's ranges, so that starting costs nothing, however much memory there is; frames that came
/// back form a stack. Runs of frames come from the cursors, and when these are used up, from a
/// search for frames that came back and follow one another.
///
/// - Complexity: O(1); a run is O(ranges), or O(frames) when it has to be searched.
public final class FrameAllocator: FrameSource {
  /// Frames from `first` up to, not including, `end`.
  public struct Range: Sendable {
    public var first: UInt32
    public var end: UInt32

    public init(first: UInt32, end: UInt32) {
      self.first = first
      self.end = end
    }

    var count: Int { Int(end &- first) }
  }

  /// Marks a free frame's word; the rest is the next free one.
  private static let freeMark: UInt32 = 0x8000_0000
  private static let none: UInt32 = 0x7fff_ffff

  private let metadata: HeapMemory
  private let ranges: [Range]
  /// What of each range was never given out.
  private var fresh: [Range]
  /// The range that single fresh frames come from.
  private var freshIndex = 0
  private var top = FrameAllocator.none
  private var recycledCount = 0
  private var freshCount: Int
  /// Frames that only the kernel itself may still have: it must be able to make tables and objects
  /// when programs have used up the rest.
  public let reserve: Int
  public let totalCount: Int

  /// - Parameters:
  ///   - metadata: `metadataByteCount(upTo:)` bytes with any contents.
  ///   - ranges: the memory; disjoint.
  public init(metadata: HeapMemory, ranges: [Range], reserve: Int) {
    self.metadata = metadata
    self.ranges = ranges
    fresh = []
    var count = 0
    // A storage of its own from the start: the first change of a shared one would copy it, and ask
    // the heap for memory just when the heap asks for frames.
    for range in ranges {
      fresh.append(range)
      precondition(
        Int(range.end) * 4 <= metadata.byteCount, "a range lies beyond the metadata")
      count += range.count
    }
    freshCount = count
    totalCount = count
    self.reserve = min(reserve, count / 8)
  }

  /// The bytes of metadata for frames below `end`.
  public static func metadataByteCount(upTo end: UInt32) -> Int { Int(end) * 4 }

  /// Whether only the kernel's reserve is left. Whoever makes page tables for a program on demand
  /// asks first: the tables come out of the reserve too.
  @inline(__always)
  public var isLow: Bool { freeCount <= reserve }

  /// Frames that nobody has.
  public var freeCount: Int { freshCount &+ recycledCount }

  // MARK: Single frames

  /// A frame with any contents and one user, or nil when only the kernel's reserve is left.
  @inline(__always)
  public func allocate() -> FrameNumber? {
    guard !isLow else { return nil }
    return take()
  }

  /// As `allocate`, and may use the reserve.
  public func allocateTableFrame() -> FrameNumber? { take() }

  @inline(__always)
  private func take() -> FrameNumber? {
    let frame = top
    guard frame != Self.none else { return takeFresh() }
    let word = load(frame)
    precondition(word & Self.freeMark != 0, "a frame in the list of free frames is in use")
    top = word & ~Self.freeMark
    recycledCount &-= 1
    store(1, frame)
    return FrameNumber(frame)
  }

  private func takeFresh() -> FrameNumber? {
    while freshIndex < fresh.count {
      let frame = fresh[freshIndex].first
      if frame < fresh[freshIndex].end {
        fresh[freshIndex].first = frame &+ 1
        freshCount &-= 1
        store(1, frame)
        return FrameNumber(frame)
      }
      freshIndex &+= 1
    }
    return nil
  }

  /// Takes back a frame from its only user.
  @inline(__always)
  public func free(_ frame: FrameNumber) {
    precondition(load(frame.rawValue) == 1, "a frame was freed twice, or while it is shared")
    push(frame.rawValue)
  }

  public func releaseTableFrame(_ frame: FrameNumber) { free(frame) }

  @inline(__always)
  private func push(_ frame: UInt32) {
    store(Self.freeMark | top, frame)
    top = frame
    recycledCount &+= 1
  }

  // MARK: Shared frames

  /// One more user of a frame.
  @inline(__always)
  public func retain(_ frame: FrameNumber) {
    let count = load(frame.rawValue)
    precondition(count > 0 && count < 0x4000_0000, "a free frame was retained")
    store(count &+ 1, frame.rawValue)
  }

  /// One user less; the last one frees the frame.
  @inline(__always)
  public func release(_ frame: FrameNumber) {
    let count = load(frame.rawValue)
    precondition(count > 0 && count < 0x4000_0000, "a free frame was released")
    if count == 1 { push(frame.rawValue) } else { store(count &- 1, frame.rawValue) }
  }

  /// How many users an allocated frame has.
  @inline(__always)
  public func userCount(of frame: FrameNumber) -> Int { Int(load(frame.rawValue)) }

  // MARK: Runs

  /// `count` frames that follow one another, each with one user, or nil.
  public func allocateContiguous(_ count: Int) -> FrameNumber? {
    precondition(count > 0, "a run of no frames")
    if count == 1 { return take() }
    for index in fresh.indices where fresh[index].count >= count {
      // From the end, so that single frames and runs do not mix.
      fresh[index].end &-= UInt32(count)
      freshCount &-= count
      let first = fresh[index].end
      for frame in first..<first &+ UInt32(count) { store(1, frame) }
      return FrameNumber(first)
    }
    return takeRecycledRun(count)
  }

  /// Finds a run among the frames that came back, and takes them out of the stack.
  private func takeRecycledRun(_ count: Int) -> FrameNumber? {
    // No range has as many as `count` fresh frames left: so these are few.
    for index in fresh.indices {
      while fresh[index].count > 0 {
        push(fresh[index].first)
        fresh[index].first &+= 1
      }
    }
    freshCount = 0
    guard recycledCount >= count, let first = findRecycledRun(count) else { return nil }
    let end = first &+ UInt32(count)
    // The stack without the run: each frame's word is relinked past those that go.
    var above: UInt32 = Self.none
    var frame = top
    top = Self.none
    while frame != Self.none {
      let next = load(frame) & ~Self.freeMark
      if frame < first || frame >= end {
        if above == Self.none { top = frame } else { store(Self.freeMark | frame, above) }
        above = frame
      }
      frame = next
    }
    if above != Self.none { store(Self.freeMark | Self.none, above) }
    for frame in first..<end { store(1, frame) }
    recycledCount &-= count
    return FrameNumber(first)
  }

  private func findRecycledRun(_ count: Int) -> UInt32? {
    for range in ranges {
      var length = 0
      for frame in range.first..<range.end {
        length = load(frame) & Self.freeMark != 0 ? length &+ 1 : 0
        if length == count { return frame &+ 1 &- UInt32(count) }
      }
    }
    return nil
  }

  public func releaseContiguous(_ frame: FrameNumber, _ count: Int) {
    for index in 0..<count { free(frame + index) }
  }

  // MARK: Metadata

  @inline(__always)
  private func load(_ frame: UInt32) -> UInt32 {
    metadata.load32(at: metadata.start &+ UInt(frame) &* 4)
  }

  @inline(__always)
  private func store(_ value: UInt32, _ frame: UInt32) {
    metadata.store32(value, at: metadata.start &+ UInt(frame) &* 4)
  }
}
