// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes
import ResolverConfiguration
import Testing

@Suite struct ResolverConfigurationTests {
  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test func theFiles() {
    var configuration = ResolverConfiguration()
    #expect(
      text(configuration.resolvConf).isEmpty && text(configuration.hostnameFile) == "localhost\n")
    configuration.add(domain: Array("example.org.".utf8))
    configuration.add(nameServer: IPAddress(v4("10.0.2.3")))
    configuration.add(nameServer: IPAddress(v6("fec0::3")))
    configuration.add(nameServer: IPAddress(v4("10.0.2.3")))
    check(configuration.set(hostname: Array("web-1".utf8)))
    #expect(
      text(configuration.resolvConf)
        == "search example.org\nnameserver 10.0.2.3\nnameserver fec0::3\n")
    #expect(text(configuration.hostnameFile) == "web-1\n")
    let local = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
    #expect(
      text(configuration.hosts(addresses: [IPAddress(v4("10.0.2.15"))]))
        == local + "10.0.2.15\tweb-1.example.org web-1\n")
    #expect(
      text(configuration.hosts(addresses: [])) == local + "127.0.1.1\tweb-1.example.org web-1\n")
    check(configuration.set(hostname: Array("db.example.com".utf8)))
    #expect(
      text(configuration.hosts(addresses: [IPAddress(v6("2001:db8::5"))]))
        == local + "2001:db8::5\tdb.example.com db\n")
  }

  @Test(arguments: [
    ("a", true), ("a.b.c", true), ("a-b", true), ("_x.y", true), ("1", true),
    (String(repeating: "a", count: 63), true), (String(repeating: "a", count: 64), false),
    ("", false), (".", false), ("a.", false), (".a", false), ("a..b", false), ("-a", false),
    ("a-", false), ("a-.b", false), ("a b", false), ("a\nnameserver 6.6.6.6", false), ("ä", false),
    ("a/b", false), ("$(x)", false), (String(repeating: "a.", count: 127) + "a", false),
  ])
  func names(_ name: String, _ isGood: Bool) {
    #expect(ResolverConfiguration.isName(Array(name.utf8)) == isGood)
  }

  @Test func hostileNamesDoNotReachTheFiles() {
    var configuration = ResolverConfiguration()
    configuration.add(domain: Array("x\nnameserver 6.6.6.6".utf8))
    check(!configuration.set(hostname: Array("x 1.2.3.4".utf8)))
    configuration.add(nameServer: IPAddress(v4("224.0.0.1")))
    for number: UInt8 in 1...9 {
      configuration.add(nameServer: IPAddress(IPv4Address(10, 0, 0, number)))
      configuration.add(domain: Array("d\(number)".utf8))
    }
    #expect(configuration.nameServers.count == 3 && configuration.domains.count == 6)
    #expect(text(configuration.hostnameFile) == "localhost\n")
  }

  /// RFC 3397 section 2: eng.apple.com and marketing.apple.com.
  @Test func compressedDomains() {
    var configuration = ResolverConfiguration()
    configuration.add(
      domainSearch: [3] + Array("eng".utf8) + [5] + Array("apple".utf8) + [3] + Array("com".utf8)
        + [0, 9] + Array("marketing".utf8) + [0xc0, 4])
    #expect(configuration.domains.map(text) == ["eng.apple.com", "marketing.apple.com"])
  }

  @Test func circlesEnd() {
    for bytes in [
      hex("c000"), hex("0161 c000"), hex("0161 c002"), hex("00 c000 c001"), hex("3f61"), hex("c0"),
    ] {
      var configuration = ResolverConfiguration()
      configuration.add(domainSearch: bytes)
      #expect(configuration.domains.allSatisfy { ResolverConfiguration.isName($0) })
    }
  }

  @Test func fuzzDomainSearch() {
    let seed = fuzz(times: 2000) { random in
      var configuration = ResolverConfiguration()
      var bytes = random.bytes(Int.random(in: 0...300, using: &random))
      for index in bytes.indices where random.chance(50) {
        bytes[index] = [0, 1, 2, 0xc0, 0x61].randomElement(using: &random)!
      }
      configuration.add(domainSearch: bytes)
      precondition(configuration.domains.allSatisfy { ResolverConfiguration.isName($0) })
    }
    #expect(seed != 0)
  }
}
