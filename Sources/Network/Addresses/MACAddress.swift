// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// The address of a station on an Ethernet (IEEE 802), six bytes.
public struct MACAddress: Hashable, Sendable, BitwiseCopyable {
  /// The six bytes, the first one on the wire being the highest of the 48 bits.
  public let rawValue: UInt64

  /// Bits above the 48 are dropped.
  @inline(__always)
  public init(_ rawValue: UInt64) {
    self.rawValue = rawValue & 0xffff_ffff_ffff
  }

  /// Loads six bytes at `offset`. Traps when they are out of bounds.
  @inline(__always)
  public init(_ bytes: RawSpan, at offset: Int) {
    rawValue =
      UInt64(bytes.bigEndian(at: offset, as: UInt32.self)) << 16
      | UInt64(bytes.bigEndian(at: offset + 4, as: UInt16.self))
  }

  /// Stores six bytes at `offset`. Traps when they are out of bounds.
  @inline(__always)
  public func store(in bytes: inout MutableRawSpan, at offset: Int) {
    bytes.storeBigEndian(UInt32(truncatingIfNeeded: rawValue >> 16), at: offset)
    bytes.storeBigEndian(UInt16(truncatingIfNeeded: rawValue), at: offset + 4)
  }

  public static let zero = MACAddress(0)
  public static let broadcast = MACAddress(0xffff_ffff_ffff)

  /// Whether it names a group of stations; the broadcast address does.
  @inline(__always)
  public var isMulticast: Bool { rawValue & (1 << 40) != 0 }

  /// The group address of an IPv4 group (RFC 1112 section 6.4).
  public init(group: IPv4Address) {
    self.init(0x0100_5e00_0000 | UInt64(group.rawValue & 0x7f_ffff))
  }

  /// The group address of an IPv6 group (RFC 2464 section 7).
  public init(group: IPv6Address) {
    self.init(0x3333_0000_0000 | (group.low & 0xffff_ffff))
  }
}
