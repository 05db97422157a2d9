// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Packets
import Testing

@testable import TCP

/// Random segments, calls and times. A failure names its seed: MARTLET_FUZZ_SEED repeats it,
/// MARTLET_FUZZ_SECONDS goes on for longer.
@Suite struct FuzzTests {
  @Test func headersOfRandomBytes() {
    var run = FuzzRun(rounds: 5000)
    while run.next() {
      var bytes = (0..<Int(run.random.next() % 80)).map { _ in
        UInt8.random(in: 0...255, using: &run.random)
      }
      if bytes.count > 12, run.random.happens(90) {
        bytes[12] = UInt8(Int.random(in: 5...15, using: &run.random)) << 4
      }
      var index = 20
      while index < bytes.count, run.random.happens(85) {
        bytes[index] = [0, 1, 2, 3, 4, 5, 8, 254].randomElement(using: &run.random)!
        if index + 1 < bytes.count, run.random.happens(80) {
          bytes[index + 1] = [2, 3, 4, 10, 18, 26, 34].randomElement(using: &run.random)!
          index += Int(bytes[index + 1])
        } else {
          index += 1
        }
      }
      guard let header = SegmentHeader(parsing: bytes.span.bytes) else { continue }
      // What was understood can be written, and means the same.
      #expect(header.byteCount <= bytes.count && header.byteCount >= 20)
      guard header.emittedByteCount <= 60 else { continue }
      var again = [UInt8](repeating: 0, count: header.emittedByteCount)
      do {
        var span = again.mutableSpan
        var raw = span.mutableBytes
        header.emit(into: &raw)
        raw.storeBigEndian(header.urgentPointer, at: 18)
      }
      let parsed = SegmentHeader(parsing: again.span.bytes)
      let isSame =
        parsed?.sequence == header.sequence && parsed?.acknowledgement == header.acknowledgement
        && parsed?.flags == header.flags && parsed?.window == header.window
        && parsed?.options.selective.count == header.options.selective.count
        && parsed?.options.windowScale == header.options.windowScale
        && parsed?.options.timestampEcho == header.options.timestampEcho
        && parsed?.options.maximumSegmentSize == header.options.maximumSegmentSize
      #expect(isSame, "seed \(run.seed) round \(run.round)")
    }
  }

  @Test func oneStackAgainstChaos() throws {
    var run = FuzzRun(rounds: 25)
    while run.next() {
      var chaos = Chaos(
        random: SeededGenerator(seed: run.random.next()),
        name: "seed \(run.seed) round \(run.round)")
      for _ in 0..<400 { chaos.step() }
      chaos.end()
    }
  }

  @Test func twoStacksWithRandomPrograms() throws {
    var run = FuzzRun(rounds: 12)
    while run.next() {
      let name = Comment(rawValue: "seed \(run.seed) round \(run.round)")
      var conditions = LinkConditions()
      conditions.lossPercent = Int(run.random.next() % 15)
      conditions.duplicatePercent = Int(run.random.next() % 10)
      conditions.jitter = .milliseconds(Int64(run.random.next() % 20))
      conditions.mtu = [296, 576, 1280, 1500].randomElement(using: &run.random)!
      if run.random.happens(30) {
        conditions.completesChecksums = true
        conditions.segmentationLimit = 20_000
      }
      var configuration = TCPConfiguration()
      configuration.receiveBuffer = Int.random(in: 2048...100_000, using: &run.random)
      configuration.sendBuffer = Int.random(in: 2048...100_000, using: &run.random)
      configuration.offersSelective = run.random.happens(70)
      configuration.offersTimestamps = run.random.happens(70)
      configuration.offersWindowScale = run.random.happens(70)
      let network = SimulatedNetwork(
        conditions, seed: run.random.next(), clientConfiguration: configuration,
        serverConfiguration: configuration, bufferCount: run.random.happens(30) ? 200 : 4096)
      let listener = try network.listen()
      let client = try network.connect()
      guard network.run(for: Nanoseconds(seconds: 200), until: { listener.isReadable }),
        let server = listener.accept()
      else {
        client.close(now: network.now)
        continue
      }
      var programs = [
        RandomProgram(client, seed: 1, peerSeed: 2), RandomProgram(server, seed: 2, peerSeed: 1),
      ]
      for _ in 0..<300 {
        let index = Int(run.random.next() & 1)
        programs[index].step(&run.random, network, name)
        network.run(for: Nanoseconds(Int64(run.random.next() % 60_000_000)))
      }
      for index in 0..<2 { programs[index].finish(network, name) }
      var rounds = 0
      while !programs[0].isClosed || !programs[1].isClosed, rounds < 4000 {
        network.run(for: .milliseconds(200))
        for index in 0..<2 { programs[index].finish(network, name) }
        rounds += 1
      }
      #expect(programs[0].isClosed && programs[1].isClosed, name)
      if !programs[0].hasFailed, !programs[1].hasFailed {
        #expect(programs[0].received == programs[1].sent, name)
        #expect(programs[1].received == programs[0].sent, name)
      }
      listener.close(now: network.now)
      network.run(for: Nanoseconds(seconds: 3000))
      for host in [network.client, network.server] {
        #expect(host.tcp.connectionCount == 0, name)
        #expect(host.tcp.receivedBytes == 0 && host.tcp.reassembledPackets == 0, name)
        #expect(host.tcp.nextDeadline == .never, name)
        #expect(host.pool.freeCount == host.pool.bufferCount, name)
      }
    }
  }
}

/// A program that does whatever comes to its mind, and checks what it reads.
struct RandomProgram {
  let connection: Connection
  let seed: UInt64
  let peerSeed: UInt64
  var sent = 0
  var received = 0
  var hasEnded = false
  var isClosed = false
  var hasFailed = false

  init(_ connection: Connection, seed: UInt64, peerSeed: UInt64) {
    self.connection = connection
    self.seed = seed
    self.peerSeed = peerSeed
  }

  mutating func step(
    _ random: inout SeededGenerator, _ network: SimulatedNetwork, _ name: Comment
  ) {
    guard !isClosed else { return }
    switch random.next() % 12 {
    case 0...4:
      write(Int(random.next() % 9000), random.happens(20) ? .more : [], network)
    case 5...8: read(Int(1 + random.next() % 20_000), network, name)
    case 9:
      connection.setNoDelay(random.happens(50), now: network.now)
      connection.setCorked(random.happens(30), now: network.now)
    case 10:
      connection.setReceiveBuffer(Int(random.next() % 50_000))
      connection.setSendBuffer(Int(random.next() % 50_000))
      connection.setKeepAlive(
        random.happens(50), idle: Nanoseconds(seconds: 1), interval: Nanoseconds(seconds: 1),
        now: network.now)
    default:
      if random.happens(5) { end(network) }
    }
  }

  mutating func write(_ count: Int, _ flags: SendFlags, _ network: SimulatedNetwork) {
    guard !hasEnded else { return }
    let bytes = (sent..<sent + count).map { Pump.byte($0, seed) }
    do {
      sent += try connection.send(bytes, flags, now: network.now)
    } catch {
      if error as? TCPError != .wouldBlock { hasFailed = true }
    }
  }

  /// Reads; true at the end.
  @discardableResult
  mutating func read(_ count: Int, _ network: SimulatedNetwork, _ name: Comment) -> Bool {
    do {
      guard let bytes = try connection.read(count, now: network.now) else { return true }
      for (index, byte) in bytes.enumerated() where byte != Pump.byte(received + index, peerSeed) {
        Issue.record("wrong byte \(received + index), \(name)")
        hasFailed = true
        break
      }
      received += bytes.count
      return false
    } catch {
      hasFailed = true
      return true
    }
  }

  mutating func end(_ network: SimulatedNetwork) {
    hasEnded = true
    try? connection.shutdownSending(now: network.now)
  }

  /// Ends its data, reads to the end and closes.
  mutating func finish(_ network: SimulatedNetwork, _ name: Comment) {
    guard !isClosed else { return }
    if !hasEnded {
      connection.setCorked(false, now: network.now)
      end(network)
    }
    while connection.isReadable {
      guard read(65536, network, name) else { continue }
      isClosed = true
      connection.close(now: network.now)
      return
    }
  }
}
