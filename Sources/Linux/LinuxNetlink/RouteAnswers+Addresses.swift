// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Clock
import IPv4
import IPv6
import LinuxCore
import Neighbors
import NetworkHost
import NetworkStack

/// Addresses and neighbours.
extension RouteAnswers {
  // IFA_F_PERMANENT, IFA_F_TENTATIVE, IFA_F_DEPRECATED
  private static let permanent: UInt32 = 0x80
  private static let tentative: UInt32 = 0x40
  private static let deprecated: UInt32 = 0x20

  // Scopes (RT_SCOPE_…).
  static let everywhere: UInt8 = 0
  static let onLink: UInt8 = 253
  static let inHost: UInt8 = 254

  /// Throws, when one is asked for, `notSupported` for any but IPv6's, `invalidArgument`, and
  /// `addressNotAvailable`.
  func addresses(in writer: inout NetlinkWriter) throws(Errno) {
    guard request.isDump else { return try address(in: &writer) }
    let wanted = options.contains(.isStrict) ? request.number(at: 4) : 0
    for interface in HostInterface.all(host) where wanted == 0 || interface.number == wanted {
      if wants(Self.version4) { addresses4(interface, in: &writer) }
    }
    for interface in HostInterface.all(host) where wanted == 0 || interface.number == wanted {
      if wants(Self.version6) { addresses6(interface, in: &writer) }
    }
  }

  private func address(in writer: inout NetlinkWriter) throws(Errno) {
    guard request.family == Self.version6 else { throw .notSupported }
    guard request.has(8),
      let address = request.address(1, behind: 8) ?? request.address(2, behind: 8)
    else { throw .invalidArgument }
    let wanted = address.mapped
    let number = request.number(at: 4)
    for interface in HostInterface.all(host) where number == 0 || interface.number == number {
      if addresses6(interface, only: wanted, in: &writer) { return }
    }
    throw .addressNotAvailable
  }

  private func addresses4(_ interface: HostInterface, in writer: inout NetlinkWriter) {
    if interface.isLoopback {
      write(IPv4Prefix(.loopback, length: 8), of: interface, in: &writer)
    } else {
      for prefix in host.stack.routes.addresses { write(prefix, of: interface, in: &writer) }
    }
  }

  /// `RTM_NEWADDR` with a `struct ifaddrmsg` and its attributes (`IFA_…`).
  private func begin(
    family: UInt8, length: Int, flags: UInt32, scope: UInt8, of interface: HostInterface,
    in writer: inout NetlinkWriter
  ) {
    writer.begin(20, request.isDump ? .multipart : [])
    writer.append(family)
    writer.append(UInt8(length))
    writer.append(UInt8(truncatingIfNeeded: flags))
    writer.append(scope)
    writer.append(interface.number)
  }

  private func write(
    _ prefix: IPv4Prefix, of interface: HostInterface, in writer: inout NetlinkWriter
  ) {
    begin(
      family: Self.version4, length: prefix.length, flags: Self.permanent,
      scope: interface.isLoopback ? Self.inHost : Self.everywhere, of: interface, in: &writer)
    writer.attribute(1, prefix.address)
    writer.attribute(2, prefix.address)
    if !interface.isLoopback, let broadcast = prefix.broadcast { writer.attribute(4, broadcast) }
    writer.attribute(3, text: interface.name)
    writer.attribute(8, Self.permanent)
    lifetimes(preferred: .max, valid: .max, in: &writer)
    writer.end()
  }

  /// Returns whether there is one.
  @discardableResult
  private func addresses6(
    _ interface: HostInterface, only wanted: IPv6Address? = nil, in writer: inout NetlinkWriter
  ) -> Bool {
    var found = false
    if interface.isLoopback {
      guard wanted == nil || wanted == .loopback else { return false }
      write(
        IPv6Prefix(.loopback, length: 128), flags: Self.permanent, preferred: .max, valid: .max,
        of: interface, in: &writer)
      return true
    }
    let now = Clock.now()
    for own in host.stack.routes6.addresses where wanted == nil || wanted == own.address {
      found = true
      var flags: UInt32 = own.validUntil == .never ? Self.permanent : 0
      if own.isTentative { flags |= Self.tentative }
      if own.preferredUntil <= now { flags |= Self.deprecated }
      write(
        own.prefix, flags: flags, preferred: Self.seconds(until: own.preferredUntil, now),
        valid: Self.seconds(until: own.validUntil, now), of: interface, in: &writer)
    }
    return found
  }

  private func write(
    _ prefix: IPv6Prefix, flags: UInt32, preferred: UInt32, valid: UInt32,
    of interface: HostInterface, in writer: inout NetlinkWriter
  ) {
    let scope =
      interface.isLoopback
      ? Self.inHost : prefix.address.isLinkLocal ? Self.onLink : Self.everywhere
    begin(
      family: Self.version6, length: prefix.length, flags: flags, scope: scope, of: interface,
      in: &writer)
    writer.attribute(1, prefix.address)
    lifetimes(preferred: preferred, valid: valid, in: &writer)
    writer.attribute(8, flags)
    writer.end()
  }

  /// Whole seconds that are left; the largest number for ever.
  static func seconds(until end: Instant, _ now: Instant) -> UInt32 {
    guard end != .never else { return .max }
    return UInt32(clamping: max(0, (end - now).count / 1_000_000_000))
  }

  /// `IFA_CACHEINFO`
  private func lifetimes(preferred: UInt32, valid: UInt32, in writer: inout NetlinkWriter) {
    var bytes = [UInt8](repeating: 0, count: 16)
    bytes.put(preferred, at: 0)
    bytes.put(valid, at: 4)
    writer.attribute(6, bytes)
  }

  // MARK: Neighbours

  /// Throws, when one is asked for, `invalidArgument` and `noSuchFile`.
  func neighbors(in writer: inout NetlinkWriter) throws(Errno) {
    if request.isDump {
      host.stack.neighbors.forEach { address, station in
        guard wants(address.isIPv4 ? Self.version4 : Self.version6) else { return }
        write(address, at: station, .multipart, in: &writer)
      }
      return
    }
    guard request.has(12), let wanted = request.address(1, behind: 12) else {
      throw .invalidArgument
    }
    var found = false
    host.stack.neighbors.forEach { address, station in
      guard address == wanted else { return }
      write(address, at: station, [], in: &writer)
      found = true
    }
    guard found else { throw .noSuchFile }
  }

  /// `RTM_NEWNEIGH` with a `struct ndmsg` and its attributes (`NDA_…`).
  private func write(
    _ address: IPAddress, at station: MACAddress, _ flags: NetlinkWriter.Flags,
    in writer: inout NetlinkWriter
  ) {
    writer.begin(28, flags)
    writer.append(UInt32(address.isIPv4 ? Self.version4 : Self.version6))
    writer.append(Int32(2))
    // NUD_REACHABLE; no flags; RTN_UNICAST.
    writer.append(UInt16(2))
    writer.append(UInt8(0))
    writer.append(UInt8(1))
    writer.attribute(1, address)
    writer.attribute(2, station)
    writer.end()
  }
}
