// SPDX-License-Identifier: BSD-3-Clause

/// An address of either version, in 16 bytes.
///
/// A version 4 address is kept as `::ffff:a.b.c.d` (RFC 4291 section 2.5.5.2), as dual-stack
/// sockets show it; so two addresses are compared with two instructions.
public struct IPAddress: Hashable, Sendable, BitwiseCopyable {
  /// The address, a version 4 one in its mapped form.
  public let mapped: IPv6Address

  /// A mapped address becomes the version 4 address that it stands for.
  @inline(__always)
  public init(_ address: IPv6Address) {
    mapped = address
  }

  @inline(__always)
  public init(_ address: IPv4Address) {
    mapped = IPv6Address(high: 0, low: 0xffff_0000_0000 | UInt64(address.rawValue))
  }

  @inline(__always)
  public static func v4(_ address: IPv4Address) -> Self { Self(address) }
  @inline(__always)
  public static func v6(_ address: IPv6Address) -> Self { Self(address) }

  @inline(__always)
  public var isIPv4: Bool { mapped.isMappedIPv4 }

  /// The version 4 address, or nil when it is one of version 6.
  @inline(__always)
  public var ipv4: IPv4Address? {
    isIPv4 ? IPv4Address(UInt32(truncatingIfNeeded: mapped.low)) : nil
  }

  /// The version 6 address, or nil when it is one of version 4.
  @inline(__always)
  public var ipv6: IPv6Address? { isIPv4 ? nil : mapped }

  /// Whether it is the "any" address of its version.
  @inline(__always)
  public var isAny: Bool { mapped.isAny || (mapped.high == 0 && mapped.low == 0xffff_0000_0000) }
  public var isLoopback: Bool { ipv4?.isLoopback ?? mapped.isLoopback }
  public var isMulticast: Bool { ipv4?.isMulticast ?? mapped.isMulticast }
  public var isUnicast: Bool { ipv4?.isUnicast ?? mapped.isUnicast }
}

/// An address and a port of a transport protocol.
public struct Endpoint: Hashable, Sendable, BitwiseCopyable {
  public let address: IPAddress
  public let port: UInt16

  @inline(__always)
  public init(_ address: IPAddress, _ port: UInt16) {
    self.address = address
    self.port = port
  }
}
