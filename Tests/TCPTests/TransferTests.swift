// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Packets
import Testing

@testable import TCP

/// A program that sends so many bytes of a pattern, reads all that comes, and closes when both
/// directions have ended.
final class Pump: TCPObserver {
  let connection: Connection
  let seed: UInt64
  var toSend: Int
  var sent = 0
  var received = 0
  var isRight = true
  var sawEnd = false
  var isClosed = false
  let peerSeed: UInt64
  var network: SimulatedNetwork
  var chunk: Int
  var readLimit: Int

  init(
    _ connection: Connection, sending: Int, seed: UInt64, peerSeed: UInt64, chunk: Int = 5000,
    readLimit: Int = 65536, _ network: SimulatedNetwork
  ) {
    self.connection = connection
    self.seed = seed
    self.peerSeed = peerSeed
    self.network = network
    self.chunk = chunk
    self.readLimit = readLimit
    toSend = sending
    connection.observer = self
  }

  static func byte(_ position: Int, _ seed: UInt64) -> UInt8 {
    UInt8(truncatingIfNeeded: (UInt64(position) &* 0x9e37_79b9 &+ seed) >> 7)
  }

  func changed(_ events: TCPEvents) { step() }

  func step() {
    guard !isClosed else { return }
    do {
      while sent < toSend {
        let count = min(chunk, toSend - sent)
        let bytes = (sent..<sent + count).map { Self.byte($0, seed) }
        sent += try connection.send(bytes, now: network.now)
        if sent == toSend { try connection.shutdownSending(now: network.now) }
      }
    } catch {
      if error as? TCPError != .wouldBlock { isRight = false }
    }
    do {
      while let bytes = try connection.read(readLimit, now: network.now) {
        if bytes.isEmpty { return }
        for (index, byte) in bytes.enumerated() where byte != Self.byte(received + index, peerSeed)
        {
          isRight = false
        }
        received += bytes.count
      }
      sawEnd = true
      if sent == toSend {
        isClosed = true
        connection.close(now: network.now)
      }
    } catch {
      isRight = false
    }
  }
}

@Suite struct TransferTests {
  @Test func bytesGoBothWaysAndBothEndsClose() throws {
    let network = SimulatedNetwork()
    let (client, server, _) = try network.pair()
    #expect(client.state == .established)
    #expect(server.state == .established)
    #expect(try client.send([1, 2, 3], now: network.now) == 3)
    network.run(for: .milliseconds(20))
    #expect(try server.read(now: network.now) == [1, 2, 3])
    #expect(try server.send([4, 5], now: network.now) == 2)
    network.run(for: .milliseconds(20))
    #expect(try client.read(now: network.now) == [4, 5])
    client.close(now: network.now)
    network.run(for: .milliseconds(50))
    #expect(client.state == .finWait2)
    #expect(server.state == .closeWait)
    #expect(try server.read(now: network.now) == nil)
    server.close(now: network.now)
    network.run(for: .milliseconds(50))
    #expect(client.state == .timeWait)
    #expect(server.state == .closed)
    #expect(network.client.tcp.timeWaitCount == 1)
    #expect(network.server.tcp.connectionCount == 0)
    network.run(for: Nanoseconds(seconds: 61))
    #expect(network.client.tcp.connectionCount == 0)
    #expect(network.client.tcp.nextDeadline == .never)
    #expect(network.server.tcp.nextDeadline == .never)
  }
}
