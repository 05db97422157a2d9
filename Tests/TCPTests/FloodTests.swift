// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Packets
import Testing

@testable import TCP

/// What many or hostile others can do: floods of SYNs (RFC 4987), full backlogs, data that nobody
/// reads or that never becomes whole. Memory is bounded and others are served.
@Suite struct FloodTests {
  private func stranger(_ script: Script, _ index: Int) {
    script.remote = Endpoint(
      .v4(IPv4Address(UInt32(0x0b00_0000 + index >> 14))), UInt16(1024 + index & 0x3fff))
  }

  @Test func aHundredThousandHalfOpenConnectionsLeaveRoomForOthers() throws {
    let script = Script()
    let friend = script.remote
    let listener = try script.listen(backlog: 511)
    for index in 0..<100_000 {
      stranger(script, index)
      script.inject(.syn, seq: 0) {
        $0.options.maximumSegmentSize = 1460
        $0.options.windowScale = 7
      }
      if index % 1000 == 0 { script.advance(milliseconds: 10) }
      script.drain()
    }
    #expect(script.tcp.connectionCount <= 511)
    #expect(script.tcp.counters.cookiesSent > 90_000)
    #expect(script.host.pool.freeCount == script.host.pool.bufferCount)
    // One of many gets in by a cookie.
    script.remote = friend
    script.inject(.syn, seq: 0) { $0.options.maximumSegmentSize = 1400 }
    let answer = try #require(script.expect([.syn, .ack], seq: 0, ack: 1))
    #expect(answer.header.options.windowScale == nil, "nothing is kept, so nothing is agreed")
    script.inject(.ack, seq: 1, ack: 1, count: 10)
    let connection = try #require(listener.accept())
    #expect(connection.segmentSize == 1400)
    #expect(try script.read(connection) == Script.data(10))
    #expect(script.tcp.counters.cookiesTaken == 1)
    // The flood goes away by itself.
    script.advance(seconds: 120)
    #expect(script.tcp.connectionCount == 1)
  }

  @Test func cookiesAreBoundToTheirConnectionAndTime() throws {
    var configuration = TCPConfiguration()
    configuration.halfOpenLimit = 0
    let script = Script(configuration)
    let listener = try script.listen()
    func cookie() throws {
      script.inject(.syn, seq: 0)
      _ = try #require(script.expect([.syn, .ack]))
    }
    try cookie()
    // Another number of either side, or another port.
    script.inject(.ack, seq: 1, ack: 2)
    script.expect(.rst, seq: 2)
    script.inject(.ack, seq: 2, ack: 1)
    script.expect(.rst, seq: 1)
    let friend = script.remote
    script.remote = Endpoint(friend.address, friend.port + 1)
    script.inject(.ack, seq: 1, ack: 1)
    script.expect(.rst, seq: 1)
    script.remote = friend
    script.advance(seconds: 59)
    script.inject(.ack, seq: 1, ack: 1)
    #expect(listener.isReadable)
    _ = listener.accept()
    script.remote = Endpoint(friend.address, friend.port + 2)
    try cookie()
    script.advance(seconds: 125)
    script.inject(.ack, seq: 1, ack: 1)
    script.expect(.rst, seq: 1, "too old")
    #expect(!listener.isReadable)
  }

  @Test func everySegmentSizeOfACookieIsKept() {
    let cookie = SynchronizeCookie(key: SipKey(low: 5, high: 6))
    let tuple = ConnectionTuple(
      local: Endpoint(.v4(IPv4Address(10, 0, 0, 1)), 80),
      remote: Endpoint(.v4(IPv4Address(10, 0, 0, 2)), 4000))
    let now = Instant(nanoseconds: 200_000_000_000)
    for (offered, kept) in [(100, 216), (536, 536), (1459, 1440), (1460, 1460), (9000, 8960)] {
      let number = cookie.make(
        for: tuple, remote: SequenceNumber(7), segmentSize: offered, now: now)
      #expect(cookie.check(number, for: tuple, remote: SequenceNumber(7), now: now) == kept)
      for bit in 0..<32 {
        let other = SequenceNumber(number.rawValue ^ 1 << UInt32(bit))
        #expect(cookie.check(other, for: tuple, remote: SequenceNumber(7), now: now) == nil)
      }
    }
  }

  @Test func aFullBacklogTakesNoMoreUntilSomebodyAccepts() throws {
    let script = Script()
    let listener = try script.listen(backlog: 3)
    for index in 0..<3 {
      stranger(script, index)
      script.inject(.syn, seq: 0)
      script.expect([.syn, .ack])
      script.inject(.ack)
    }
    stranger(script, 3)
    script.inject(.syn, seq: 0)
    script.expectNothing("dropped, so that it comes again")
    #expect(listener.readyCount == 3)
    #expect(script.tcp.counters.listenOverflows == 1)
    #expect(listener.accept() != nil)
    script.inject(.syn, seq: 0)
    script.expect([.syn, .ack])
    script.inject(.ack)
    #expect(listener.readyCount == 3)
  }

  @Test func aHandshakeThatEndsWhileTheBacklogIsFullGoesOnLater() throws {
    let script = Script()
    let listener = try script.listen(backlog: 1)
    stranger(script, 1)
    script.inject(.syn, seq: 0)
    script.expect([.syn, .ack])
    let waiting = script.base
    stranger(script, 2)
    script.inject(.syn, seq: 0)
    script.expect([.syn, .ack])
    script.inject(.ack)
    #expect(listener.readyCount == 1)
    stranger(script, 1)
    script.base = waiting
    script.inject(.ack, count: 5)
    script.expectNothing()
    _ = listener.accept()
    script.inject(.ack, count: 5)
    #expect(listener.accept()?.readableByteCount == 5)
  }

  @Test func tinySegmentsDoNotHoldWholeBuffers() throws {
    let script = Script()
    let connection = try script.accepted()
    for index in 0..<3000 { script.inject(.ack, seq: 1 + index, count: 1) }
    let used = script.host.pool.bufferCount - script.host.pool.freeCount
    #expect(used <= 8)
    #expect(try script.read(connection) == Script.data(3000))
  }

  @Test func tinySegmentsOutOfOrderAreBounded() throws {
    let script = Script()
    let connection = try script.accepted()
    // Each second byte: as many ranges as there may be.
    for index in 0..<2000 { script.inject(.ack, seq: 3 + 2 * index, count: 1) }
    #expect(script.host.pool.bufferCount - script.host.pool.freeCount <= ReassemblyQueue.capacity)
    // One behind the other.
    for index in 0..<5000 { script.inject(.ack, seq: 5003 + index, count: 1) }
    let used = script.host.pool.bufferCount - script.host.pool.freeCount
    #expect(used <= ReassemblyQueue.capacity + 32 + 2 * (256 << 10) / 512)
    connection.close(now: script.now)
    connection.abort(now: script.now)
    #expect(script.tcp.reassembledPackets == 0)
    #expect(script.host.pool.freeCount == script.host.pool.bufferCount)
  }

  @Test func whatNeverBecomesWholeDoesNotTakeEverything() throws {
    let script = Script(bufferCount: 512)
    let listener = try script.listen(backlog: 1000)
    var connections: [Connection] = []
    for index in 0..<100 {
      stranger(script, index)
      connections.append(try script.accept(from: listener))
      for piece in 0..<20 { script.inject(.ack, seq: 2000 + piece * 1100, count: 1000) }
      script.drain()
      #expect(script.tcp.reassembledPackets <= script.tcp.reassemblyLimit)
    }
    #expect(script.host.pool.availableCount > 256)
    // Others are served, also out of order.
    stranger(script, 5000)
    let friend = try script.accept(from: listener)
    script.inject(.ack, seq: 1001, count: 1000)
    script.inject(.ack, seq: 1, count: 1000)
    #expect(try script.read(friend) == Script.data(2000))
    for connection in connections { connection.abort(now: script.now) }
    #expect(script.tcp.reassembledPackets == 0)
  }

  @Test func unreadDataOfManyLeavesTheLastBuffers() throws {
    let script = Script(bufferCount: 512)
    let listener = try script.listen(backlog: 1000)
    var connections: [Connection] = []
    for index in 0..<600 {
      stranger(script, index)
      guard let connection = try? script.accept(from: listener) else { break }
      connections.append(connection)
      for piece in 0..<4 { script.inject(.ack, seq: 1 + piece * 1000, count: 1000) }
      script.drain()
    }
    #expect(connections.count == 600)
    #expect(script.host.pool.availableCount >= 30, "acknowledgements can still come in")
    #expect(script.tcp.counters.memoryDrops > 0)
    // Each that was read takes again what comes.
    for connection in connections { connection.close(now: script.now) }
    script.drain()
    #expect(script.host.pool.availableCount == 512)
    #expect(script.tcp.receivedBytes == 0)
  }

  /// A hundred clients that are written more than there are buffers for, and take nothing.
  private func sleepers(_ script: Script, _ listener: Listener) throws -> [Connection] {
    try (0..<100).map { index in
      stranger(script, index)
      let connection = try script.accept(from: listener)
      _ = try? script.write(connection, 200_000)
      script.drain()
      return connection
    }
  }

  @Test func readersWhoSleepLeaveSomethingToOthers() throws {
    let script = Script(bufferCount: 1024)
    let listener = try script.listen(backlog: 1000)
    let sleepers = try sleepers(script, listener)
    #expect(script.host.pool.availableCount >= 64)
    stranger(script, 5000)
    let friend = try script.accept(from: listener)
    let witness = Witness()
    friend.observer = witness
    var count = 0
    var number = 1
    for _ in 0..<5000 where count < 100_000 {
      do {
        let taken = try script.write(friend, 100_000 - count, from: 1 + count)
        count += taken
      } catch {
        #expect(error as? TCPError == .wouldBlock)
        #expect(!friend.isWritable, "nobody spins")
      }
      for segment in script.drain() where segment.header.destinationPort == script.remote.port {
        number = max(number, segment.header.sequence - script.base + segment.payload.count)
      }
      script.inject(.ack, ack: number)
      for segment in script.drain() where segment.header.destinationPort == script.remote.port {
        number = max(number, segment.header.sequence - script.base + segment.payload.count)
      }
      if !friend.isWritable { script.advance(milliseconds: 11) }
      #expect(script.tcp.memoryWaiters.count <= 101, "each waits once")
    }
    #expect(count == 100_000)
    // All that waited are told when there is memory again.
    let other = Witness()
    sleepers[99].observer = other
    _ = try? script.write(sleepers[99], 200_000)
    for sleeper in sleepers.dropLast() { sleeper.abort(now: script.now) }
    script.advance(milliseconds: 20)
    #expect(other.take().contains(.writable))
    #expect(sleepers[99].isWritable)
  }

  /// A hundred clients have vanished with all buffers: what waits for some is told soon when there
  /// are some, but until then the machine sleeps.
  @Test func whoWaitsForBuffersDoesNotKeepTheMachineAwake() throws {
    let script = Script(bufferCount: 1024)
    let listener = try script.listen(backlog: 1000)
    let sleepers = try sleepers(script, listener)
    #expect(script.tcp.memoryWaiters.count > 50)
    // The first retransmissions.
    script.advance(seconds: 60)
    // A look for buffers every ten milliseconds would wake it 2000 times.
    #expect(script.advance(Nanoseconds(seconds: 20)) < 1000)
    script.drain()
    let witness = Witness()
    sleepers[99].observer = witness
    for sleeper in sleepers.dropLast() { sleeper.abort(now: script.now) }
    script.advance(milliseconds: 20)
    #expect(witness.take().contains(.writable))
  }

  @Test func connectionsOfManyAreFound() throws {
    let script = Script()
    let listener = try script.listen(backlog: 5000)
    var connections: [Connection] = []
    for index in 0..<800 {
      stranger(script, index)
      connections.append(try script.accept(from: listener))
    }
    for index in stride(from: 0, to: 800, by: 7) {
      stranger(script, index)
      script.base = connections[index].sender.initial
      script.inject(.ack, count: 1 + index % 50)
      #expect(connections[index].readableByteCount == 1 + index % 50)
    }
    for connection in connections {
      connection.abort(now: script.now)
      connection.close(now: script.now)
    }
    #expect(script.tcp.connectionCount == 0)
    #expect(script.host.pool.freeCount == script.host.pool.bufferCount)
  }
}
