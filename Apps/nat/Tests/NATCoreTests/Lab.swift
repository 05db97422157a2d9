// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Testing

@testable import NATCore

func address(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) -> UInt32 {
  IPv4Address(a, b, c, d).rawValue
}

/// A translator with a host inside (`.10`), another (`.11`), a gateway and remotes behind it.
final class Lab {
  static let natInside = address(192, 168, 1, 1)
  static let natOutside = address(203, 0, 113, 2)
  static let host = address(192, 168, 1, 10)
  static let other = address(192, 168, 1, 11)
  static let gateway = address(203, 0, 113, 1)
  static let remote = address(198, 51, 100, 7)
  static let remote2 = address(198, 51, 100, 8)
  static let insideStation: UInt64 = 0x0200_0000_0001
  static let outsideStation: UInt64 = 0x0200_0000_0002
  static let gatewayStation: UInt64 = 0x0200_0000_00aa

  static let rules = """
    inside 192.168.1.1/24
    outside 203.0.113.2/24 gateway 203.0.113.1
    forward tcp 8080 to 192.168.1.10 port 80
    forward udp 5353 to 192.168.1.11
    drop inside to 198.51.100.66
    reject inside to 198.51.100.67
    accept inside
    accept outside tcp to 192.168.1.10 port 80
    accept outside udp to 192.168.1.11 port 5353
    accept outside icmp to 203.0.113.2
    """

  let nat: NAT
  var now = Instant(nanoseconds: 1_000_000_000)

  static func station(of host: UInt32) -> UInt64 { 0x0200_0000_0000 | UInt64(host & 0xff) << 8 | 1 }

  init(_ rules: String = Lab.rules, knowsNeighbors: Bool = true, seed: UInt64 = 1) throws {
    let settings = try RuleParser.parse(Array(rules.utf8))
    nat = NAT(
      settings, inside: MACAddress(Self.insideStation), outside: MACAddress(Self.outsideStation),
      seed: seed)
    guard knowsNeighbors else { return }
    introduce(Self.host, .inside)
    introduce(Self.other, .inside)
    introduce(Self.gateway, .outside, station: Self.gatewayStation)
  }

  /// Lets a station ask for the translator's address, from which that learns the station's.
  func introduce(_ host: UInt32, _ side: Side, station: UInt64? = nil) {
    let station = station ?? Self.station(of: host)
    let own = side == .inside ? Self.natInside : Self.natOutside
    let reply = send(
      side, ethernet(0xffff_ffff_ffff, station, 0x806, Wire.arp(1, station, host, 0, own)))
    #expect(reply?.frame.isARP == true)
  }

  func ethernet(_ to: UInt64, _ from: UInt64, _ type: UInt16, _ payload: [UInt8]) -> [UInt8] {
    Wire.station(to) + Wire.station(from) + Wire.word(type) + payload
  }

  /// What came out at once, and on which side.
  struct Out {
    let side: Side
    let frame: Seen
  }

  /// Sends a frame; what the translator passes on must be right in all its sums.
  @discardableResult
  func send(_ side: Side, _ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation)
    -> Out?
  {
    nat.advance(to: now)
    var bytes = bytes
    let verdict = Self.receive(nat, &bytes, side, now)
    guard case .send(let out, let count) = verdict else { return nil }
    guard let seen = Seen(Array(bytes[..<count])) else {
      Issue.record("a wrong frame was sent", sourceLocation: sourceLocation)
      return nil
    }
    return Out(side: out, frame: seen)
  }

  static func receive(_ nat: NAT, _ bytes: inout [UInt8], _ side: Side, _ now: Instant) -> Verdict {
    var elements = bytes.mutableSpan
    var frame = MutableRawSpan(_elements: &elements)
    return nat.receive(&frame, on: side, at: now)
  }

  /// Sends an IPv4 packet from a host inside.
  @discardableResult
  func inside(_ packet: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) -> Seen? {
    let source = Seen.number(packet, 12, UInt32.self)
    return send(
      .inside, ethernet(Self.insideStation, Self.station(of: source), 0x800, packet),
      sourceLocation: sourceLocation)?.frame
  }

  /// Sends an IPv4 packet from the gateway.
  @discardableResult
  func outside(_ packet: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) -> Seen? {
    send(
      .outside, ethernet(Self.outsideStation, Self.gatewayStation, 0x800, packet),
      sourceLocation: sourceLocation)?.frame
  }

  /// What the translator says by itself.
  func outputs() -> [Out] {
    nat.advance(to: now)
    var result: [Out] = []
    while nat.hasOutput {
      guard let (side, bytes) = Self.output(nat), let seen = Seen(bytes) else {
        Issue.record("a wrong frame waits")
        return result
      }
      result.append(Out(side: side, frame: seen))
    }
    return result
  }

  static func output(_ nat: NAT) -> (Side, [UInt8])? {
    var bytes = [UInt8](repeating: 0, count: 1514)
    var elements = bytes.mutableSpan
    var frame = MutableRawSpan(_elements: &elements)
    guard let (side, count) = nat.takeOutput(into: &frame) else { return nil }
    return (side, Array(bytes[..<count]))
  }

  func wait(seconds: Int64) { now = now + Nanoseconds(seconds: seconds) }

  func udp(
    _ source: UInt32, _ from: UInt16, _ target: UInt32, _ to: UInt16, hops: UInt8 = 64
  ) -> [UInt8] {
    Wire.ip(source, target, 17, Wire.udp(source, from, target, to), hops: hops)
  }

  func tcp(
    _ source: UInt32, _ from: UInt16, _ target: UInt32, _ to: UInt16, _ flags: UInt8
  ) -> [UInt8] {
    Wire.ip(source, target, 6, Wire.tcp(source, from, target, to, flags))
  }

  func echo(_ kind: UInt8, _ source: UInt32, _ target: UInt32, _ identifier: UInt16) -> [UInt8] {
    Wire.ip(source, target, 1, Wire.echo(kind, identifier))
  }
}

/// SplitMix64: the same numbers on every machine.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}

let syn: UInt8 = 2
let ack: UInt8 = 16
let fin: UInt8 = 17
let rst: UInt8 = 4
