// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import LinuxCore
import LinuxSockets

/// `struct sockaddr_in` and `struct sockaddr_in6` (`ip(7)`, `ipv6(7)`).
enum InternetAddress {
  private static let byteCount4 = 16
  private static let byteCount6 = 28
  /// Without `sin6_scope_id`, as RFC 2133 had it.
  private static let leastByteCount6 = 24

  /// The address and port that a program names. Throws `invalidArgument`,
  /// `addressFamilyNotSupported` for one of another family than the socket's.
  static func endpoint(
    _ address: SocketAddress, family: Int32
  ) throws(SystemError) -> Endpoint {
    let bytes = RawSpan(_elements: address.bytes.span)
    guard address.family == family else { throw .addressFamilyNotSupported }
    if family == SocketFamilies.internet {
      guard bytes.byteCount >= byteCount4 else { throw .invalidArgument }
      return Endpoint(IPAddress(IPv4Address(bytes, at: 4)), bytes.bigEndian(at: 2))
    }
    guard bytes.byteCount >= leastByteCount6 else { throw .invalidArgument }
    return Endpoint(IPAddress(IPv6Address(bytes, at: 8)), bytes.bigEndian(at: 2))
  }

  /// How a socket of `family` sees an address: one of version 6 sees version 4 as mapped.
  static func socketAddress(_ endpoint: Endpoint, family: Int32) -> SocketAddress {
    var bytes = [UInt8](
      repeating: 0, count: family == SocketFamilies.internet ? byteCount4 : byteCount6)
    bytes.put(UInt16(truncatingIfNeeded: family), at: 0)
    bytes.put(endpoint.port.bigEndian, at: 2)
    if family == SocketFamilies.internet {
      bytes.put((endpoint.address.ipv4 ?? .any).rawValue.bigEndian, at: 4)
    } else if !(endpoint.address.isAny && endpoint.address.isIPv4) {
      let mapped = endpoint.address.mapped
      bytes.put(mapped.high.bigEndian, at: 8)
      bytes.put(mapped.low.bigEndian, at: 16)
      // There is one interface that link-local addresses can be on.
      if mapped.isLinkLocal { bytes.put(UInt32(2), at: 24) }
    }
    return SocketAddress(bytes: bytes)
  }

  /// The address that stands for all of a family.
  static func any(family: Int32) -> IPAddress {
    family == SocketFamilies.internet ? IPAddress(IPv4Address.any) : IPAddress(IPv6Address.any)
  }
}
