// SPDX-License-Identifier: BSD-3-Clause

import Base
import Testing

@testable import NATCore

/// Frames that no honest station sends: nothing traps, and nothing wrong is passed on.
@Suite struct HostileTests {
  @Test("addresses that cannot be there are dropped")
  func spoofed() throws {
    let lab = try Lab()
    for source in [
      address(10, 0, 0, 1), Lab.natInside, address(192, 168, 1, 255), address(192, 168, 1, 0),
      address(127, 0, 0, 1), address(224, 0, 0, 1), address(255, 255, 255, 255), 0, Lab.remote,
    ] {
      #expect(lab.inside(lab.udp(source, 1, Lab.remote2, 2)) == nil)
    }
    for source in [Lab.host, Lab.natOutside, address(203, 0, 113, 255), address(127, 0, 0, 1)] {
      #expect(lab.outside(lab.udp(source, 1, Lab.natOutside, 5353)) == nil)
    }
    #expect(lab.nat.dropCount(.spoofed) == 13 && lab.nat.sessionCount == 0)
    for target in [
      address(127, 0, 0, 1), address(224, 0, 0, 1), address(255, 255, 255, 255), 0, Lab.other,
      address(203, 0, 113, 255),
    ] {
      #expect(lab.inside(lab.udp(Lab.host, 1, target, 2)) == nil)
    }
    // From the outside only our own address is asked for, never one of the inside.
    for target in [Lab.host, Lab.natInside, Lab.remote2] {
      #expect(lab.outside(lab.udp(Lab.remote, 1, target, 2)) == nil)
    }
    #expect(lab.nat.dropCount(.notForUs) == 9)
    #expect(lab.outputs().isEmpty)
  }

  @Test("headers that lie are dropped")
  func malformed() throws {
    let lab = try Lab()
    let good = lab.tcp(Lab.host, 1, Lab.remote, 2, syn)
    func changed(_ offset: Int, _ value: UInt8, renew: Bool = true) -> [UInt8] {
      var packet = good
      packet[offset] = value
      if renew {
        Wire.put(0, in: &packet, at: 10)
        Wire.put(Wire.sum(Array(packet[..<20])), in: &packet, at: 10)
      }
      return packet
    }
    let bad: [[UInt8]] = [
      changed(0, 0x65), changed(0, 0x44), changed(0, 0x4f), changed(3, 19), changed(3, 41),
      changed(2, 0xff), changed(8, 60, renew: false), changed(6, 0x80), changed(32, 0x40),
      changed(32, 0xf0), changed(33, 0), changed(33, 3), changed(33, 6), Array(good.prefix(39)),
      Wire.ip(Lab.host, Lab.remote, 6, Array(good[20..<39])),
      Wire.ip(Lab.host, Lab.remote, 6, Array(good[20...]), fragment: 1),
      Wire.ip(Lab.host, Lab.remote, 6, Array(good[20...]), fragment: 2),
      Wire.ip(Lab.host, Lab.remote, 17, [0, 1, 0, 2, 0, 7, 0, 0]),
      Wire.ip(Lab.host, Lab.remote, 17, [0, 1, 0, 2, 0, 9, 0, 0]),
      Wire.ip(Lab.host, Lab.remote, 17, [0, 0, 0, 2, 0, 8, 0, 0]),
      Wire.ip(Lab.host, Lab.remote, 6, Array(good[20...]), options: [131, 7, 4, 1, 2, 3, 4, 0]),
      Wire.ip(Lab.host, Lab.remote, 6, Array(good[20...]), options: [7, 9, 4, 0]),
      Wire.ip(Lab.host, Lab.remote, 1, [8, 0, 0, 0]),
    ]
    for packet in bad { #expect(lab.inside(packet) == nil) }
    #expect(lab.nat.dropCount(.malformed) == UInt64(bad.count))
    #expect(lab.inside(Wire.ip(Lab.host, Lab.remote, 47, [0, 0, 0, 0])) == nil)
    #expect(lab.nat.dropCount(.unsupported) == 1)
    #expect(lab.nat.sessionCount == 0 && lab.outputs().isEmpty)
    // Options that ask for nothing pass.
    let options = Wire.ip(Lab.host, Lab.remote, 6, Array(good[20...]), options: [1, 1, 1, 0])
    #expect(lab.inside(options)?.packet.count == 44)
  }

  @Test("a datagram without a checksum stays without; padding of the link is cut off")
  func smallThings() throws {
    let lab = try Lab()
    var body = Wire.udp(Lab.other, 1024, Lab.remote, 2, [5])
    body[6] = 0
    body[7] = 0
    lab.inside(lab.udp(Lab.host, 1024, Lab.remote, 2))
    let packet = Wire.ip(Lab.other, Lab.remote, 17, body)
    let sent = try #require(lab.inside(packet + [UInt8](repeating: 0xee, count: 17)))
    #expect(sent.payload[6] == 0 && sent.payload[7] == 0 && sent.packet.count == 29)
  }

  @Test("any change of a frame: nothing traps, and what is passed on is right")
  func mutations() throws {
    var random = SeededGenerator(seed: 11)
    let lab = try Lab(Lab.rules + "\nsessions 64")
    let sent = try #require(lab.inside(lab.udp(Lab.other, 4000, Lab.remote, 53)))
    let failure = Wire.icmp(3, 1, 0, Array(sent.packet.prefix(28)))
    let inside: [[UInt8]] = [
      lab.udp(Lab.host, 4000, Lab.remote, 53), lab.tcp(Lab.host, 80, Lab.remote, 80, syn),
      lab.echo(8, Lab.host, Lab.remote, 9), lab.tcp(Lab.other, 4, Lab.natOutside, 8080, syn),
      lab.udp(Lab.host, 4000, Lab.natOutside, 4000), Wire.ip(Lab.host, Lab.remote, 1, failure),
      Wire.ip(
        Lab.host, Lab.remote, 17, Wire.udp(Lab.host, 9, Lab.remote, 9), identification: 3,
        fragment: 0x2000),
      Wire.ip(Lab.host, Lab.remote, 17, [1, 2, 3], identification: 3, fragment: 2),
      Wire.ip(
        Lab.host, Lab.remote, 17, Wire.udp(Lab.host, 9, Lab.remote, 9), options: [1, 1, 1, 0]),
    ]
    let outside: [[UInt8]] = [
      lab.udp(Lab.remote, 53, Lab.natOutside, 4000),
      lab.tcp(Lab.remote, 8, Lab.natOutside, 8080, 2),
      lab.echo(8, Lab.remote, Lab.natOutside, 9), lab.echo(0, Lab.remote, Lab.natOutside, 9),
      Wire.ip(Lab.remote2, Lab.natOutside, 1, failure),
      lab.udp(Lab.remote, 5, Lab.natOutside, 5353),
    ]
    var passed = 0
    for _ in 0..<60_000 {
      let side: Side = Bool.random(using: &random) ? .inside : .outside
      var packet = (side == .inside ? inside : outside).randomElement(using: &random)!
      mutate(&packet, &random)
      // Half of them with a right header checksum, or little would get far.
      if packet.count >= 20, Bool.random(using: &random) {
        Wire.put(0, in: &packet, at: 10)
        let size = min(packet.count, max(20, Int(packet[0] & 15) * 4))
        Wire.put(Wire.sum(Array(packet[..<size])), in: &packet, at: 10)
      }
      let station = side == .inside ? Lab.insideStation : Lab.outsideStation
      var frame = lab.ethernet(station, 0x0200_0000_0001, 0x800, packet)
      if Int.random(in: 0..<20, using: &random) == 0 {
        frame = lab.ethernet(
          0xffff_ffff_ffff, 0x0200_0000_0a01, 0x806,
          Wire.arp(1, 0x0200_0000_0a01, Lab.host, 0, Lab.natInside))
        mutate(&frame, &random)
      }
      lab.now = lab.now + .milliseconds(Int64.random(in: 0...30, using: &random))
      lab.nat.advance(to: lab.now)
      if case .send(let to, let count) = Lab.receive(lab.nat, &frame, side, lab.now) {
        passed += 1
        check(Array(frame[..<count]), to)
      }
      while let (to, bytes) = Lab.output(lab.nat) { check(bytes, to) }
    }
    #expect(passed > 5000)
    #expect(lab.nat.sessionCount <= 64 && lab.nat.mappingCount <= 66)
    #expect(lab.nat.store.heldCount <= FrameStore.heldLimit)
  }

  /// Whatever leaves is an IPv4 packet or ARP, from us, and shows no inside address outside.
  private func check(_ frame: [UInt8], _ side: Side) {
    #expect(frame.count <= 1514)
    let station = side == .inside ? Lab.insideStation : Lab.outsideStation
    #expect(Array(frame[6..<12]) == Wire.station(station))
    guard frame[12] == 8, frame[13] == 0 else { return }
    let packet = Array(frame[14...])
    let size = Int(packet[0] & 15) * 4
    #expect(Wire.sum(Array(packet[..<size])) == 0)
    #expect(Seen.number(packet, 2, UInt16.self) == packet.count)
    let source = Seen.number(packet, 12, UInt32.self)
    let target = Seen.number(packet, 16, UInt32.self)
    if side == .outside {
      #expect(source == Lab.natOutside && target >> 8 != Lab.natInside >> 8)
    } else {
      #expect(target >> 8 == Lab.natInside >> 8 && target != Lab.natInside)
    }
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
    for _ in 0..<Int.random(in: 0...2, using: &random) where !bytes.isEmpty {
      let place = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes[place] = .random(in: 0...255, using: &random)
      case 1: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
      case 2: bytes.removeSubrange(place...)
      case 3: bytes.append(contentsOf: bytes[place...])
      default: bytes.insert(0, at: place)
      }
    }
  }
}
