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

/// One cell of the matrix.
struct Weather: CustomTestStringConvertible, Sendable {
  var loss = 0
  var duplicate = 0
  var jitterMilliseconds: Int64 = 0
  var delayMilliseconds: Int64 = 5
  var buffer = 256 << 10
  var bytes = 300_000
  var seed: UInt64 = 1
  var selective = true
  var timestamps = true
  var scale = true
  var newReno = false
  var segmentation = 0
  var both = false
  var version6 = false

  var testDescription: String {
    "loss \(loss) dup \(duplicate) jitter \(jitterMilliseconds) delay \(delayMilliseconds) "
      + "buffer \(buffer) bytes \(bytes) seed \(seed) sack \(selective) ts \(timestamps) "
      + "ws \(scale) reno \(newReno) tso \(segmentation) both \(both) v6 \(version6)"
  }

  var conditions: LinkConditions {
    var conditions = LinkConditions()
    conditions.delay = .milliseconds(delayMilliseconds)
    conditions.jitter = .milliseconds(jitterMilliseconds)
    conditions.lossPercent = loss
    conditions.duplicatePercent = duplicate
    conditions.segmentationLimit = segmentation
    conditions.completesChecksums = segmentation > 0
    return conditions
  }

  var configuration: TCPConfiguration {
    var configuration = TCPConfiguration()
    configuration.receiveBuffer = buffer
    configuration.sendBuffer = buffer
    configuration.offersSelective = selective
    configuration.offersTimestamps = timestamps
    configuration.offersWindowScale = scale
    configuration.congestion = newReno ? .newReno : .cubic
    configuration.retries = 60
    configuration.synchronizeRetries = 20
    configuration.answerRetries = 20
    configuration.orphanRetries = 60
    return configuration
  }

  static var matrix: [Weather] {
    var cells: [Weather] = []
    for loss in [0, 1, 5, 20] {
      for jitter: Int64 in [0, 10] {
        for selective in [true, false] {
          for buffer in [4096, 65536, 1 << 20] {
            var cell = Weather()
            cell.loss = loss
            cell.jitterMilliseconds = jitter
            cell.selective = selective
            cell.buffer = buffer
            cell.seed = UInt64(cells.count + 1)
            cell.duplicate = cells.count % 3 == 0 ? 5 : 0
            cell.timestamps = cells.count % 2 == 0
            cell.scale = cells.count % 5 != 0
            cell.newReno = cells.count % 4 == 1
            cell.both = cells.count % 3 == 1
            cell.version6 = cells.count % 7 == 3
            cell.segmentation = cells.count % 4 == 2 ? 65535 : 0
            cell.bytes = loss == 20 ? 60_000 : 300_000
            cells.append(cell)
          }
        }
      }
    }
    for delay: Int64 in [0, 100] {
      for segmentation in [0, 65535] {
        var cell = Weather()
        cell.delayMilliseconds = delay
        cell.bytes = 2_000_000
        cell.segmentation = segmentation
        cell.loss = delay == 0 ? 0 : 1
        cells.append(cell)
      }
    }
    return cells
  }
}

@Suite struct MatrixTests {
  @Test(arguments: Weather.matrix) func allBytesArriveInOrderAndBothEndsClose(_ weather: Weather)
    throws
  {
    let network = SimulatedNetwork(
      weather.conditions, seed: weather.seed, clientConfiguration: weather.configuration,
      serverConfiguration: weather.configuration, version6: weather.version6)
    let listener = try network.listen()
    let client = try network.connect()
    try #require(network.run(for: Nanoseconds(seconds: 600)) { listener.isReadable })
    let server = try #require(listener.accept())
    let one = Pump(client, sending: weather.bytes, seed: 3, peerSeed: 4, network)
    let two = Pump(
      server, sending: weather.both ? weather.bytes : 10, seed: 4, peerSeed: 3, network)
    one.step()
    two.step()
    let begun = network.now
    let done = network.run(for: Nanoseconds(seconds: 3600)) {
      one.isClosed && two.isClosed && client.isHungUp && server.isHungUp
    }
    #expect(done, "\(one.sent) \(one.received) \(two.sent) \(two.received) \(client.state)")
    #expect(one.isRight && two.isRight)
    #expect(two.received == weather.bytes)
    #expect(one.received == two.sent)
    // No storm: a bounded number of events for each segment's worth of data.
    let segments = (one.sent + two.sent) / min(1400, weather.buffer / 4) + 20
    let storm = network.client.sentCount + network.server.sentCount
    #expect(storm < segments * 8, "\(storm) frames for \(segments) segments")
    #expect(network.alarmCount < segments * 24)
    _ = begun
    network.run(for: Nanoseconds(seconds: 300))
    // Everything comes back.
    for host in [network.client, network.server] {
      #expect(host.tcp.connectionCount == 0)
      #expect(host.tcp.receivedBytes == 0)
      #expect(host.tcp.nextDeadline == .never)
      #expect(host.pool.freeCount == host.pool.bufferCount)
    }
  }
}
