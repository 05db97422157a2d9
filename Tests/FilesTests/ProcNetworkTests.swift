// SPDX-License-Identifier: BSD-3-Clause

import Base
import Testing
import VFS

@testable import ProcFS

/// Tells which file it was asked for.
private final class NamedNetwork: NetworkInformation {
  var hasCard = true

  func write(_ file: NetworkFile, to text: inout TextBuilder) {
    text.append(Array("\(file)\n".utf8))
  }

  func write(_ file: InterfaceFile, isCard: Bool, to text: inout TextBuilder) {
    text.append(Array("\(file) \(isCard)".utf8))
  }
}

@Suite(.serialized) struct ProcNetworkTests {
  private let information = TestInformation()

  @Test func isEmptyWithoutANetwork() throws {
    ProcFS.networkInformation.value = nil
    #expect(try ProcFS.makeRoot(information).find("1/net").names() == [])
    #expect(try SysFS.makeRoot(information).find("class/net").names() == [])
  }

  @Test func asksForEachFile() throws {
    ProcFS.networkInformation.value = NamedNetwork()
    // As other tests expect.
    defer { ProcFS.networkInformation.value = nil }
    let root = ProcFS.makeRoot(information)
    root.parent = root
    #expect(try root.find("net").readLink() == text("self/net"))
    for (name, file) in [
      ("dev", "devices"), ("tcp", "tcp"), ("tcp6", "tcp6"), ("udp", "udp"), ("udp6", "udp6"),
      ("unix", "local"), ("netlink", "netlink"), ("route", "routes"), ("ipv6_route", "routes6"),
      ("if_inet6", "addresses6"), ("arp", "neighbors"), ("snmp", "counters"),
      ("netstat", "moreCounters"), ("sockstat", "socketCounts"), ("sockstat6", "socketCounts6"),
    ] {
      #expect(try root.contents("1/net/\(name)") == file + "\n")
      #expect(try root.contents("1/task/1/net/\(name)") == file + "\n")
    }
    for name in ["raw", "raw6", "packet", "igmp", "ptype"] {
      #expect(try root.contents("1/net/\(name)").split(separator: "\n").count == 1)
    }
  }

  @Test func listsInterfaces() throws {
    let network = NamedNetwork()
    ProcFS.networkInformation.value = network
    defer { ProcFS.networkInformation.value = nil }
    let root = SysFS.makeRoot(information)
    #expect(try root.find("class/net").names() == ["eth0", "lo"])
    #expect(try root.contents("class/net/eth0/address") == "address true\n")
    #expect(try root.contents("class/net/lo/address") == "address false\n")
    #expect(try root.contents("class/net/lo/operstate") == "state false\n")
    #expect(try root.contents("class/net/lo/ifindex") == "index false\n")
    #expect(try root.contents("class/net/eth0/uevent") == "INTERFACE=eth0\nIFINDEX=2\n")
    #expect(try root.contents("class/net/eth0/statistics/rx_bytes") == "receivedBytes true\n")
    #expect(try root.contents("class/net/eth0/statistics/tx_errors") == "0\n")
    network.hasCard = false
    #expect(try SysFS.makeRoot(information).find("class/net").names() == ["lo"])
  }
}
