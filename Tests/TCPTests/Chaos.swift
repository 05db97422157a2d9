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
  /// Where the other side behind each port believes to be.
  private struct Peer {
    var base = SequenceNumber(0)
    var sent = 0
    var received = 0
    var isOpen = false
    var hasTimestamps = false
    var localPort: UInt16 = 80
  }
  private var peers: [UInt16: Peer] = [:]

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
    var peer = peers[header.destinationPort] ?? Peer()
    if header.flags.contains(.reset) {
      peer = Peer()
    } else if header.flags.contains(.syn) {
      peer.base = header.sequence
      peer.isOpen = true
      peer.received = 1
      peer.localPort = header.sourcePort
      if !header.flags.contains(.ack) { peer.sent = 0 }
    } else {
      let end = header.sequence - peer.base + segment.payload.count
      peer.received = max(peer.received, end + (header.flags.contains(.fin) ? 1 : 0))
    }
    peers[header.destinationPort] = peer
  }

  private mutating func inject() {
    let port = UInt16(4000 + number(6))
    script.remote = Endpoint(script.remote.address, port)
    var peer = peers[port] ?? Peer()
    script.localPort = peer.localPort
    script.base = peer.base
    var flags: SegmentFlags = peer.isOpen ? .ack : .syn
    if peer.isOpen, peer.sent == 0 { flags = [.syn, .ack] }
    let isWeird = random.happens(15)
    if isWeird {
      let all: [SegmentFlags] = [
        .syn, [.syn, .ack], .rst, [.fin, .ack], [.urg, .ack], .ack, .ack,
        SegmentFlags(rawValue: UInt8(number(64))),
      ]
      flags = all[number(all.count)]
    } else if flags == .ack, random.happens(3) {
      flags = [.fin, .ack]
    } else if flags == .ack, random.happens(5) {
      flags = [.urg, .ack]
    }
    var seq = flags.contains(.syn) ? 0 : max(1, peer.sent)
    if isWeird { seq += number(6000) - 2000 }
    if random.happens(1) { seq = Int(random.next() & 0xffff_ffff) }
    var ack = peer.received
    if random.happens(30) { ack -= number(3000) }
    if isWeird, random.happens(30) { ack += number(1500) }
    let count = random.happens(60) ? number(1400) : 0
    let blocks = flags.contains(.syn) ? 0 : number(4)
    if flags.contains(.syn), !isWeird { peer.hasTimestamps = random.happens(50) }
    let hasTimestamps = peer.hasTimestamps
    let milliseconds = UInt32(script.now.nanoseconds / 1_000_000)
    let stamp = milliseconds &- (random.happens(10) ? UInt32(number(100)) : 0)
    let words = (0..<12).map { _ in random.next() }
    let window = random.happens(10) ? number(3) * 300 : number(0x10000)
    script.inject(
      flags, seq: seq, ack: ack, count: count, window: window, urgent: number(4096)
    ) {
      if flags.contains(.syn) {
        $0.options.maximumSegmentSize = UInt16(words[0] & 0xfff)
        $0.options.allowsSelective = words[1] & 1 == 0
        if words[2] & 1 == 0 { $0.options.windowScale = 2 }
      }
      if hasTimestamps {
        $0.options.hasTimestamps = true
        $0.options.timestamp = stamp
        $0.options.timestampEcho = UInt32(words[11] & 0xffff_ffff)
      }
      for index in 0..<min(blocks, hasTimestamps ? 3 : 4) {
        let start = SequenceNumber(
          $0.acknowledgement.rawValue &+ UInt32(words[3 + index] & 0xfff))
        $0.options.selective.append(SequenceRange(start, count: Int(words[7 + index] & 0xfff)))
      }
    }
    if flags.contains(.syn), !isWeird {
      peer.sent = 1
    } else if !isWeird {
      peer.sent = seq + count + (flags.contains(.fin) ? 1 : 0)
    }
    peers[port] = peer
  }

  private mutating func call() {
    let now = script.now
    if number(3) == 0, let connection = listener.accept() { open.append(connection) }
    script.remote = Endpoint(script.remote.address, UInt16(4000 + number(6)))
    if number(15) == 0, open.count < 20,
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
    case 8: if random.happens(20) { try? connection.shutdownSending(now: now) }
    case 9: connection.setCorked(random.happens(50), now: now)
    case 10: _ = try? connection.receiveUrgent()
    case 11: connection.setKeepAlive(true, idle: Nanoseconds(seconds: 2), now: now)
    case 12: connection.shutdownReceiving()
    default:
      guard random.happens(20) else { return }
      if random.happens(20) { connection.setAbortsOnClose(true) }
      if random.happens(10) { connection.abort(now: now) }
      connection.close(now: now)
      open.remove(at: index)
    }
  }

  private mutating func pass() {
    let span = random.happens(4) ? 50_000_000_000 : random.next() % 300_000_000
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
