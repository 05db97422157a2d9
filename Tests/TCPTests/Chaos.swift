// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Packets
import Testing

@testable import TCP

/// One TCP with a listener and some connections, random segments that are nearly right, random
/// calls, and time that goes by. After each step it must be in order, after the end empty.
struct Chaos {
  var random: SeededGenerator
  let name: Comment
  let script: Script
  private var listener: Listener
  private var open: [Connection] = []
  /// Where the other side of each pair of ports believes to be.
  private var peers: [UInt16: (base: SequenceNumber, sent: Int, acknowledged: Int)] = [:]

  init(random: SeededGenerator, name: String) {
    self.random = random
    self.name = Comment(rawValue: name)
    var configuration = TCPConfiguration()
    configuration.receiveBuffer = 8192
    configuration.sendBuffer = 8192
    configuration.halfOpenLimit = 4
    configuration.timeWaitLimit = 8
    script = Script(configuration, bufferCount: 160)
    listener = try! script.listen(backlog: 4)
  }

  private mutating func number(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }

  mutating func step() {
    let before = script.tcp.counters.sent
    switch number(20) {
    case 0...11: inject()
    case 12...17: call()
    default: pass()
    }
    for segment in script.drain() { learn(segment) }
    #expect(script.tcp.counters.sent - before < 200, "a storm, \(name)")
    check()
  }

  private func check() {
    script.tcp.advance(to: script.now)
    #expect(script.tcp.nextDeadline > script.now, "a deadline in the past, \(name)")
    #expect(script.tcp.connectionCount <= 64, name)
    #expect(script.tcp.timeWaitCount <= 8, name)
    let unread = open.reduce(0) { $0 + $1.receiver.queue.byteCount }
    #expect(script.tcp.receivedBytes >= unread, name)
    #expect(script.tcp.reassembledPackets >= 0, name)
    for connection in open where connection.state != .closed && connection.state != .timeWait {
      let sender = connection.sender.outstanding
      #expect(sender >= 0, name)
      #expect(connection.receiver.window >= 0, name)
      if sender > 0, connection.state.isSynchronized {
        #expect(connection.retransmitAt != .never, "nothing is waited for, \(name)")
      }
      if connection.sender.needsProbe, connection.state.isSynchronized {
        let isArmed =
          connection.retransmitAt != .never || connection.corkAt != .never
          || connection.outputAt != .never
        #expect(isArmed, "data that nobody sends, \(name)")
      }
      #expect(connection.isPending || connection.sender.outstanding == 0, name)
    }
  }

  private mutating func learn(_ segment: WireSegment) {
    let header = segment.header
    guard header.sourcePort == 80 || header.flags.contains(.syn) else { return }
    var peer = peers[header.destinationPort] ?? (SequenceNumber(0), 0, 0)
    if header.flags.contains(.syn) { peer.base = header.sequence }
    peer.acknowledged = max(
      peer.acknowledged,
      header.sequence - peer.base + segment.payload.count
        + (header.flags.isDisjoint(with: [.syn, .fin]) ? 0 : 1))
    peers[header.destinationPort] = peer
  }

  private mutating func inject() {
    let port = UInt16(4000 + number(6))
    script.remote = Endpoint(script.remote.address, port)
    script.localPort = open.last.map { random.happens(20) ? $0.tuple.local.port : 80 } ?? 80
    var peer = peers[port] ?? (SequenceNumber(0), 0, 0)
    script.base = peer.base
    var flags: SegmentFlags = .ack
    switch number(20) {
    case 0...2: flags = .syn
    case 3: flags = [.syn, .ack]
    case 4: flags = random.happens(30) ? .rst : .ack
    case 5...6: flags = [.fin, .ack]
    case 7: flags = [.urg, .ack]
    case 8: flags = SegmentFlags(rawValue: UInt8(number(64)))
    default: break
    }
    var seq = flags.contains(.syn) ? 0 : max(1, peer.sent)
    if random.happens(30) { seq += number(6000) - 2000 }
    if random.happens(3) { seq = Int(random.next() & 0xffff_ffff) }
    var ack = peer.acknowledged
    if random.happens(30) { ack += number(3000) - 1500 }
    let count = random.happens(60) ? number(1400) : 0
    let blocks = flags.contains(.syn) ? 0 : number(4)
    let words = (0..<12).map { _ in random.next() }
    let window = random.happens(20) ? 0 : number(0x10000)
    script.inject(
      flags, seq: seq, ack: ack, count: count, window: window, urgent: number(4096)
    ) {
      if flags.contains(.syn) {
        $0.options.maximumSegmentSize = UInt16(words[0] & 0xfff)
        $0.options.allowsSelective = words[1] & 1 == 0
        if words[2] & 1 == 0 { $0.options.windowScale = 2 }
      }
      for index in 0..<blocks {
        let start = SequenceNumber(
          $0.acknowledgement.rawValue &+ UInt32(words[3 + index] & 0xfff))
        $0.options.selective.append(SequenceRange(start, count: Int(words[7 + index] & 0xfff)))
      }
    }
    if flags.contains(.syn) {
      peer.sent = 1
    } else if seq == peer.sent {
      peer.sent += count
    }
    peers[port] = peer
  }

  private mutating func call() {
    let now = script.now
    if number(8) == 0, let connection = listener.accept() { open.append(connection) }
    if number(12) == 0, open.count < 20,
      let connection = try? script.tcp.connect(to: script.remote, now: now)
    {
      open.append(connection)
    }
    guard !open.isEmpty else { return }
    let index = number(open.count)
    let connection = open[index]
    switch number(14) {
    case 0...3: _ = try? script.write(connection, number(5000), random.happens(10) ? .urgent : [])
    case 4: _ = try? script.write(connection, number(500), .more)
    case 5...7: _ = try? script.read(connection, 1 + number(4000))
    case 8: try? connection.shutdownSending(now: now)
    case 9: connection.setCorked(random.happens(50), now: now)
    case 10: _ = try? connection.receiveUrgent()
    case 11: connection.setKeepAlive(true, idle: Nanoseconds(seconds: 2), now: now)
    case 12: connection.shutdownReceiving()
    default:
      if random.happens(20) { connection.setAbortsOnClose(true) }
      if random.happens(10) { connection.abort(now: now) }
      connection.close(now: now)
      open.remove(at: index)
    }
  }

  private mutating func pass() {
    let span = random.happens(10) ? 100_000_000_000 : random.next() % 400_000_000
    script.advance(Nanoseconds(Int64(span)))
  }

  /// Closes everything; nothing is left then.
  mutating func end() {
    while let connection = listener.accept() { open.append(connection) }
    for connection in open { connection.close(now: script.now) }
    listener.close(now: script.now)
    script.advance(seconds: 3000)
    script.drain()
    #expect(script.tcp.connectionCount == 0, name)
    #expect(script.tcp.receivedBytes == 0, name)
    #expect(script.tcp.reassembledPackets == 0, name)
    #expect(script.tcp.nextDeadline == .never, name)
    #expect(script.host.pool.freeCount == script.host.pool.bufferCount, name)
  }
}
