// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import VFS

/// `/proc/net`, which is `/proc/self/net` (`proc(5)`).
struct NetworkEntries {
  private let system: PseudoFileSystem

  /// Empty without a network.
  static func makeDirectory(_ system: PseudoFileSystem) -> FixedDirectory {
    FixedDirectory(system) {
      guard let information = ProcFS.networkInformation.value else { return [] }
      let entries = NetworkEntries(system: system)
      return entries.texts(information) + entries.constants
    }
  }

  private func texts(_ information: any NetworkInformation) -> [FixedDirectory.Entry] {
    let names: [(StaticString, NetworkFile)] = [
      ("dev", .devices), ("tcp", .tcp), ("tcp6", .tcp6), ("udp", .udp), ("udp6", .udp6),
      ("unix", .local), ("route", .routes), ("ipv6_route", .routes6), ("if_inet6", .addresses6),
      ("arp", .neighbors), ("snmp", .counters), ("netstat", .moreCounters),
      ("sockstat", .socketCounts), ("sockstat6", .socketCounts6),
      ("netlink", .netlink),
    ]
    let system = system
    return names.map { name, file in
      .init(name) {
        TextNode(system) { (text) throws(SystemError) in information.write(file, to: &text) }
      }
    }
  }

  /// What there is nothing of.
  private var constants: [FixedDirectory.Entry] {
    let names: [(StaticString, StaticString)] = [
      (
        "raw",
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n"
      ),
      (
        "raw6",
        "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n"
      ),
      ("packet", "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n"),
      ("igmp", "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n"),
      ("ptype", "Type Device      Function\n"),
    ]
    let system = system
    return names.map { name, text in .init(name) { TextNode(system, constant: text) } }
  }
}

/// `/sys/class/net`.
struct InterfaceEntries {
  private let system: PseudoFileSystem
  private let information: any NetworkInformation
  private let isCard: Bool

  static func all(_ system: PseudoFileSystem) -> [FixedDirectory.Entry] {
    guard let information = ProcFS.networkInformation.value else { return [] }
    func interface(_ name: StaticString, isCard: Bool) -> FixedDirectory.Entry {
      let entries = InterfaceEntries(system: system, information: information, isCard: isCard)
      return .init(name) {
        FixedDirectory(system, permissionBits: 0o755) {
          entries.texts + entries.constants + [.init("statistics") { entries.statistics }]
        }
      }
    }
    let loopback = interface("lo", isCard: false)
    return information.hasCard ? [interface("eth0", isCard: true), loopback] : [loopback]
  }

  private func file(_ name: StaticString, _ file: InterfaceFile) -> FixedDirectory.Entry {
    let (system, information, isCard) = (system, information, isCard)
    return .init(name) {
      TextNode(system, byteCount: 4096) { (text) throws(SystemError) in
        information.write(file, isCard: isCard, to: &text)
        text.endLine()
      }
    }
  }

  private func constant(_ name: StaticString, _ text: StaticString) -> FixedDirectory.Entry {
    let system = system
    return .init(name) { TextNode(system, byteCount: 4096, constant: text) }
  }

  private var texts: [FixedDirectory.Entry] {
    [
      file("address", .address), file("broadcast", .broadcast), file("mtu", .mtu),
      file("flags", .flags), file("ifindex", .index), file("iflink", .index),
      file("type", .kind), file("operstate", .state),
    ]
  }

  private var constants: [FixedDirectory.Entry] {
    [
      constant("addr_len", "6\n"), constant("addr_assign_type", "0\n"),
      constant("carrier", "1\n"), constant("carrier_changes", "1\n"), constant("dev_id", "0x0\n"),
      constant("dev_port", "0\n"), constant("dormant", "0\n"), constant("group", "0\n"),
      constant("ifalias", ""), constant("link_mode", "0\n"), constant("netdev_group", "0\n"),
      constant("tx_queue_len", "1000\n"),
      constant("uevent", isCard ? "INTERFACE=eth0\nIFINDEX=2\n" : "INTERFACE=lo\nIFINDEX=1\n"),
    ]
  }

  private var statistics: FixedDirectory {
    let entries = self
    return FixedDirectory(system, permissionBits: 0o755) {
      let none: [StaticString] = [
        "collisions", "multicast", "rx_compressed", "rx_crc_errors", "rx_errors",
        "rx_fifo_errors", "rx_frame_errors", "rx_length_errors", "rx_missed_errors",
        "rx_nohandler", "rx_over_errors", "tx_aborted_errors", "tx_carrier_errors",
        "tx_compressed", "tx_errors", "tx_fifo_errors", "tx_heartbeat_errors", "tx_window_errors",
      ]
      return none.map { entries.constant($0, "0\n") } + [
        entries.file("rx_bytes", .receivedBytes), entries.file("rx_packets", .receivedPackets),
        entries.file("rx_dropped", .receiveDrops), entries.file("tx_bytes", .sentBytes),
        entries.file("tx_packets", .sentPackets), entries.file("tx_dropped", .sendDrops),
      ]
    }
  }
}
