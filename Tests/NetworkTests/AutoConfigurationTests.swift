// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import IPv6
import NDP
import Testing

/// Times and lifetimes of RFC 4862.
@Suite struct AutoConfigurationTests {
  private func time(_ seconds: UInt64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

  private let router = v6("fe80::fe")
  private let linkLocal = v6("fe80::5054:ff:fe00:1")
  private let address = v6("2001:db8:1:0:5054:ff:fe00:1")

  private func advertisement(_ text: RouterText) -> RouterAdvertisement {
    let bytes = text.bytes
    guard
      case .routerAdvertisement(let message) = NDPMessage(
        parsing: RawSpan(_elements: bytes.span), from: router, to: .allNodes, hopLimit: 255)
    else { preconditionFailure("not understood") }
    return message
  }

  private func started() -> (AutoConfiguration, IPv6Routes) {
    var routes = IPv6Routes()
    var automatic = AutoConfiguration(station: MACAddress(0x5254_0000_0001))
    automatic.start(&routes, now: time(0))
    automatic.advance(&routes, to: time(1))
    while automatic.takeAction() != nil {}
    return (automatic, routes)
  }

  @Test func theFirstSteps() {
    var routes = IPv6Routes()
    var automatic = AutoConfiguration(station: MACAddress(0x5254_0000_0001))
    automatic.start(&routes, now: time(0))
    check(automatic.nextDeadline <= time(0), "there is something to send")
    check(automatic.takeAction() == .probe(linkLocal))
    check(automatic.takeAction() == .solicitRouters)
    check(automatic.takeAction() == nil && automatic.nextDeadline == time(1))
    automatic.advance(&routes, to: time(1))
    check(automatic.takeAction() == .ready(linkLocal) && automatic.nextDeadline == time(4))
    automatic.advance(&routes, to: time(4))
    check(automatic.takeAction() == .solicitRouters && automatic.nextDeadline == time(8))
    automatic.advance(&routes, to: time(8))
    check(automatic.takeAction() == .solicitRouters && automatic.nextDeadline == .never)
  }

  @Test func anAddressThatIsTakenAwayIsNotReady() {
    var routes = IPv6Routes()
    var automatic = AutoConfiguration(station: MACAddress(0x5254_0000_0001))
    automatic.start(&routes, now: time(0))
    while automatic.takeAction() != nil {}
    routes.remove(linkLocal)
    automatic.advance(&routes, to: time(1))
    check(automatic.takeAction() == nil)
  }

  /// Section 5.5.3 (d).
  @Test(arguments: [
    RouterText(lifetime: 0).prefix("2001:db8:1::", flags: 0x80),
    RouterText(lifetime: 0).prefix("2001:db8:1::", length: 63),
    RouterText(lifetime: 0).prefix("2001:db8:1::", length: 65),
    RouterText(lifetime: 0).prefix("2001:db8:1::", valid: 0, preferred: 0),
    RouterText(lifetime: 0).prefix("2001:db8:1::", valid: 10, preferred: 11),
    RouterText(lifetime: 0).prefix("fe80::"), RouterText(lifetime: 0).prefix("ff0e::"),
  ])
  func whatMakesNoAddress(_ text: RouterText) {
    var (automatic, routes) = started()
    automatic.receive(advertisement(text), from: router, &routes, now: time(10))
    check(automatic.takeAction() == nil && routes.addresses.count == 1)
  }

  @Test func onLinkAndAutonomousAreApart() {
    var (automatic, routes) = started()
    automatic.receive(
      advertisement(RouterText(lifetime: 0).prefix("2001:db8:1::", flags: 0x40)), from: router,
      &routes, now: time(10))
    check(automatic.takeAction() == .probe(address) && routes.onLink.isEmpty)
    automatic.receive(
      advertisement(RouterText(lifetime: 0).prefix("2001:db8:2::", flags: 0x80, valid: 50)),
      from: router, &routes, now: time(10))
    check(routes.hop(to: v6("2001:db8:2::9")) == .neighbor(v6("2001:db8:2::9")))
    check(routes.onLink.first?.until == time(60))
    // A lifetime of 0 takes the network away at once (RFC 4861 section 6.3.4).
    automatic.receive(
      advertisement(RouterText(lifetime: 0).prefix("2001:db8:2::", flags: 0x80, valid: 0)),
      from: router, &routes, now: time(11))
    check(routes.onLink.isEmpty)
  }

  /// Section 5.5.3 (e): two hours.
  @Test(arguments: [
    // Remaining, received, what remains then.
    (UInt64(86_400), UInt32(90_000), UInt64(90_000)), (86_400, 10_000, 10_000),
    (86_400, 100, 7200), (86_400, 0, 7200), (3600, 4000, 4000), (3600, 100, 3600),
    (3600, 0, 3600), (3600, .max, .max),
  ])
  func oneMessageCannotTakeAnAddressAway(_ remaining: UInt64, _ received: UInt32, _ then: UInt64) {
    var (automatic, routes) = started()
    func receive(_ seconds: UInt32, at now: UInt64) {
      automatic.receive(
        advertisement(
          RouterText(lifetime: 0).prefix("2001:db8:1::", valid: seconds, preferred: 0)),
        from: router, &routes, now: time(now))
    }
    receive(UInt32(remaining) + 100, at: 0)
    receive(received, at: 100)
    let own = routes.addresses.first { $0.address == address }
    check(own?.validUntil == (then == .max ? .never : time(100 + then)))
    check(own?.preferredUntil == time(100), "this one is believed")
  }

  @Test func addressesAreDeprecatedThenGone() {
    var (automatic, routes) = started()
    automatic.receive(
      advertisement(
        RouterText(lifetime: 9000).prefix("2001:db8:1::", valid: 200, preferred: 100)
          .prefix("2001:db8:2::", valid: 300, preferred: 300)),
      from: router, &routes, now: time(10))
    automatic.advance(&routes, to: time(11))
    check(routes.source(to: v6("2001:db8:1::9"), now: time(109)) == address)
    check(
      routes.source(to: v6("2001:db8:1::9"), now: time(110)) == v6("2001:db8:2:0:5054:ff:fe00:1"))
    check(routes.isOwn(address) && routes.nextDeadline == time(210))
    check(routes.advance(to: time(210)) && !routes.isOwn(address))
  }

  @Test func nameServersComeAndGo() {
    var (automatic, routes) = started()
    func receive(_ servers: [String], _ lifetime: UInt32, at seconds: UInt64) {
      automatic.receive(
        advertisement(RouterText(lifetime: 0).servers(servers, lifetime: lifetime)), from: router,
        &routes, now: time(seconds))
    }
    receive(["2001:db8::1", "2001:db8::2", "ff02::1"], 100, at: 10)
    check(automatic.nameServers.map(\.address) == [v6("2001:db8::1"), v6("2001:db8::2")])
    receive(["2001:db8::1"], 0, at: 20)
    check(automatic.nameServers.map(\.address) == [v6("2001:db8::2")])
    receive(["2001:db8::2"], .max, at: 20)
    check(automatic.nameServers.first?.until == .never && automatic.nextDeadline == .never)
    receive(["2001:db8::3"], 100, at: 20)
    check(automatic.nextDeadline == time(120))
    automatic.advance(&routes, to: time(120))
    check(automatic.takeAction() == .changed && automatic.nextDeadline == .never)
    check(automatic.nameServers.map(\.address) == [v6("2001:db8::2")])
  }

  @Test func whatTheLinkIsLike() {
    var (automatic, routes) = started()
    automatic.receive(
      advertisement(RouterText(lifetime: 5, hopLimit: 9).mtu(1300)), from: router, &routes,
      now: time(10))
    check(automatic.mtu == 1300 && automatic.hopLimit == 9)
    automatic.receive(advertisement(RouterText(lifetime: 5)), from: router, &routes, now: time(11))
    check(automatic.mtu == 1300 && automatic.hopLimit == 9, "not said is not changed")
    check(routes.routers.first?.until == time(16))
  }
}
