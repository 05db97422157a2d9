// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes
import MartletNetwork
import MartletTime

/// Why a name has no address.
public enum NameError: Error, Equatable, Sendable {
  /// It is no name of a host (RFC 1123 section 2.1).
  case invalid
  /// There is no such name, or it has no address.
  case notFound
  /// No name server is known.
  case noServer
  /// The servers could not tell.
  case failed
  /// No server has answered, or the deadline has come.
  case timedOut
  /// The machine has no network.
  case noNetwork
}

/// The names of the Internet.
///
/// ```swift
/// import Martlet
///
/// let deadline = Time.now() + .seconds(5)
/// for address in try Names.addresses(of: "example.org", deadline: deadline) {
///   Console.output.write(address.isIPv4 ? "version 4\n" : "version 6\n")
/// }
/// ```
public enum Names {
  /// The addresses of a host, those first that this machine can reach. A name without a dot is
  /// looked for in the machine's own domains; an address as text stands for itself.
  ///
  /// - Parameter name: as people write it, in ASCII.
  /// - Returns: at least one address.
  /// - Throws: `NameError`.
  public static func addresses(
    of name: [UInt8], deadline: Instant = .never
  ) throws(NameError) -> [IPAddress] {
    if let address = IPAddress(text: RawSpan(_elements: name.span)) { return [address] }
    guard !name.contains(0), !name.isEmpty, name.count <= 254 else { throw .invalid }
    // Never asked of servers (RFC 6761 section 6.3).
    if isName(name, "localhost") {
      return [IPAddress(IPv6Address.loopback), IPAddress(IPv4Address.loopback)]
    }
    // Never answered by any (RFC 6761 section 6.4).
    if isName(name, "invalid", isWhole: false) { throw .notFound }
    return try NameSource.addresses(of: name, until: deadline)
  }

  /// The addresses of a host whose name is known when the application is compiled.
  public static func addresses(
    of name: StaticString, deadline: Instant = .never
  ) throws(NameError) -> [IPAddress] {
    try addresses(of: name.byteArray, deadline: deadline)
  }

  /// The addresses of a host.
  @_disfavoredOverload
  public static func addresses(
    of name: String, deadline: Instant = .never
  ) throws(NameError) -> [IPAddress] {
    try addresses(of: Array(name.utf8), deadline: deadline)
  }

  /// Whether a name is `label`, or in it as a domain when it need not be the whole; whatever the
  /// capitals.
  private static func isName(
    _ name: [UInt8], _ label: StaticString, isWhole: Bool = true
  ) -> Bool {
    let label = label.bytes
    let end = name.last == UInt8(ascii: ".") ? name.count - 1 : name.count
    let start = end - label.byteCount
    guard start == 0 || !isWhole && start > 0 && name[start - 1] == UInt8(ascii: ".") else {
      return false
    }
    for index in 0..<label.byteCount where name[start + index] | 0x20 != label.byte(at: index) {
      return false
    }
    return true
  }
}
