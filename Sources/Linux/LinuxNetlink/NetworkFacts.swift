// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Internet
import NetworkHost
import ProcFS
import VFS

/// Writes the files of `/proc/net` and `/sys/class/net`.
///
/// What is about interfaces makes the network, as a socket would; what is about sockets does not,
/// since without a network there are none.
final class NetworkFacts: NetworkInformation {
  func write(_ file: NetworkFile, to text: inout TextBuilder) {
    switch file {
    case .local: return SocketTexts.local(to: &text)
    case .netlink: return SocketTexts.netlink(to: &text)
    case .tcp: return SocketTexts.tcp(NetworkHost.existing, isVersion6: false, to: &text)
    case .tcp6: return SocketTexts.tcp(NetworkHost.existing, isVersion6: true, to: &text)
    case .udp: return SocketTexts.udp(NetworkHost.existing, isVersion6: false, to: &text)
    case .udp6: return SocketTexts.udp(NetworkHost.existing, isVersion6: true, to: &text)
    case .socketCounts: return CounterTexts.sockets(NetworkHost.existing, to: &text)
    case .socketCounts6: return CounterTexts.sockets6(NetworkHost.existing, to: &text)
    default: break
    }
    guard let host = NetworkHost.shared else { return }
    switch file {
    case .devices: InterfaceTexts.devices(host, to: &text)
    case .routes: InterfaceTexts.routes(host, to: &text)
    case .routes6: InterfaceTexts.routes6(host, to: &text)
    case .addresses6: InterfaceTexts.addresses6(host, to: &text)
    case .neighbors: InterfaceTexts.neighbors(host, to: &text)
    case .counters: CounterTexts.counters(host, to: &text)
    case .moreCounters: CounterTexts.moreCounters(host, to: &text)
    default: break
    }
  }

  var hasCard: Bool { NetworkHost.shared?.card != nil }

  func write(_ file: InterfaceFile, isCard: Bool, to text: inout TextBuilder) {
    guard let host = NetworkHost.shared,
      let interface = try? HostInterface(number: isCard ? 2 : 1, host)
    else { return }
    let counters = interface.counters(of: host)
    switch file {
    case .address: text.append(interface.hardwareAddress)
    case .broadcast: text.append(isCard ? .broadcast : MACAddress.zero)
    case .mtu: text.append(decimal: interface.mtu)
    case .flags:
      text.append("0x")
      text.append(hexadecimal: UInt64(interface.flags & ~0x40))
    case .index: text.append(decimal: interface.number)
    case .kind: text.append(decimal: UInt64(interface.kindNumber))
    case .state: text.append(isCard ? "up" : "unknown")
    case .receivedBytes: text.append(decimal: counters.receivedBytes)
    case .receivedPackets: text.append(decimal: counters.receivedPackets)
    case .receiveDrops: text.append(decimal: counters.receiveDrops)
    case .sentBytes: text.append(decimal: counters.sentBytes)
    case .sentPackets: text.append(decimal: counters.sentPackets)
    case .sendDrops: text.append(decimal: counters.sendDrops)
    }
  }
}
