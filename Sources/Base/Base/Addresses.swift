// SPDX-License-Identifier: BSD-3-Clause

/// The size of a page and of a frame, in bytes.
public let pageSize = 4096

/// An address in the one virtual address space.
public struct VirtualAddress: Hashable, Comparable, Sendable, BitwiseCopyable {
  public let rawValue: UInt

  @inline(__always)
  public init(_ rawValue: UInt) {
    self.rawValue = rawValue
  }

  @inline(__always)
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

  /// Wraps around; callers that take addresses from outside check first.
  @inline(__always)
  public static func + (address: Self, offset: Int) -> Self {
    Self(address.rawValue &+ UInt(bitPattern: offset))
  }

  /// The distance in bytes.
  @inline(__always)
  public static func - (left: Self, right: Self) -> Int {
    Int(bitPattern: left.rawValue &- right.rawValue)
  }

  /// The start of the page that holds this address.
  @inline(__always)
  public var pageStart: Self { Self(rawValue & ~UInt(pageSize - 1)) }

  /// The offset inside its page.
  @inline(__always)
  public var pageOffset: Int { Int(rawValue & UInt(pageSize - 1)) }

  @inline(__always)
  public var isPageAligned: Bool { pageOffset == 0 }
}

/// An address on the memory bus.
public struct PhysicalAddress: Hashable, Comparable, Sendable, BitwiseCopyable {
  public let rawValue: UInt

  @inline(__always)
  public init(_ rawValue: UInt) {
    self.rawValue = rawValue
  }

  @inline(__always)
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

  @inline(__always)
  public static func + (address: Self, offset: Int) -> Self {
    Self(address.rawValue &+ UInt(bitPattern: offset))
  }
}

/// The number of a 4 KiB frame of physical memory: its physical address divided by the page size.
///
/// A plain number: it says which frame, not who owns it.
public struct FrameNumber: Hashable, Comparable, Sendable, BitwiseCopyable {
  public let rawValue: UInt32

  @inline(__always)
  public init(_ rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// The frame that holds `address`.
  @inline(__always)
  public init(containing address: PhysicalAddress) {
    self.rawValue = UInt32(truncatingIfNeeded: address.rawValue >> 12)
  }

  @inline(__always)
  public var start: PhysicalAddress { PhysicalAddress(UInt(rawValue) << 12) }

  @inline(__always)
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

  @inline(__always)
  public static func + (frame: Self, count: Int) -> Self {
    Self(UInt32(truncatingIfNeeded: Int(frame.rawValue) &+ count))
  }
}

/// A half-open range of virtual addresses, page-aligned at both ends wherever pages are meant.
public struct AddressRange: Hashable, Sendable, BitwiseCopyable {
  public let start: VirtualAddress
  public let end: VirtualAddress

  /// Traps when `end` lies before `start`.
  @inline(__always)
  public init(start: VirtualAddress, end: VirtualAddress) {
    precondition(start <= end, "range ends before it starts")
    self.start = start
    self.end = end
  }

  @inline(__always)
  public init(start: VirtualAddress, byteCount: Int) {
    self.init(start: start, end: start + byteCount)
  }

  @inline(__always)
  public var byteCount: Int { end - start }

  @inline(__always)
  public var isEmpty: Bool { start == end }

  @inline(__always)
  public func contains(_ address: VirtualAddress) -> Bool { address >= start && address < end }

  public func contains(_ other: Self) -> Bool { other.start >= start && other.end <= end }

  public func overlaps(_ other: Self) -> Bool { start < other.end && other.start < end }

  /// What both have in common, or nil.
  public func intersection(_ other: Self) -> Self? {
    let low = max(start, other.start)
    let high = min(end, other.end)
    return low < high ? Self(start: low, end: high) : nil
  }
}

/// Rounds up to a multiple of `alignment`, a power of two. Wraps on overflow.
@inline(__always)
public func roundedUp(_ value: Int, to alignment: Int) -> Int {
  (value &+ alignment &- 1) & ~(alignment &- 1)
}

/// Rounds up to a multiple of `alignment`, a power of two. Wraps on overflow.
@inline(__always)
public func roundedUp(_ value: UInt, to alignment: UInt) -> UInt {
  (value &+ alignment &- 1) & ~(alignment &- 1)
}
