// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Testing

@testable import NATCore

/// The rule file: what it means, and what is said of mistakes.
@Suite struct RuleTests {
  static let networks = "inside 10.0.0.1/8\noutside 192.0.2.2/24\n"

  func refusal(_ text: String) -> String? {
    do throws(RuleError) {
      _ = try RuleParser.parse(Array(text.utf8))
      return nil
    } catch {
      var bytes: [UInt8] = []
      error.appendText(to: &bytes)
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  @Test func everythingIsRead() throws {
    let text = """
      # The two networks.
      inside 192.168.1.1/24   # with a word for people
      outside\t203.0.113.2/24 gateway 203.0.113.1\r

      forward tcp 8080 to 192.168.1.10 port 80
      forward udp 53 to 192.168.1.11
      drop inside tcp from 192.168.1.0/25 port 1-1023 to any port 25
      accept inside
      reject to 192.168.1.10
      otherwise reject
      timeout udp 120
      timeout established 9000
      timeout transitory 300
      timeout icmp 61
      sessions 100
      """
    let settings = try RuleParser.parse(Array(text.utf8))
    #expect(settings.inside == IPv4Prefix(IPv4Address(192, 168, 1, 1), length: 24))
    #expect(settings.gateway == IPv4Address(203, 0, 113, 1))
    #expect(
      settings.forwards == [
        PortForward(.tcp, port: 8080, to: IPv4Address(192, 168, 1, 10), targetPort: 80),
        PortForward(.udp, port: 53, to: IPv4Address(192, 168, 1, 11), targetPort: 53),
      ])
    var first = FirewallRule(.drop)
    first.side = .inside
    first.transport = .tcp
    first.source = IPv4Prefix(IPv4Address(192, 168, 1, 0), length: 25)
    first.sourcePorts = PortRange(1, 1023)
    first.targetPorts = PortRange(25, 25)
    first.line = 7
    #expect(settings.rules.count == 3 && settings.rules[0] == first)
    #expect(settings.rules[2].side == nil && settings.rules[2].action == .reject)
    #expect(settings.fallback == .reject && settings.sessionLimit == 100)
    #expect(settings.timeouts.udp == 120 && settings.timeouts.established == 9000)
    #expect(settings.timeouts.transitory == 300 && settings.timeouts.icmp == 61)
  }

  @Test(arguments: [
    ("inside 10.0.0.1/8\n", "2:1: the line 'outside "),
    ("", "1:1: the line 'inside "),
    (networks + "allow inside", "3:1: 'allow': begin with inside"),
    ("inside 10.0.0.1", "1:8: '10.0.0.1': write an address and the network's length"),
    ("inside 10.0.0.1/33", "1:8: '10.0.0.1/33': write an address and"),
    ("inside 10.0.0.1/31", "1:8: '10.0.0.1/31': the network's length has to be"),
    ("inside 10.0.0.0/8", "1:8: '10.0.0.0/8': this is the network's own"),
    ("inside 10.255.255.255/8", "1:8: '10.255.255.255/8': this is"),
    ("inside 10.0.0.1/8 gateway 10.0.0.2", "1:19: 'gateway': the statement ends before"),
    ("inside", "1:7: write an address and"),
    ("inside 10.0.0.1/8\ninside 10.0.0.2/8", "2:8: '10.0.0.2/8': this was said before"),
    ("inside 10.0.0.1/8\noutside 10.1.0.1/16", "2:9: '10.1.0.1/16': the networks inside and"),
    ("outside 192.0.2.2/24 via 192.0.2.1", "1:22: 'via': write 'gateway'"),
    ("outside 192.0.2.2/24 gateway 192.0.3.1", "1:30: '192.0.3.1': the gateway has to be"),
    ("outside 192.0.2.2/24 gateway", "1:29: write an address such as"),
    (networks + "forward sctp 1 to 10.0.0.2", "3:9: 'sctp': write tcp or udp"),
    (networks + "forward tcp 0 to 10.0.0.2", "3:13: '0': write a port from 1"),
    (networks + "forward tcp 70000 to 10.0.0.2", "3:13: '70000': write a port from 1"),
    (networks + "forward tcp 80 10.0.0.2", "3:16: '10.0.0.2': write 'to'"),
    (networks + "forward tcp 80 to 11.0.0.2", "3:19: '11.0.0.2': a forward leads to a host"),
    (networks + "forward tcp 80 to 10.0.0.1", "3:19: '10.0.0.1': a forward leads to a host"),
    (networks + "forward tcp 80 to 10.0.0.2 port x", "3:33: 'x': write a port"),
    (
      networks + "forward tcp 80 to 10.0.0.2\nforward tcp 80 to 10.0.0.3",
      "4:13: '80': this port is forwarded already"
    ),
    (
      networks + "forward tcp 80 to 10.0.0.2\nforward tcp 81 to 10.0.0.2 port 80",
      "4:19: '10.0.0.2': a forward leads to this address and port already"
    ),
    (networks + "accept to 10.0.0.2 from any", "3:20: 'from': write, in this order"),
    (networks + "accept icmp to any port 3", "3:20: 'port': icmp has no ports"),
    (networks + "accept tcp to any port 9-3", "3:24: '9-3': write a port from 1"),
    (networks + "accept tcp to any port 9-", "3:24: '9-': write a port from 1"),
    (networks + "accept from 10.0.0.1/8", "3:13: '10.0.0.1/8': the network's length leaves"),
    (networks + "accept from 10.0.0.300", "3:13: '10.0.0.300': write any, an address"),
    (networks + "otherwise maybe", "3:11: 'maybe': write accept, drop or reject"),
    (networks + "otherwise drop\notherwise drop", "4:11: 'drop': this was said before"),
    (networks + "timeout tcp 9", "3:9: 'tcp': write established, transitory"),
    (networks + "timeout udp 0", "3:13: '0': write seconds"),
    (networks + "sessions 99999", "3:10: '99999': write a number from 1 to 16384"),
    (networks + "accept inside\u{7}", "3:14: '?': write letters"),
  ])
  func mistakesAreNamed(_ text: String, _ message: String) {
    let refusal = refusal(text) ?? "taken"
    #expect(refusal.hasPrefix(message), "\(refusal)")
  }

  @Test func anyTextIsTakenOrRefused() {
    var random = SeededGenerator(seed: 3)
    let seed = Array(Lab.rules.utf8)
    let words = ["inside", "port", "to", "any", "/", "-", "tcp", "0", "255", "\n", "#", " ", "\0"]
    var taken = 0
    for _ in 0..<20_000 {
      var text = seed
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        let place = Int.random(in: 0..<text.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: text[place] = .random(in: 0...255, using: &random)
        case 1: text.insert(contentsOf: words.randomElement(using: &random)!.utf8, at: place)
        case 2: text.removeSubrange(place..<min(text.count, place + 9))
        default: text.insert(contentsOf: text[place..<min(text.count, place + 30)], at: place)
        }
      }
      do throws(RuleError) {
        let settings = try RuleParser.parse(text)
        for forward in settings.forwards {
          #expect(settings.inside.contains(forward.target) && forward.port > 0)
        }
        taken += 1
      } catch {
        var message: [UInt8] = []
        error.appendText(to: &message)
        let lines = text.count { $0 == 10 } + 1
        #expect(error.line >= 1 && error.line <= lines + 1 && error.column >= 1)
        #expect(message.allSatisfy { $0 >= 0x20 && $0 < 0x7f })
      }
    }
    #expect(taken > 1000)
  }
}
