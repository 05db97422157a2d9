// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// The address of an interface in the Internet, version 4 (RFC 791).
public struct IPv4Address: Hashable, Comparable, Sendable, BitwiseCopyable {
  /// The number; the first byte on the wire is the highest.
  public let rawValue: UInt32

  @inline(__always)
  public init(_ rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// `a.b.c.d`.
  @inline(__always)
  public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
    rawValue = UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d)
  }

  /// Loads four bytes at `offset`. Traps when they are out of bounds.
  @inline(__always)
  public init(_ bytes: RawSpan, at offset: Int) {
    rawValue = bytes.bigEndian(at: offset)
  }

  /// Stores four bytes at `offset`. Traps when they are out of bounds.
  @inline(__always)
  public func store(in bytes: inout MutableRawSpan, at offset: Int) {
    bytes.storeBigEndian(rawValue, at: offset)
  }

  @inline(__always)
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

  /// INADDR_ANY: no address, or any of the host's own.
  public static let any = IPv4Address(0)
  /// INADDR_BROADCAST: every station on this link.
  public static let broadcast = IPv4Address(0xffff_ffff)
  /// INADDR_LOOPBACK: 127.0.0.1.
  public static let loopback = IPv4Address(0x7f00_0001)

  /// 127.0.0.0/8 (RFC 1122 section 3.2.1.3).
  @inline(__always)
  public var isLoopback: Bool { rawValue >> 24 == 127 }
  /// 224.0.0.0/4.
  @inline(__always)
  public var isMulticast: Bool { rawValue >> 28 == 14 }
  /// 169.254.0.0/16 (RFC 3927).
  public var isLinkLocal: Bool { rawValue >> 16 == 0xa9fe }
  /// 0.0.0.0/8: "this network", never a destination (RFC 1122 section 3.2.1.3).
  @inline(__always)
  public var isThisNetwork: Bool { rawValue >> 24 == 0 }
  /// 240.0.0.0/4 without the broadcast address.
  public var isReserved: Bool { rawValue >> 28 == 15 && rawValue != 0xffff_ffff }
  /// Whether it may be the source of a packet that wants an answer: one station's address.
  @inline(__always)
  public var isUnicast: Bool { rawValue >> 28 < 14 && !isThisNetwork }
}

/// An IPv4 address and how many of its first bits name the network.
public struct IPv4Prefix: Hashable, Sendable, BitwiseCopyable {
  public let address: IPv4Address
  /// 0 to 32 bits.
  public let length: Int

  /// A length out of range is brought into it.
  public init(_ address: IPv4Address, length: Int) {
    self.address = address
    self.length = max(0, min(32, length))
  }

  /// Nil unless the mask is ones followed by zeros.
  public init?(_ address: IPv4Address, mask: IPv4Address) {
    let inverse = ~mask.rawValue
    guard inverse & (inverse &+ 1) == 0 else { return nil }
    self.init(address, length: inverse.leadingZeroBitCount)
  }

  @inline(__always)
  public var mask: IPv4Address {
    IPv4Address(length == 0 ? 0 : ~UInt32(0) << UInt32(32 - length))
  }

  @inline(__always)
  public func contains(_ other: IPv4Address) -> Bool {
    (other.rawValue ^ address.rawValue) & mask.rawValue == 0
  }

  /// The address with all host bits zero.
  public var network: IPv4Address { IPv4Address(address.rawValue & mask.rawValue) }

  /// The address with all host bits one. A prefix of 31 or 32 bits has none (RFC 3021): nil.
  public var broadcast: IPv4Address? {
    length >= 31 ? nil : IPv4Address(address.rawValue | ~mask.rawValue)
  }
}
