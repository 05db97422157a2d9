// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// The address of an interface in the Internet, version 6 (RFC 4291).
public struct IPv6Address: Hashable, Sendable, BitwiseCopyable {
  /// The first eight bytes on the wire, the first one highest.
  public let high: UInt64
  /// The last eight bytes.
  public let low: UInt64

  @inline(__always)
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Loads 16 bytes at `offset`. Traps when they are out of bounds.
  @inline(__always)
  public init(_ bytes: RawSpan, at offset: Int) {
    high = bytes.bigEndian(at: offset)
    low = bytes.bigEndian(at: offset + 8)
  }

  /// Stores 16 bytes at `offset`. Traps when they are out of bounds.
  @inline(__always)
  public func store(in bytes: inout MutableRawSpan, at offset: Int) {
    bytes.storeBigEndian(high, at: offset)
    bytes.storeBigEndian(low, at: offset + 8)
  }

  /// `::`, in6addr_any.
  public static let any = IPv6Address(high: 0, low: 0)
  /// `::1`.
  public static let loopback = IPv6Address(high: 0, low: 1)
  /// `ff02::1`.
  public static let allNodes = IPv6Address(high: 0xff02_0000_0000_0000, low: 1)
  /// `ff02::2`.
  public static let allRouters = IPv6Address(high: 0xff02_0000_0000_0000, low: 2)

  @inline(__always)
  public var isAny: Bool { high | low == 0 }
  @inline(__always)
  public var isLoopback: Bool { high == 0 && low == 1 }
  /// `ff00::/8`.
  @inline(__always)
  public var isMulticast: Bool { high >> 56 == 0xff }
  /// `fe80::/10`.
  @inline(__always)
  public var isLinkLocal: Bool { high >> 54 == 0x3fa }
  /// `::ffff:0:0/96`; such an address never stands in a packet (RFC 4291 section 2.5.5.2).
  @inline(__always)
  public var isMappedIPv4: Bool { high == 0 && low >> 32 == 0xffff }
  /// Whether it may be the source of a packet that wants an answer.
  @inline(__always)
  public var isUnicast: Bool { !isMulticast && !isAny }

  /// The scope of a group (RFC 4291 section 2.7): 1 interface, 2 link, 5 site, 14 global.
  public var multicastScope: UInt8 { UInt8(truncatingIfNeeded: high >> 48) & 15 }

  /// The group in which neighbour solicitations for this address are sent (RFC 4291 section 2.7.1).
  public var solicitedNodeGroup: IPv6Address {
    IPv6Address(high: 0xff02_0000_0000_0000, low: 0x0000_0001_ff00_0000 | (low & 0xff_ffff))
  }

  /// The address in `fe80::/64` that is made of the station's address (RFC 4291 appendix A).
  public init(linkLocal station: MACAddress) {
    self.init(high: 0xfe80_0000_0000_0000, low: Self.interfaceIdentifier(of: station))
  }

  /// The modified EUI-64 identifier of a station (RFC 4291 appendix A).
  public static func interfaceIdentifier(of station: MACAddress) -> UInt64 {
    let vendor = (station.rawValue >> 24) ^ 0x02_0000
    return vendor << 40 | 0xff_fe00_0000 | (station.rawValue & 0xff_ffff)
  }
}

/// An IPv6 address and how many of its first bits name the network.
public struct IPv6Prefix: Hashable, Sendable, BitwiseCopyable {
  public let address: IPv6Address
  /// 0 to 128 bits.
  public let length: Int

  /// A length out of range is brought into it.
  public init(_ address: IPv6Address, length: Int) {
    self.address = address
    self.length = max(0, min(128, length))
  }

  private var highMask: UInt64 { length == 0 ? 0 : ~0 << UInt64(64 - min(64, length)) }
  private var lowMask: UInt64 { length <= 64 ? 0 : ~0 << UInt64(128 - length) }

  public func contains(_ other: IPv6Address) -> Bool {
    (other.high ^ address.high) & highMask == 0 && (other.low ^ address.low) & lowMask == 0
  }

  /// The address with all bits behind the prefix zero.
  public var network: IPv6Address {
    IPv6Address(high: address.high & highMask, low: address.low & lowMask)
  }
}
