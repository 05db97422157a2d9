// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Internet
import IPv4
import IPv6
import Neighbors
import NetworkHost
import NetworkStack
import VFS

/// The files of `/proc/net` about interfaces and ways (`proc(5)`).
enum InterfaceTexts {
  static func devices(_ host: NetworkHost, to text: inout TextBuilder) {
    text.append(
      """
      Inter-|   Receive                                                |  Transmit
       face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n
      """)
    for interface in HostInterface.all(host) {
      let counters = interface.counters(of: host)
      text.append(right: interface.name, width: 6)
      text.append(":")
      let columns: [(UInt64, Int)] = [
        (counters.receivedBytes, 7), (counters.receivedPackets, 7), (0, 4),
        (counters.receiveDrops, 4), (0, 4), (0, 5), (0, 10), (0, 9),
        (counters.sentBytes, 8), (counters.sentPackets, 7), (0, 4), (counters.sendDrops, 4),
        (0, 4), (0, 5), (0, 7), (0, 10),
      ]
      for (value, width) in columns {
        text.append(" ")
        text.append(decimal: value, width: width)
      }
      text.endLine()
    }
  }

  // MARK: Routes

  static func routes(_ host: NetworkHost, to text: inout TextBuilder) {
    text.append(
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT")
    end(&text)
    for route in host.stack.routes.routes.reversed() {
      text.append("eth0\t")
      text.append(capitals: UInt64(route.prefix.network.rawValue.byteSwapped), digits: 8)
      text.append("\t")
      text.append(capitals: UInt64((route.gateway ?? .any).rawValue.byteSwapped), digits: 8)
      text.append("\t")
      // RTF_UP, RTF_GATEWAY, RTF_HOST
      let flags: UInt64 = 1 | (route.gateway == nil ? 0 : 2) | (route.prefix.length == 32 ? 4 : 0)
      text.append(capitals: flags, digits: 4)
      text.append("\t0\t0\t0\t")
      text.append(capitals: UInt64(route.prefix.mask.rawValue.byteSwapped), digits: 8)
      text.append("\t0\t0\t0")
      end(&text)
    }
  }

  private static func end(_ text: inout TextBuilder) {
    text.pad(to: 127)
    text.endLine()
  }

  static func routes6(_ host: NetworkHost, to text: inout TextBuilder) {
    let routes = host.stack.routes6
    let up: UInt64 = 1
    for network in routes.onLink {
      write(network.prefix, metric: 256, flags: up, to: &text)
    }
    let linkLocal = IPv6Prefix(IPv6Address(high: 0xfe80_0000_0000_0000, low: 0), length: 64)
    if routes.addresses.contains(where: { $0.address.isLinkLocal }) {
      write(linkLocal, metric: 256, flags: up, to: &text)
    }
    let everywhere = IPv6Prefix(.any, length: 0)
    for router in routes.routers {
      // RTF_GATEWAY
      write(everywhere, via: router.address, metric: 1024, flags: up | 2, to: &text)
    }
    // RTF_LOCAL, which Linux tells as a number of 32 bits.
    let local: UInt64 = 0x8000_0001
    write(IPv6Prefix(.loopback, length: 128), metric: 0, flags: local, isLoopback: true, to: &text)
    for own in routes.addresses {
      write(IPv6Prefix(own.address, length: 128), metric: 0, flags: local, to: &text)
    }
  }

  private static func write(
    _ prefix: IPv6Prefix, via gateway: IPv6Address = .any, metric: UInt64, flags: UInt64,
    isLoopback: Bool = false, to text: inout TextBuilder
  ) {
    text.append(prefix.network)
    text.append(" ")
    text.append(hexadecimal: UInt64(prefix.length), digits: 2)
    text.append(" ")
    text.append(IPv6Address.any)
    text.append(" 00 ")
    text.append(gateway)
    for value in [metric, 1, 0, flags] {
      text.append(" ")
      text.append(hexadecimal: value, digits: 8)
    }
    text.append(" ")
    let name: StaticString = isLoopback ? "lo" : "eth0"
    text.append(right: name.byteArray, width: 8)
    text.endLine()
  }

  // MARK: Addresses

  static func addresses6(_ host: NetworkHost, to text: inout TextBuilder) {
    for interface in HostInterface.all(host) {
      if interface.isLoopback {
        // Of the host alone, and for ever.
        write(IPv6Prefix(.loopback, length: 128), scope: 0x10, flags: 0x80, interface, to: &text)
        continue
      }
      for own in host.stack.routes6.addresses {
        let flags: UInt64 = (own.validUntil == .never ? 0x80 : 0) | (own.isTentative ? 0x40 : 0)
        write(
          own.prefix, scope: own.address.isLinkLocal ? 0x20 : 0, flags: flags, interface,
          to: &text)
      }
    }
  }

  private static func write(
    _ prefix: IPv6Prefix, scope: UInt64, flags: UInt64, _ interface: HostInterface,
    to text: inout TextBuilder
  ) {
    text.append(prefix.address)
    for value in [UInt64(interface.number), UInt64(prefix.length), scope, flags] {
      text.append(" ")
      text.append(hexadecimal: value, digits: 2)
    }
    text.append(" ")
    text.append(right: interface.name, width: 8)
    text.endLine()
  }

  static func neighbors(_ host: NetworkHost, to text: inout TextBuilder) {
    text.append(
      "IP address       HW type     Flags       HW address            Mask     Device\n")
    var lines = TextBuilder()
    host.stack.neighbors.forEach { address, station in
      guard let version4 = address.ipv4 else { return }
      var name: [UInt8] = []
      version4.appendText(to: &name)
      lines.append(name)
      lines.pad(to: 17)
      // ARPHRD_ETHER, ATF_COM
      lines.append("0x1         0x2         ")
      lines.append(station)
      lines.append("     *        eth0\n")
    }
    text.append(lines.bytes)
  }
}
