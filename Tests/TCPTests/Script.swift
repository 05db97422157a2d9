// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Packets
import Testing

@testable import TCP

extension SegmentFlags {
  static let syn = synchronize
  static let ack = acknowledge
  static let rst = reset
  static let fin = finish
  static let psh = push
  static let urg = urgent
}

/// One TCP on virtual time with the test as its other side: `inject` gives it a segment, `expect`
/// takes the next one that it has sent.
///
/// Sequence numbers count from the SYN of their side, which is 0; the other side's wrap around
/// soon after.
final class Script {
  let host: SimulatedHost
  private(set) var now = Instant(nanoseconds: 100_000_000_000)
  var remote: Endpoint
  var localPort: UInt16 = 80
  /// The numbers of both SYNs.
  var base = SequenceNumber(0)
  var peerBase = SequenceNumber(0xffff_fc00)
  /// Sent and not yet taken by `expect`.
  private(set) var sent: [WireSegment] = []
  /// What the other side acknowledges when `inject` is not told.
  var lastAcknowledged = 1

  init(
    _ configuration: TCPConfiguration = TCPConfiguration(), version6: Bool = false,
    bufferCount: Int = 4096, mtu: Int = 1500
  ) {
    let own: IPAddress =
      version6 ? .v6(IPv6Address(high: 0xfd00 << 48, low: 1)) : .v4(IPv4Address(10, 0, 0, 1))
    let peer: IPAddress =
      version6 ? .v6(IPv6Address(high: 0xfd00 << 48, low: 2)) : .v4(IPv4Address(10, 0, 0, 2))
    remote = Endpoint(peer, 4000)
    host = SimulatedHost(own, configuration: configuration, bufferCount: bufferCount, now: now)
    host.conditions.mtu = mtu
    host.output = { [unowned self] in sent.append($0) }
  }

  var tcp: TCP { host.tcp }

  /// The byte that a stream of `data` has at a number.
  static func byte(_ number: Int) -> UInt8 { UInt8(truncatingIfNeeded: number &* 7 &+ number >> 8) }
  static func data(_ count: Int, from number: Int = 1) -> [UInt8] {
    (0..<count).map { byte(number + $0) }
  }

  // MARK: The other side

  /// Gives the TCP a segment; `count` bytes of the pattern are its data.
  func inject(
    _ flags: SegmentFlags, seq: Int = 1, ack: Int? = nil, count: Int = 0, data: [UInt8]? = nil,
    window: Int = 65535, urgent: Int = 0, rawOptions: [UInt8] = [], breaksChecksum: Bool = false,
    to target: IPAddress? = nil, _ change: (inout SegmentHeader) -> Void = { _ in }
  ) {
    if let ack { lastAcknowledged = ack }
    var header = SegmentHeader(
      from: remote.port, to: localPort, sequence: peerBase + seq,
      acknowledgement: flags.contains(.ack) ? base + lastAcknowledged : SequenceNumber(0),
      flags: flags, window: UInt16(window))
    header.urgentPointer = UInt16(urgent)
    change(&header)
    var bytes = [UInt8](repeating: 0, count: header.emittedByteCount)
    do {
      var span = bytes.mutableSpan
      var raw = span.mutableBytes
      header.emit(into: &raw)
      raw.storeBigEndian(header.urgentPointer, at: 18)
    }
    if !rawOptions.isEmpty {
      bytes += rawOptions
      bytes[12] = UInt8(bytes.count / 4) << 4
    }
    bytes += data ?? Self.data(count, from: seq)
    injectRaw(bytes, breaksChecksum: breaksChecksum, to: target)
  }

  /// Gives the TCP bytes, with a right checksum unless told otherwise.
  func injectRaw(_ bytes: [UInt8], breaksChecksum: Bool = false, to target: IPAddress? = nil) {
    let target = target ?? host.address
    var bytes = bytes
    if bytes.count >= 18 {
      var span = bytes.mutableSpan
      var raw = span.mutableBytes
      raw.storeBigEndian(0 as UInt16, at: 16)
      var checksum = InternetChecksum(
        from: remote.address, to: target, protocol: 6, byteCount: raw.byteCount)
      checksum.add(raw.bytes)
      raw.storeBigEndian(checksum.value &+ (breaksChecksum ? 1 : 0), at: 16)
    }
    host.receive(
      WireSegment(bytes: bytes, source: remote.address, target: target), now: now)
  }

  /// Takes the next segment that was sent and compares what is given; the push flag only when
  /// asked for.
  @discardableResult
  func expect(
    _ flags: SegmentFlags, seq: Int? = nil, ack: Int? = nil, count: Int? = 0, window: Int? = nil,
    _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) -> WireSegment? {
    guard !sent.isEmpty else {
      Issue.record("nothing was sent; \(comment ?? "")", sourceLocation: sourceLocation)
      return nil
    }
    let segment = sent.removeFirst()
    let header = segment.header
    var found = header.flags
    if !flags.contains(.psh) { found.remove(.psh) }
    if flags.contains(.syn), !flags.contains(.rst) { base = header.sequence }
    let number = header.sequence - base
    var isRight = found == flags
    if let seq { isRight = isRight && number == seq }
    if let ack { isRight = isRight && header.acknowledgement == peerBase + ack }
    if let count { isRight = isRight && segment.payload.count == count }
    if let window { isRight = isRight && Int(header.window) == window }
    #expect(
      isRight,
      "\(describe(segment)) instead of \(flags.rawValue) \(seq ?? -1) ack \(ack ?? -1); \(comment ?? "")",
      sourceLocation: sourceLocation)
    return segment
  }

  func describe(_ segment: WireSegment) -> String {
    let header = segment.header
    let names: [(SegmentFlags, String)] = [
      (.syn, "SYN"), (.ack, "ACK"), (.fin, "FIN"), (.rst, "RST"), (.psh, "PSH"), (.urg, "URG"),
    ]
    let flags = names.filter { header.flags.contains($0.0) }.map(\.1).joined(separator: "|")
    return "\(flags) \(header.sequence - base) ack \(header.acknowledgement - peerBase) "
      + "count \(segment.payload.count) window \(header.window)"
  }

  func expectNothing(
    _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(
      sent.isEmpty, "\(sent.map(describe)); \(comment ?? "")", sourceLocation: sourceLocation)
    sent.removeAll()
  }

  /// Nothing is waited for. A listener's alarm goes off once for nothing.
  func expectNoDeadline(sourceLocation: SourceLocation = #_sourceLocation) {
    if tcp.nextDeadline != .never { advance(seconds: 2) }
    #expect(tcp.nextDeadline == .never, sourceLocation: sourceLocation)
    expectNothing(sourceLocation: sourceLocation)
  }

  /// Forgets what was sent, and tells what it was.
  @discardableResult
  func drain() -> [WireSegment] {
    let all = sent
    sent.removeAll()
    return all
  }

  // MARK: Time

  /// Lets time pass, alarm by alarm.
  func advance(_ span: Nanoseconds) {
    let end = now + span
    while tcp.nextDeadline <= end {
      now = max(now, tcp.nextDeadline)
      tcp.advance(to: now)
    }
    now = end
  }

  func advance(milliseconds: Int64) { advance(.milliseconds(milliseconds)) }
  func advance(seconds: Int64) { advance(Nanoseconds(seconds: seconds)) }

  /// Lets time pass until something is sent, at most `limit`. Returns how long it took in
  /// milliseconds, rounded; nil when nothing was sent.
  func millisecondsUntilSent(limit seconds: Int64 = 1000) -> Int? {
    let begin = now
    let end = now + Nanoseconds(seconds: seconds)
    while sent.isEmpty {
      guard tcp.nextDeadline <= end else {
        now = end
        return nil
      }
      now = max(now, tcp.nextDeadline)
      tcp.advance(to: now)
    }
    return Int(((now - begin).count + 500_000) / 1_000_000)
  }

  // MARK: Handshakes

  func listen(
    backlog: Int = 8, options: ConnectionOptions = .init(), observer: (any TCPObserver)? = nil
  )
    throws -> Listener
  {
    let reservation = try tcp.bind(Endpoint(.v6(.any), localPort))
    return try tcp.listen(
      on: reservation, backlog: backlog, options: options, observer: observer)
  }

  /// A connection that the other side has asked for. Its segments have 1000 bytes unless
  /// `offer` says more.
  func accepted(
    options: ConnectionOptions = .init(), window: Int = 65535,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ offer: (inout SegmentOptions) -> Void = { _ in }
  ) throws -> Connection {
    let listener = try listen(options: options)
    return try accept(from: listener, window: window, sourceLocation: sourceLocation, offer)
  }

  /// The handshake with an own listener.
  func accept(
    from listener: Listener, window: Int = 65535,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ offer: (inout SegmentOptions) -> Void = { _ in }
  ) throws -> Connection {
    inject(.syn, seq: 0, window: window) {
      $0.options.maximumSegmentSize = 1000
      offer(&$0.options)
    }
    let answer = try #require(
      expect([.syn, .ack], ack: 1, sourceLocation: sourceLocation), sourceLocation: sourceLocation)
    lastAcknowledged = 1
    inject(.ack, seq: 1, window: window) { header in
      if answer.header.options.hasTimestamps {
        var offered = SegmentOptions()
        offer(&offered)
        header.options.hasTimestamps = true
        header.options.timestamp = offered.timestamp
        header.options.timestampEcho = answer.header.options.timestamp
      }
    }
    return try #require(listener.accept(), sourceLocation: sourceLocation)
  }

  /// A connection that this side has asked for.
  func connected(
    options: ConnectionOptions = .init(), window: Int = 65535,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Connection {
    let connection = try connect(options: options)
    expect(.syn, sourceLocation: sourceLocation)
    inject([.syn, .ack], seq: 0, ack: 1, window: window) { $0.options.maximumSegmentSize = 1000 }
    expect(.ack, seq: 1, ack: 1, sourceLocation: sourceLocation)
    return connection
  }

  /// Asks for a connection; its SYN is to be expected.
  func connect(options: ConnectionOptions = .init(), from local: Endpoint? = nil) throws
    -> Connection
  {
    let connection = try tcp.connect(to: remote, from: local, options: options, now: now)
    localPort = connection.tuple.local.port
    return connection
  }

  // MARK: The program

  /// Writes `count` bytes of the pattern from number `from` on.
  @discardableResult
  func write(
    _ connection: Connection, _ count: Int, from: Int = 1, _ flags: SendFlags = [],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Int {
    try connection.send(Self.data(count, from: from), flags, now: now)
  }

  func read(_ connection: Connection, _ limit: Int = 65536) throws -> [UInt8]? {
    try connection.read(limit, now: now)
  }
}

extension ConnectionOptions {
  /// TCP_NODELAY.
  static var atOnce: Self {
    var options = Self()
    options.sendsSmallAtOnce = true
    return options
  }
}

/// Keeps what an observer was told.
final class Witness: TCPObserver {
  private(set) var told: [TCPEvents] = []

  func changed(_ events: TCPEvents) { told.append(events) }

  /// All that was told since the last call.
  func take() -> TCPEvents {
    let all = told.reduce(TCPEvents()) { $0.union($1) }
    told.removeAll()
    return all
  }
}
