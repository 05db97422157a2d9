// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Testing
import VFS

@testable import LinuxNetlink

/// The columns are those of a Linux 6.1 (`proc(5)`), to the space.
@Suite(.serialized) struct NetworkTextsTests {
  private func text(_ write: (inout TextBuilder) -> Void) -> String {
    var text = TextBuilder()
    write(&text)
    return String(decoding: text.bytes, as: UTF8.self)
  }

  private func lines(_ write: (inout TextBuilder) -> Void) -> [String] {
    text(write).split(separator: "\n").map(String.init)
  }

  private func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: width - text.count)
  }

  @Test func writesNumbersAsLinuxDoes() {
    #expect(text { $0.append(capitals: 0xabc, digits: 8) } == "00000ABC")
    #expect(text { $0.append(capitals: 0x1_2345_6789, digits: 8) } == "123456789")
    #expect(text { $0.append(capitals: .max, digits: 2) } == "FFFFFFFFFFFFFFFF")
    #expect(text { $0.append(capitals: 0, digits: 0) } == "")
    let four = Endpoint(IPAddress(NetlinkFixture.v4("127.0.0.1")), 80)
    #expect(text { $0.append(four, isVersion6: false) } == "0100007F:0050")
    #expect(
      text { $0.append(four, isVersion6: true) } == "0000000000000000FFFF00000100007F:0050")
    let six = Endpoint(IPAddress(NetlinkFixture.v6("2001:db8::1:2")), 65535)
    #expect(
      text { $0.append(six, isVersion6: true) } == "B80D0120000000000000000002000100:FFFF")
    #expect(
      text { $0.append(NetlinkFixture.v6("2001:db8::1:2")) } == "20010db8000000000000000000010002")
    #expect(text { $0.append(MACAddress(0x5254_00ab_cdef)) } == "52:54:00:ab:cd:ef")
    #expect(text { $0.append(right: Array("lo".utf8), width: 6) } == "    lo")
    #expect(text { $0.append(right: Array("longer".utf8), width: 3) } == "longer")
    #expect(text { $0.append(row: [1, 0, 23]) } == " 1 0 23\n")
  }

  @Test func listsDevices() {
    let lines = lines { InterfaceTexts.devices(NetlinkFixture.host, to: &$0) }
    #expect(
      lines == [
        "Inter-|   Receive                                                |  Transmit",
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed",
        "    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0",
        "  eth0: 5000000001      11    0    2    0     0          0         0       14      13    0    3    0     0       0          0",
      ])
  }

  @Test func listsRoutes() {
    #expect(
      lines { InterfaceTexts.routes(NetlinkFixture.host, to: &$0) } == [
        padded(
          "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
          to: 127),
        padded("eth0\t00000000\t0102010A\t0003\t0\t0\t0\t00000000\t0\t0\t0", to: 127),
        padded("eth0\t0002010A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0", to: 127),
      ])
    let six = lines { InterfaceTexts.routes6(NetlinkFixture.host, to: &$0) }
    let zero = String(repeating: "0", count: 32)
    #expect(
      six.contains(
        "\(zero) 00 \(zero) 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0"
      ))
    #expect(
      six.contains(
        "00000000000000000000000000000001 80 \(zero) 00 \(zero) 00000000 00000001 00000000 80000001       lo"
      ))
  }

  @Test func listsAddressesAndNeighbours() {
    let addresses = lines { InterfaceTexts.addresses6(NetlinkFixture.host, to: &$0) }
    #expect(addresses.contains("00000000000000000000000000000001 01 80 10 80       lo"))
    let own = addresses.filter { $0.hasPrefix("fd000000000000000000000000000003 02 40 00 ") }
    #expect(own.count == 1 && own[0].hasSuffix("     eth0"))
    #expect(
      text { InterfaceTexts.neighbors(NetlinkFixture.host, to: &$0) } == """
        IP address       HW type     Flags       HW address            Mask     Device
        10.1.2.1         0x1         0x2         52:54:00:00:00:01     *        eth0\n
        """)
  }

  @Test func countsNothingWithoutANetwork() {
    #expect(
      text { CounterTexts.sockets(nil, to: &$0) } == """
        sockets: used 0
        TCP: inuse 0 orphan 0 tw 0 alloc 0 mem 0
        UDP: inuse 0 mem 0
        UDPLITE: inuse 0
        RAW: inuse 0
        FRAG: inuse 0 memory 0\n
        """)
    for isVersion6 in [false, true] {
      #expect(lines { SocketTexts.tcp(nil, isVersion6: isVersion6, to: &$0) }.count == 1)
      #expect(lines { SocketTexts.udp(nil, isVersion6: isVersion6, to: &$0) }.count == 1)
    }
  }

  @Test func namesEachCounter() {
    let host = NetlinkFixture.host
    for lines in [
      lines { CounterTexts.counters(host, to: &$0) },
      lines { CounterTexts.moreCounters(host, to: &$0) },
    ] {
      #expect(lines.count % 2 == 0 && !lines.isEmpty)
      for index in stride(from: 0, to: lines.count, by: 2) {
        let (names, values) = (
          lines[index].split(separator: " "), lines[index + 1].split(separator: " ")
        )
        #expect(names.count == values.count && names[0] == values[0])
        #expect(values.dropFirst().allSatisfy { Int($0) != nil })
      }
    }
  }
}
