// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import IPv4
import IPv6
import LinuxCore
import NetworkHost
import NetworkStack

/// Routes: of a dump all of them, otherwise the way to one address.
extension RouteAnswers {
  /// What is told of one route (`struct rtmsg`, `RTA_…`).
  private struct Route {
    var family: UInt8
    var length: Int
    var target: IPAddress?
    var gateway: IPAddress?
    var source: IPAddress?
    /// `RT_TABLE_MAIN` or `RT_TABLE_LOCAL`
    var table: UInt8 = 254
    /// `RTN_UNICAST`, `RTN_LOCAL`, `RTN_BROADCAST`
    var type: UInt8 = 1
    var scope: UInt8
    /// `RTPROT_KERNEL`, `RTPROT_BOOT`
    var origin: UInt8 = 2
    var interface: Int32 = 2
    var priority: UInt32 = 0
  }

  /// Throws, when one is asked for, `notSupported` for another family, `invalidArgument` and
  /// `networkUnreachable`.
  func routes(in writer: inout NetlinkWriter) throws(Errno) {
    guard request.isDump else { return try way(in: &writer) }
    if wants(Self.version4) { routes4(in: &writer) }
    if wants(Self.version6) { routes6(in: &writer) }
  }

  private func write(
    _ route: Route, _ flags: NetlinkWriter.Flags, in writer: inout NetlinkWriter
  ) {
    // With strict checks a dump can be of one table.
    let wanted =
      request.has(12) && options.contains(.isStrict) && request.isDump
      ? request.bytes[RouteRequest.headerByteCount + 4] : 0
    guard wanted == 0 || wanted == route.table else { return }
    writer.begin(24, flags)
    for byte in [
      route.family, UInt8(route.length), 0, 0, route.table, route.origin, route.scope, route.type,
    ] {
      writer.append(byte)
    }
    // RTM_F_CLONED: worked out for one address.
    writer.append(UInt32(flags.contains(.multipart) ? 0 : 0x200))
    writer.attribute(15, UInt32(route.table))
    if let target = route.target { writer.attribute(1, target) }
    if route.priority != 0 { writer.attribute(6, route.priority) }
    if let source = route.source { writer.attribute(7, source) }
    if let gateway = route.gateway { writer.attribute(5, gateway) }
    writer.attribute(4, route.interface)
    writer.end()
  }

  // MARK: IPv4

  private func routes4(in writer: inout NetlinkWriter) {
    let stack = host.stack
    // The default one first, as Linux has it.
    for route in stack.routes.routes.reversed() {
      var told = Route(
        family: Self.version4, length: route.prefix.length,
        scope: route.gateway == nil ? Self.onLink : Self.everywhere)
      if route.prefix.length > 0 { told.target = IPAddress(route.prefix.network) }
      told.gateway = route.gateway.map { IPAddress($0) }
      told.origin = route.gateway == nil ? 2 : 3
      for own in stack.routes.addresses
      where route.gateway == nil && route.prefix.contains(own.address) {
        told.source = IPAddress(own.address)
        break
      }
      write(told, .multipart, in: &writer)
    }
    local4(IPv4Prefix(.loopback, length: 8), interface: 1, in: &writer)
    for own in stack.routes.addresses { local4(own, interface: 2, in: &writer) }
  }

  /// The routes of the table "local" that an address brings along.
  private func local4(
    _ prefix: IPv4Prefix, interface: Int32, in writer: inout NetlinkWriter
  ) {
    var told = Route(family: Self.version4, length: 32, scope: Self.inHost)
    told.table = 255
    told.type = 2
    told.interface = interface
    told.source = IPAddress(prefix.address)
    if interface == 1 {
      told.length = prefix.length
      told.target = IPAddress(prefix.network)
      write(told, .multipart, in: &writer)
      told.length = 32
    }
    told.target = IPAddress(prefix.address)
    write(told, .multipart, in: &writer)
    guard let broadcast = prefix.broadcast else { return }
    told.target = IPAddress(broadcast)
    told.type = 3
    told.scope = Self.onLink
    write(told, .multipart, in: &writer)
  }

  // MARK: IPv6

  private func routes6(in writer: inout NetlinkWriter) {
    let routes = host.stack.routes6
    var told = Route(family: Self.version6, length: 128, scope: Self.everywhere)
    told.priority = 256
    told.interface = 1
    told.target = IPAddress(IPv6Address.loopback)
    write(told, .multipart, in: &writer)
    told.interface = 2
    for network in routes.onLink {
      told.length = network.prefix.length
      told.target = IPAddress(network.prefix.network)
      write(told, .multipart, in: &writer)
    }
    if routes.addresses.contains(where: { $0.address.isLinkLocal }) {
      told.length = 64
      told.target = IPAddress(IPv6Address(high: 0xfe80_0000_0000_0000, low: 0))
      write(told, .multipart, in: &writer)
    }
    told.length = 0
    told.target = nil
    told.priority = 1024
    // RTPROT_RA
    told.origin = 9
    for router in routes.routers {
      told.gateway = IPAddress(router.address)
      write(told, .multipart, in: &writer)
    }
    told = Route(family: Self.version6, length: 128, scope: Self.everywhere)
    told.table = 255
    told.type = 2
    told.interface = 1
    told.target = IPAddress(IPv6Address.loopback)
    write(told, .multipart, in: &writer)
    told.interface = 2
    for own in routes.addresses {
      told.target = IPAddress(own.address)
      write(told, .multipart, in: &writer)
    }
  }

  // MARK: One way

  /// The way to `RTA_DST`.
  private func way(in writer: inout NetlinkWriter) throws(Errno) {
    guard request.family == Self.version4 || request.family == Self.version6 else {
      throw .notSupported
    }
    guard request.has(12), let target = request.address(1, behind: 12) else {
      throw .invalidArgument
    }
    let stack = host.stack
    guard let source = stack.sourceAddress(to: target) else { throw .networkUnreachable }
    var told = Route(
      family: target.isIPv4 ? Self.version4 : Self.version6, length: target.isIPv4 ? 32 : 128,
      scope: Self.everywhere)
    told.target = target
    told.source = source
    told.origin = 0
    if stack.isLocal(target) {
      told.table = 255
      told.type = 2
      told.interface = 1
    } else if let version4 = target.ipv4 {
      if case .neighbor(let next) = stack.routes.hop(to: version4), next != version4 {
        told.gateway = IPAddress(next)
      }
    } else if case .neighbor(let next) = stack.routes6.hop(to: target.mapped),
      next != target.mapped
    {
      told.gateway = IPAddress(next)
    }
    write(told, [], in: &writer)
  }
}
