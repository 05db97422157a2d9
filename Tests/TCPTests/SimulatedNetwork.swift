// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Packets
import Testing

@testable import TCP

/// How a simulated link treats segments.
struct LinkConditions {
  var delay = Nanoseconds.milliseconds(5)
  /// Up to so much is added to the delay of each segment, so that they overtake each other.
  var jitter = Nanoseconds.zero
  var lossPercent = 0
  var duplicatePercent = 0
  var mtu = 1500
  var segmentationLimit = 0
  var completesChecksums = false
}

/// A segment on the wire, as bytes.
struct WireSegment {
  let bytes: [UInt8]
  let source: IPAddress
  let target: IPAddress

  var header: SegmentHeader { SegmentHeader(parsing: bytes.span.bytes)! }
  var payload: [UInt8] { Array(bytes[header.byteCount...]) }
}

/// One end of the simulation: a TCP and what it sends.
final class SimulatedHost: SegmentSink {
  let address: IPAddress
  let pool: PacketPool
  var conditions = LinkConditions()
  private(set) var tcp: TCP!
  /// Takes what is sent; the network or a script.
  var output: (WireSegment) -> Void = { _ in }
  var isReachable = true
  var sentCount = 0

  init(
    _ address: IPAddress, seed: UInt64 = 1, configuration: TCPConfiguration = TCPConfiguration(),
    bufferCount: Int = 4096, bufferByteCount: Int = 2048, now: Instant = .start
  ) {
    self.address = address
    pool = PacketPool(bufferCount: 64, byteCount: bufferByteCount, limit: bufferCount)!
    var generator = SeededGenerator(seed: seed)
    let secrets = TCPSecrets { generator.next() }
    tcp = TCP(pool: pool, sink: self, secrets: secrets, configuration: configuration, now: now)
  }

  func path(to target: IPAddress) -> PathProperties? {
    guard isReachable else { return nil }
    return PathProperties(
      source: address, mtu: conditions.mtu, completesChecksums: conditions.completesChecksums,
      segmentationLimit: conditions.segmentationLimit)
  }

  func send(_ frame: consuming Frame, from source: IPAddress, to target: IPAddress) {
    sentCount += 1
    let offload = frame.head.offload
    let start = frame.head.start
    var bytes: [UInt8] = []
    frame.forEachBytes { piece in
      for index in 0..<piece.byteCount { bytes.append(piece.byte(at: index)) }
    }
    switch offload.checksum {
    case .needed(let begin, let offset):
      #expect(Int(begin) == start && offset == 16)
      for piece in cut(bytes, offload, start: start) {
        output(
          WireSegment(bytes: checksummed(piece, source, target), source: source, target: target))
      }
    default:
      #expect(bytes.count + (target.isIPv4 ? 20 : 40) <= conditions.mtu)
      output(WireSegment(bytes: bytes, source: source, target: target))
    }
  }

  /// What a device does that cuts segments up.
  private func cut(_ bytes: [UInt8], _ offload: PacketOffload, start: Int) -> [[UInt8]] {
    guard offload.segmentation != .none else {
      #expect(bytes.count + 20 <= conditions.mtu)
      return [bytes]
    }
    let header = Array(bytes[..<(Int(offload.headerEnd) - start)])
    let size = Int(offload.segmentSize)
    #expect(header.count + size + 20 <= conditions.mtu)
    #expect(bytes.count + 20 <= conditions.segmentationLimit)
    var pieces: [[UInt8]] = []
    var offset = header.count
    while offset < bytes.count {
      let end = min(offset + size, bytes.count)
      var piece = header + bytes[offset..<end]
      let sequence = UInt32(
        bigEndian: piece.span.bytes.littleEndian(at: 4, as: UInt32.self))
      var span = piece.mutableSpan
      var raw = span.mutableBytes
      raw.storeBigEndian(sequence &+ UInt32(offset - header.count), at: 4)
      // FIN and PSH belong to the last piece.
      if end < bytes.count { raw.storeBigEndian(raw.bytes.byte(at: 13) & ~9, at: 13) }
      pieces.append(piece)
      offset = end
    }
    return pieces
  }

  private func checksummed(_ bytes: [UInt8], _ source: IPAddress, _ target: IPAddress) -> [UInt8] {
    var copy = bytes
    var span = copy.mutableSpan
    var raw = span.mutableBytes
    raw.storeBigEndian(0 as UInt16, at: 16)
    var checksum = InternetChecksum(
      from: source, to: target, protocol: 6, byteCount: bytes.count)
    checksum.add(raw.bytes)
    raw.storeBigEndian(checksum.value, at: 16)
    return copy
  }

  /// Gives the TCP a segment from the wire.
  func receive(_ segment: WireSegment, now: Instant) {
    guard var packet = pool.allocate(headroom: 64), packet.append(segment.bytes.count) else {
      return  // As a device without buffers does.
    }
    packet.withMutableBytes { $0.copy(segment.bytes.span.bytes) }
    tcp.receive(packet, from: segment.source, to: segment.target, now: now)
  }
}

/// Two hosts and the time.
final class SimulatedNetwork {
  let client: SimulatedHost
  let server: SimulatedHost
  private(set) var now: Instant
  private var generator: SeededGenerator
  /// By time, from `nextIndex` on.
  private var events: [(at: Instant, segment: WireSegment)] = []
  private var nextIndex = 0
  /// Every segment that was put on the wire, lost ones among them, when recording.
  var record: [WireSegment] = []
  var records = false
  /// Drops what it says.
  var drop: (WireSegment) -> Bool = { _ in false }
  private(set) var deliveredCount = 0
  private(set) var alarmCount = 0

  init(
    _ conditions: LinkConditions = LinkConditions(), seed: UInt64 = 1,
    clientConfiguration: TCPConfiguration = TCPConfiguration(),
    serverConfiguration: TCPConfiguration = TCPConfiguration(),
    version6: Bool = false, bufferByteCount: Int = 2048, bufferCount: Int = 4096
  ) {
    let one: IPAddress =
      version6 ? .v6(IPv6Address(high: 0xfd00 << 48, low: 1)) : .v4(IPv4Address(10, 0, 0, 1))
    let two: IPAddress =
      version6 ? .v6(IPv6Address(high: 0xfd00 << 48, low: 2)) : .v4(IPv4Address(10, 0, 0, 2))
    now = Instant(nanoseconds: 1_000_000_000)
    generator = SeededGenerator(seed: seed)
    client = SimulatedHost(
      one, seed: seed &+ 7, configuration: clientConfiguration, bufferCount: bufferCount,
      bufferByteCount: bufferByteCount, now: now)
    server = SimulatedHost(
      two, seed: seed &+ 77, configuration: serverConfiguration, bufferCount: bufferCount,
      bufferByteCount: bufferByteCount, now: now)
    client.conditions = conditions
    server.conditions = conditions
    client.output = { [unowned self] in put($0, conditions) }
    server.output = { [unowned self] in put($0, conditions) }
  }

  private func put(_ segment: WireSegment, _ conditions: LinkConditions) {
    if records { record.append(segment) }
    if drop(segment) || generator.happens(conditions.lossPercent) { return }
    let copies = generator.happens(conditions.duplicatePercent) ? 2 : 1
    for _ in 0..<copies {
      var at = now + conditions.delay
      if conditions.jitter.count > 0 {
        at = at + Nanoseconds(Int64(generator.next() % UInt64(conditions.jitter.count)))
      }
      var index = events.count
      while index > nextIndex, events[index - 1].at > at { index -= 1 }
      events.insert((at, segment), at: index)
    }
  }

  private var nextEvent: Instant {
    nextIndex < events.count ? events[nextIndex].at : .never
  }

  /// Lets one thing happen, at most until `limit`. False when nothing ever will before.
  func step(until limit: Instant = .never) -> Bool {
    let time = min(min(nextEvent, client.tcp.nextDeadline), server.tcp.nextDeadline)
    guard time != .never, time <= limit else { return false }
    if time > now { now = time }
    alarmCount += 1
    client.tcp.advance(to: now)
    server.tcp.advance(to: now)
    var due: [WireSegment] = []
    while nextEvent <= now {
      due.append(events[nextIndex].segment)
      nextIndex += 1
    }
    if nextIndex > 1000 {
      events.removeFirst(nextIndex)
      nextIndex = 0
    }
    for segment in due {
      deliveredCount += 1
      (segment.target == client.address ? client : server).receive(segment, now: now)
    }
    return true
  }

  /// Runs for a span of virtual time.
  func run(for span: Nanoseconds) {
    let limit = now + span
    while step(until: limit) {}
    if now < limit { now = limit }
  }

  /// Runs until something holds; false when it does not within `span`.
  func run(for span: Nanoseconds, until condition: () -> Bool) -> Bool {
    let limit = now + span
    while !condition() {
      if !step(until: limit) { return condition() }
    }
    return true
  }

  func listen(port: UInt16 = 80, backlog: Int = 16, options: ConnectionOptions = .init())
    throws -> Listener
  {
    let reservation = try server.tcp.bind(Endpoint(.v6(.any), port))
    return try server.tcp.listen(on: reservation, backlog: backlog, options: options)
  }

  func connect(port: UInt16 = 80, options: ConnectionOptions = .init()) throws -> Connection {
    try client.tcp.connect(to: Endpoint(server.address, port), options: options, now: now)
  }

  /// A connection that is made: both ends.
  func pair(
    client clientOptions: ConnectionOptions = .init(),
    server serverOptions: ConnectionOptions = .init(), port: UInt16 = 80
  ) throws -> (client: Connection, server: Connection, listener: Listener) {
    let listener = try listen(port: port, options: serverOptions)
    let connection = try connect(port: port, options: clientOptions)
    try #require(run(for: Nanoseconds(seconds: 60)) { listener.isReadable })
    return (connection, try #require(listener.accept()), listener)
  }
}

extension Connection {
  func send(_ bytes: [UInt8], _ flags: SendFlags = [], now: Instant) throws -> Int {
    try send(bytes.span.bytes, flags, now: now)
  }

  /// What can be read now, at most `limit` bytes; nil at the end.
  func read(_ limit: Int = 65536, now: Instant) throws -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: limit)
    do {
      var span = bytes.mutableSpan
      var raw = span.mutableBytes
      let count = try receive(into: &raw, now: now)
      if count == 0 { return nil }
      return Array(bytes[..<count])
    } catch TCPError.wouldBlock {
      return []
    }
  }
}
