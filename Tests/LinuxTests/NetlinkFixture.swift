// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import IPv4
import Internet
import Neighbors
import NetworkHost
import NetworkStack
import Packets

@testable import LinuxNetlink

/// A card that nothing comes from, and whose counters are known.
private final class SilentCard: NetworkCard {
  let mtu = 1500
  let hardwareAddress = MACAddress(0x5254_0012_3456)
  let offloads: InterfaceOffloads = []
  let heldCount = 0
  var sendingCount: Int { 0 }

  var counters: InterfaceCounters {
    var counters = InterfaceCounters()
    counters.receivedPackets = 11
    counters.receivedBytes = 5_000_000_001
    counters.receiveDrops = 2
    counters.sentPackets = 13
    counters.sentBytes = 14
    counters.sendDrops = 3
    return counters
  }

  func transmit(_ frame: consuming Frame) {}
  func flush() {}
  func beginPolling() {}
  func receive(rest: inout PacketQueue) -> Packet? { nil }
  func endPolling() -> Bool { false }
}

/// A wire on which nobody asks anything.
private final class SilentLink: NeighborLink {
  func solicit(_ address: IPAddress, at station: MACAddress?) {}
  func deliver(_ frame: consuming Frame, to address: IPAddress, at station: MACAddress) {}
  func unreachable(_ frame: consuming Frame, at address: IPAddress) {}
}

/// A host with a card, 10.1.2.3/24, a router, fd00::3/64 and a neighbour or two.
enum NetlinkFixture {
  private static let made = KernelGlobal<NetworkHost?>(nil)

  static var host: NetworkHost {
    if let host = made.value { return host }
    let pool = PacketPool(bufferCount: 32, byteCount: 2048, limit: 64)!
    let host = NetworkHost(
      card: SilentCard(), pool: pool, largeBufferLimit: 4, settings: NetworkSettings())!
    let stack = host.stack
    precondition(stack.add(IPv4Prefix(v4("10.1.2.3"), length: 24), now: .start))
    precondition(
      stack.add(IPv4Routes.Route(IPv4Prefix(.any, length: 0), via: v4("10.1.2.1"))))
    stack.startIPv6(now: .start)
    stack.add(IPv6Prefix(v6("fd00::3"), length: 64), now: .start)
    stack.add(router: v6("fe80::1"))
    let link = SilentLink()
    for (address, station) in [
      (IPAddress(v4("10.1.2.1")), 0x5254_0000_0001), (IPAddress(v6("fe80::1")), 0x5254_0000_0002),
    ] as [(IPAddress, UInt64)] {
      stack.neighbors.learn(
        address, at: MACAddress(station), by: .solicitedAnswer, creates: true, link: link,
        now: .start)
    }
    made.value = host
    return host
  }

  static func v4(_ text: String) -> IPv4Address {
    IPv4Address(text: RawSpan(_elements: Array(text.utf8).span))!
  }

  static func v6(_ text: String) -> IPv6Address {
    IPv6Address(text: RawSpan(_elements: Array(text.utf8).span))!
  }
}

/// A request as a program would write it.
struct TestRequest {
  var type: UInt16
  var flags: UInt16 = 1
  var body: [UInt8] = [0]
  /// What the header says; nil for the truth.
  var length: UInt32?

  static let dump: UInt16 = 0x301
  static let acknowledged: UInt16 = 5

  var bytes: [UInt8] {
    var bytes = little(length ?? UInt32(16 + body.count)) + little(type) + little(flags)
    bytes += little(UInt32(0x0102_0304)) + little(UInt32(0)) + body
    return bytes
  }

  /// Appends an attribute.
  func with(_ type: UInt16, _ value: [UInt8]) -> TestRequest {
    var copy = self
    while copy.body.count % 4 != 0 { copy.body.append(0) }
    copy.body += little(UInt16(value.count + 4)) + little(type) + value
    return copy
  }

  /// The answers to the one message that this is, one array for each datagram.
  func datagrams(_ options: NetlinkOptions = []) -> [[Answer]] {
    RouteRequest.all(in: bytes).flatMap { request in
      RouteAnswers(to: request, port: 4711, options: options, host: NetlinkFixture.host)
        .datagrams().map { Answer.all(in: $0) }
    }
  }

  func answers(_ options: NetlinkOptions = []) -> [Answer] {
    datagrams(options).flatMap { $0 }
  }

  /// The error that the only answer is; 0 for a success, nil for anything else.
  func verdict(_ options: NetlinkOptions = []) -> Int32? {
    let answers = answers(options)
    guard answers.count == 1, answers[0].type == 2 else { return nil }
    return -(answers[0].number(at: 0) as Int32)
  }
}

/// A message that comes back.
struct Answer {
  let length: Int
  let type: UInt16
  let flags: UInt16
  let sequence: UInt32
  let port: UInt32
  let body: [UInt8]

  /// Traps where a reader would go astray.
  static func all(in datagram: [UInt8]) -> [Answer] {
    var answers: [Answer] = []
    var offset = 0
    while offset < datagram.count {
      let length = Int(number(datagram, offset) as UInt32)
      precondition(length >= 16 && length <= datagram.count - offset, "a length that is wrong")
      answers.append(
        Answer(
          length: length, type: number(datagram, offset + 4), flags: number(datagram, offset + 6),
          sequence: number(datagram, offset + 8), port: number(datagram, offset + 12),
          body: [UInt8](datagram[offset + 16..<offset + length])))
      offset += (length + 3) / 4 * 4
    }
    return answers
  }

  func number<T: FixedWidthInteger>(at offset: Int) -> T { Self.number(body, offset) }

  private static func number<T: FixedWidthInteger>(_ bytes: [UInt8], _ offset: Int) -> T {
    var value: T = 0
    for index in 0..<MemoryLayout<T>.size { value |= T(bytes[offset + index]) << (8 * index) }
    return value
  }

  /// The attributes behind a structure of `count` bytes.
  func attributes(behind count: Int) -> [UInt16: [UInt8]] {
    var result: [UInt16: [UInt8]] = [:]
    var offset = count
    while offset + 4 <= body.count {
      let length = Int(number(at: offset) as UInt16)
      precondition(length >= 4 && length <= body.count - offset, "an attribute that is too long")
      result[number(at: offset + 2)] = [UInt8](body[offset + 4..<offset + length])
      offset += (length + 3) / 4 * 4
    }
    return result
  }
}

/// The bytes of a number, the lowest first.
func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
  (0..<MemoryLayout<T>.size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}
