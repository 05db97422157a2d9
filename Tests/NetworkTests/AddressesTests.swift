// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes
import Testing

@Suite struct AddressesTests {
  private func text(_ address: IPAddress) -> String {
    var bytes: [UInt8] = []
    address.appendText(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  private func parsed(_ text: String) -> IPAddress? {
    let bytes = Array(text.utf8)
    return IPAddress(text: RawSpan(_elements: bytes.span))
  }

  @Test(arguments: [
    "0.0.0.0", "10.0.2.15", "255.255.255.255", "127.0.0.1", "1.20.100.9", "::", "::1", "fe80::1",
    "2001:db8::1:0:0:1", "2001:db8:0:1:1:1:1:1", "1:2:3:4:5:6:7:8", "1::", "ff02::1:ff00:1",
    "1:0:0:2::3", "2001:db8::", "0:1:2:3:4:5:6:7", "1:2:3:4:5:6:7:0",
  ])
  func textGoesBothWays(_ form: String) {
    #expect(parsed(form).map(text) == form)
  }

  @Test(arguments: [
    ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"), ("::FFFF:10.0.2.15", "10.0.2.15"),
    ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"), ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
    ("0001:0:0:0:0:0:0:0", "1::"),
  ])
  func otherFormsAreUnderstood(_ form: String, _ canonical: String) {
    #expect(parsed(form).map(text) == canonical)
  }

  @Test(arguments: [
    "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1..2.3", "01.2.3.4", "1.2.3.4 ", "+1.2.3.4", ":",
    ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", ":1", "1:", "fe80::1%eth0",
    "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "1:2:3:4:5:6:7::8:9", "g::", "1:2:3:4::5:6:7:8", "1.2.3.",
  ])
  func nonsenseIsRefused(_ form: String) {
    #expect(parsed(form) == nil)
  }

  @Test func valuesGoThroughPackets() {
    var bytes = [UInt8](repeating: 0, count: 26)
    var whole = bytes.mutableSpan
    var span = MutableRawSpan(_elements: &whole)
    MACAddress(0x5254_0012_3456).store(in: &span, at: 0)
    v4("10.0.2.15").store(in: &span, at: 6)
    v6("2001:db8::7").store(in: &span, at: 10)
    #expect(
      span.bytes.array
        == hex("525400123456 0a00020f 20010db8000000000000000000000007"))
    #expect(MACAddress(span.bytes, at: 0) == MACAddress(0x5254_0012_3456))
    #expect(IPv4Address(span.bytes, at: 6) == IPv4Address(10, 0, 2, 15))
    #expect(IPv6Address(span.bytes, at: 10) == v6("2001:db8::7"))
  }

  @Test func kindsOfAddresses() {
    #expect(v4("127.1.2.3").isLoopback && !v4("128.0.0.1").isLoopback)
    #expect(v4("224.0.0.1").isMulticast && v4("239.255.255.255").isMulticast)
    #expect(!v4("223.255.255.255").isMulticast && !v4("240.0.0.0").isMulticast)
    #expect(v4("240.0.0.1").isReserved && !IPv4Address.broadcast.isReserved)
    #expect(!v4("0.1.2.3").isUnicast && v4("1.2.3.4").isUnicast && !v4("224.0.0.1").isUnicast)
    #expect(v6("fe80::1").isLinkLocal && v6("febf::1").isLinkLocal && !v6("fec0::").isLinkLocal)
    #expect(v6("ff02::1").isMulticast && v6("ff02::1").multicastScope == 2)
    #expect(v6("2001:db8::12:3456").solicitedNodeGroup == v6("ff02::1:ff12:3456"))
    #expect(IPAddress(v4("1.2.3.4")).isIPv4 && !IPAddress(v6("::1")).isIPv4)
    #expect(IPAddress(IPv4Address.any).isAny && IPAddress(IPv6Address.any).isAny)
    #expect(IPAddress(v4("1.2.3.4")).ipv4 == v4("1.2.3.4"))
    #expect(IPAddress(v4("1.2.3.4")).ipv6 == nil && IPAddress(v6("::1")).ipv4 == nil)
  }

  @Test func stationsAndGroups() {
    let station = MACAddress(0x5254_0012_3456)
    #expect(IPv6Address(linkLocal: station) == v6("fe80::5054:ff:fe12:3456"))
    #expect(MACAddress(group: v4("224.129.2.3")) == MACAddress(0x0100_5e01_0203))
    #expect(MACAddress(group: v6("ff02::1:ff12:3456")) == MACAddress(0x3333_ff12_3456))
    #expect(MACAddress.broadcast.isMulticast && !station.isMulticast)
  }

  @Test func prefixesOfVersion4() {
    let prefix = IPv4Prefix(v4("10.0.2.15"), length: 24)
    #expect(prefix.mask == v4("255.255.255.0") && prefix.network == v4("10.0.2.0"))
    #expect(prefix.broadcast == v4("10.0.2.255"))
    #expect(prefix.contains(v4("10.0.2.200")) && !prefix.contains(v4("10.0.3.1")))
    #expect(IPv4Prefix(.any, length: 0).contains(.broadcast))
    #expect(IPv4Prefix(v4("1.2.3.4"), length: 32).contains(v4("1.2.3.4")))
    #expect(!IPv4Prefix(v4("1.2.3.4"), length: 32).contains(v4("1.2.3.5")))
    #expect(IPv4Prefix(v4("1.2.3.4"), length: 31).broadcast == nil)
    #expect(IPv4Prefix(.any, mask: v4("255.255.128.0"))?.length == 17)
    #expect(IPv4Prefix(.any, mask: .any)?.length == 0)
    #expect(IPv4Prefix(.any, mask: .broadcast)?.length == 32)
    #expect(IPv4Prefix(.any, mask: v4("255.0.255.0")) == nil)
  }

  @Test(arguments: 0...128)
  func prefixesOfVersion6(length: Int) {
    let address = v6("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
    let network = IPv6Prefix(address, length: length).network
    #expect(network.high.nonzeroBitCount + network.low.nonzeroBitCount == length)
    #expect(IPv6Prefix(address, length: length).contains(network) == (length != 129))
    if length < 128 {
      let other = IPv6Address(
        high: length < 64 ? ~(1 << UInt64(63 - length)) : ~0,
        low: length >= 64 ? ~(1 << UInt64(127 - length)) : ~0)
      #expect(IPv6Prefix(address, length: length).contains(other))
      #expect(!IPv6Prefix(address, length: length + 1).contains(other))
    }
  }
}
