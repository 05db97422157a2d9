// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Internet
import NetworkStack
import Packets
import Testing
import UDP

@testable import UDPResponder

@Suite struct UDPResponderTests {
  /// A host that answers each request with its bytes, twice, behind a head of two bytes: the number
  /// of the datagram and how many there are.
  private func makeServer(
    _ host: Host, payloadLimit: Int = 1400
  ) throws -> UDPResponder {
    // What it told of its address.
    _ = host.interface.takeSent()
    return try UDPResponder(host.stack, port: 11211, headByteCount: 2, payloadLimit: payloadLimit) {
      request, reply in
      guard request.byteCount > 0 else { return }
      reply.append(request)
      reply.append(request)
      let count = UInt8(reply.count)
      reply.setHeads { index, bytes in
        bytes.storeBigEndian(UInt16(index) << 8 | UInt16(count), at: 0)
      }
    }
  }

  private let client = MACAddress(0x5254_0000_0099)

  private func request(
    _ host: Host, _ payload: [UInt8], to target: String = "10.0.0.1",
    from source: String = "10.0.0.9", port: UInt16 = 11211, station: MACAddress? = nil
  ) -> [UInt8] {
    let datagram = udpDatagram(from: source, 4000, to: target, port, payload)
    return ethernet(
      to: station ?? host.station, from: client, type: 0x800,
      ipv4Packet(from: source, to: target, protocol: 17, datagram))
  }

  @Test func answersFromWithinTheReceivePath() throws {
    let host = Host(1, address: "10.0.0.1")
    let responder = try makeServer(host)
    host.take(request(host, [1, 2, 3]), now: .start)
    let sent = host.interface.takeSent()
    #expect(sent.count == 1 && responder.count == 1)
    let frame = try #require(sent.first)
    #expect(problem(with: frame) == nil)
    #expect(Array(frame[0..<6]) == [0x52, 0x54, 0, 0, 0, 0x99], "back to the station")
    #expect(Array(frame[26..<34]) == [10, 0, 0, 1, 10, 0, 0, 9])
    #expect(Array(frame[34..<38]) == [0x2b, 0xcb, 0x0f, 0xa0])
    #expect(Array(frame[42...]) == [0, 1, 1, 2, 3, 1, 2, 3])
  }

  @Test func repliesMayTakeSeveralDatagrams() throws {
    let host = Host(1, address: "10.0.0.1")
    _ = try makeServer(host, payloadLimit: 102)
    let payload = (0..<120).map { UInt8($0) }
    host.take(request(host, payload), now: .start)
    let sent = host.interface.takeSent()
    #expect(sent.count == 3)
    for frame in sent { #expect(problem(with: frame) == nil) }
    #expect(sent.map { Array($0[42..<44]) } == [[0, 3], [1, 3], [2, 3]])
    #expect(sent.flatMap { Array($0[44...]) } == payload + payload)
  }

  @Test func leavesEverythingElseToTheStack() throws {
    let host = Host(1, address: "10.0.0.1")
    let responder = try makeServer(host)
    var wrongSum = request(host, [1, 2, 3])
    wrongSum[44] ^= 1
    var wrongHeader = request(host, [1, 2, 3])
    wrongHeader[24] ^= 1
    let others = [
      request(host, [1], port: 11212), request(host, [1], to: "10.0.0.7"),
      request(host, [1], from: "10.0.0.255"), request(host, [1], from: "127.0.0.1"),
      request(host, [1], from: "10.0.0.1"), request(host, [1], from: "224.0.0.1"),
      request(host, [1], station: MACAddress(0x5254_0000_0042)), wrongSum, wrongHeader,
      Array(request(host, [1]).prefix(41)),
    ]
    for frame in others { host.take(frame, now: .start) }
    #expect(responder.count == 0)
    for frame in host.interface.takeSent() {
      #expect(frame[12..<14] != [8, 0] || frame[23] != 17, "no datagram is answered")
    }
  }

  /// Who was answered before is looked at anew when the addresses change.
  @Test func answersOnlyForAddressesThatItHas() throws {
    let host = Host(1, address: "10.0.0.1")
    let responder = try makeServer(host)
    host.take(request(host, [1]), now: .start)
    host.take(request(host, [1]), now: .start)
    #expect(responder.count == 2)
    host.stack.remove(v4("10.0.0.1"))
    host.take(request(host, [1]), now: .start)
    #expect(responder.count == 2)
    #expect(host.stack.add(IPv4Prefix(v4("10.0.0.1"), length: 24), now: .start))
    host.take(request(host, [1]), now: .start)
    host.take(request(host, [1], from: "10.0.0.1"), now: .start)
    #expect(responder.count == 3)
  }

  /// A card that makes checksums gets the sum of the pseudo header, and where the rest goes.
  @Test func leavesTheChecksumToTheCard() throws {
    let host = Host(1, address: "10.0.0.1")
    host.interface.offloads = .transmitChecksum
    _ = try makeServer(host)
    host.take(request(host, [1, 2, 3]), now: .start)
    let sent = host.interface.takeSent()
    #expect(sent.count == 1 && problem(with: sent.first ?? []) == nil)
  }

  @Test func aPortIsTakenOnce() throws {
    let host = Host(1, address: "10.0.0.1")
    let endpoint = host.stack.udp.makeEndpoint(isIPv6: false)
    try host.stack.udp.bind(
      endpoint, to: Endpoint(IPAddress(v4("10.0.0.1")), 11211), sink: host.stack)
    #expect(throws: UDPError.addressInUse) { _ = try makeServer(host) }
    #expect(host.stack.interceptor == nil)
  }

  /// Mutated requests change nothing but what is answered.
  @Test func survivesAnything() throws {
    let host = Host(1, address: "10.0.0.1")
    _ = try makeServer(host)
    let seed = fuzz { random in
      let size = Int.random(in: 0...40, using: &random)
      let frame = random.mutate(request(host, random.bytes(size)))
      if frame.count <= 1600 { host.take(frame, now: .start) }
      for frame in host.interface.takeSent()
      where frame.count >= 42 && frame[12..<14] == [8, 0] {
        #expect(problem(with: frame) == nil)
      }
    }
    #expect(host.received >= 0, "seed \(seed)")
  }
}
