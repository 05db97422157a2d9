// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Internet
import LinuxCore
import NetworkHost

/// Answers a request of NETLINK_ROUTE (`rtnetlink(7)`).
struct RouteAnswers {
  let request: RouteRequest
  let host: NetworkHost
  let options: NetlinkOptions
  private let port: UInt32

  /// - Parameters:
  ///   - port: of the socket that asks.
  ///   - options: of that socket.
  init(to request: RouteRequest, port: UInt32, options: NetlinkOptions, host: NetworkHost) {
    self.request = request
    self.port = port
    self.options = options
    self.host = host
  }

  /// Requests (`RTM_…`).
  private enum Kind: UInt16 {
    case link = 18
    case address = 22
    case route = 26
    case neighbor = 30
    case rule = 34
    case queue = 38
    case trafficClass = 42
    case filter = 46
    case multicast = 58
    case anycast = 62
    case neighborTable = 66
  }

  /// `NLMSG_ERROR`, `NLMSG_DONE`, and the first type that is no message of netlink itself.
  private static let errorType: UInt16 = 2
  private static let doneType: UInt16 = 3
  private static let firstType: UInt16 = 16
  /// The last type that is known (`RTM_MAX`), nearly.
  private static let lastType: UInt16 = 123

  /// The answer, in the datagrams that it comes in; none when the request wants none.
  func datagrams() -> [[UInt8]] {
    var writer = NetlinkWriter(sequence: request.sequence, port: port)
    var failure: Errno?
    // What is no request, and what is too short to name a family, is not answered by Linux either.
    if request.flags.contains(.request), request.type >= Self.firstType {
      do throws(Errno) {
        if try answer(in: &writer) {
          // For itself, as readers of one datagram at a time expect.
          writer.flush()
          writer.begin(Self.doneType, .multipart)
          writer.append(Int32(0))
          writer.end()
          writer.flush()
          return writer.datagrams
        }
      } catch {
        failure = error
      }
    }
    writer.flush()
    if failure != nil || request.flags.contains(.acknowledge) { report(failure, in: &writer) }
    writer.flush()
    return writer.datagrams
  }

  /// `struct nlmsgerr`: an error with the request, or a success with its header.
  private func report(_ error: Errno?, in writer: inout NetlinkWriter) {
    let isCapped = error == nil || options.contains(.capsErrors)
    writer.begin(Self.errorType, isCapped ? .capped : [])
    writer.append(error.map { -$0.rawValue } ?? 0)
    writer.append(
      isCapped ? [UInt8](request.bytes[..<RouteRequest.headerByteCount]) : request.bytes)
    writer.end()
  }

  /// Returns whether the answer is a dump, which has an end of its own. Throws `notSupported` for
  /// what is not known, `notPermitted` for what would change something, and what the kinds throw.
  private func answer(in writer: inout NetlinkWriter) throws(Errno) -> Bool {
    guard request.type <= Self.lastType else { throw .notSupported }
    guard request.has(1) else { return false }
    // Of four numbers, the third asks; the others want to change something.
    guard request.type & 3 == 2 else { throw .notPermitted }
    guard let kind = Kind(rawValue: request.type) else { throw .notSupported }
    switch kind {
    case .link: try links(in: &writer)
    case .address: try addresses(in: &writer)
    case .route: try routes(in: &writer)
    case .neighbor: try neighbors(in: &writer)
    default:
      // There are none of these.
      guard request.isDump else { throw .notSupported }
    }
    return request.isDump
  }

  /// Whether the request is about this family, or all.
  func wants(_ family: UInt8) -> Bool { request.family == 0 || request.family == family }

  static let version4: UInt8 = 2
  static let version6: UInt8 = 10
  /// `AF_BRIDGE`, of which there are none.
  private static let bridge: UInt8 = 7

  // MARK: Links

  private func links(in writer: inout NetlinkWriter) throws(Errno) {
    if request.isDump {
      guard request.family != Self.bridge else { return }
      for interface in HostInterface.all(host) { link(interface, .multipart, in: &writer) }
      return
    }
    guard request.has(16) else { throw .invalidArgument }
    let number = request.number(at: 4)
    let name = request.attribute(3, behind: 16).map { [UInt8]($0.prefix { $0 != 0 }) }
    guard number > 0 || name != nil else { throw .invalidArgument }
    for interface in HostInterface.all(host)
    where number > 0 ? interface.number == number : interface.name == name {
      link(interface, [], in: &writer)
      return
    }
    throw .noSuchDevice
  }

  /// `RTM_NEWLINK` with a `struct ifinfomsg` and its attributes (`IFLA_…`).
  private func link(
    _ interface: HostInterface, _ flags: NetlinkWriter.Flags, in writer: inout NetlinkWriter
  ) {
    writer.begin(16, flags)
    writer.append(UInt16(0))
    writer.append(interface.kindNumber)
    writer.append(interface.number)
    writer.append(interface.wideFlags)
    writer.append(UInt32(0))
    writer.attribute(3, text: interface.name)
    writer.attribute(13, UInt32(1000))
    // IFLA_OPERSTATE: unknown or up. IFLA_LINKMODE.
    writer.attribute(16, UInt8(interface.isLoopback ? 0 : 6))
    writer.attribute(17, UInt8(0))
    writer.attribute(4, UInt32(interface.mtu))
    // IFLA_MIN_MTU, IFLA_MAX_MTU
    writer.attribute(50, UInt32(interface.isLoopback ? 0 : 68))
    writer.attribute(51, UInt32(interface.isLoopback ? 0 : 65_535))
    // IFLA_GROUP, IFLA_PROMISCUITY, IFLA_NUM_TX_QUEUES, IFLA_NUM_RX_QUEUES, IFLA_CARRIER
    for (type, value) in [(27, 0), (30, 0), (31, 1), (32, 1)] as [(UInt16, UInt32)] {
      writer.attribute(type, value)
    }
    writer.attribute(33, UInt8(1))
    let discipline: StaticString = interface.isLoopback ? "noqueue" : "pfifo_fast"
    writer.attribute(6, text: discipline.byteArray)
    writer.attribute(1, interface.hardwareAddress)
    writer.attribute(2, interface.isLoopback ? .zero : MACAddress.broadcast)
    statistics(interface, in: &writer)
    writer.end()
  }

  /// `IFLA_STATS64`, `IFLA_STATS`
  private func statistics(_ interface: HostInterface, in writer: inout NetlinkWriter) {
    let counters = interface.counters(of: host)
    let values = [
      counters.receivedPackets, counters.sentPackets, counters.receivedBytes, counters.sentBytes,
      0, 0, counters.receiveDrops, counters.sendDrops,
    ]
    // Multicast, collisions, and errors of many kinds follow.
    var wide = [UInt8](repeating: 0, count: 25 * 8)
    var narrow = [UInt8](repeating: 0, count: 24 * 4)
    for (index, value) in values.enumerated() {
      wide.put(value, at: index * 8)
      narrow.put(UInt32(truncatingIfNeeded: value), at: index * 4)
    }
    writer.attribute(23, wide)
    writer.attribute(7, narrow)
  }
}
