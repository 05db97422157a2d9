// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Packets
import TimerWheel

/// The Transmission Control Protocol (RFC 9293) of one host: its connections, listeners and ports.
///
/// It has no clock, device or thread: segments and time come in by `receive` and `advance`, frames
/// go out to the sink. Who drives it calls `advance` not much later than `nextDeadline`.
public final class TCP {
  public static let protocolNumber: UInt8 = 6
  /// The shift count that is offered: windows up to 8 MiB.
  static let windowScale: UInt8 = 7

  public let configuration: TCPConfiguration
  public internal(set) var counters = TCPCounters()
  let pool: PacketPool
  let sink: any SegmentSink
  let secrets: TCPSecrets

  var table: ConnectionTable
  var wheel: TimerWheel
  var ports = PortTable()
  /// Listeners by the last bits of their port.
  var listeners: [Listener?] = Array(repeating: nil, count: 32)
  var timeWaits = RecordList()
  let housekeeping = Housekeeping()
  let memoryAlarm = MemoryAlarm()
  /// Unread bytes of all connections.
  var receivedBytes = 0
  /// Packets of all connections that came before what precedes them.
  var reassembledPackets = 0
  /// Challenges sent in the second that began at `challengeSecond`.
  private var challengeCount = 0
  private var challengeSecond: UInt64 = 0
  var noise: UInt64
  /// What the next search for a port begins with (RFC 6056 section 3.3.4).
  var portOffsets: [UInt16] = Array(repeating: 0, count: 16)
  /// Connections that wait for buffers to send with.
  var memoryWaiters: [Connection] = []
  /// How long after `memoryLookedAt` they are looked at again.
  var memoryPause = TCP.leastMemoryPause
  var memoryLookedAt = Instant.start

  /// - Parameters:
  ///   - pool: where frames are made; its buffers must have room for every header and some data.
  ///   - sink: the Internet layer below.
  public init(
    pool: PacketPool, sink: any SegmentSink, secrets: TCPSecrets,
    configuration: TCPConfiguration = TCPConfiguration(), now: Instant
  ) {
    self.pool = pool
    self.sink = sink
    self.secrets = secrets
    self.configuration = configuration
    table = ConnectionTable(key: secrets.table)
    wheel = TimerWheel(at: now)
    noise = secrets.noise
    housekeeping.stack = self
    memoryAlarm.stack = self
  }

  /// Data bytes that fit into one buffer.
  var chunkByteCount: Int { pool.byteCount - Packet.headroom }

  /// Whether unread data has taken so much memory that no more is taken of those who have some.
  @inline(__always)
  var isShortOfMemory: Bool {
    receivedBytes > configuration.receiveMemory
      || pool.availableCount <= configuration.reservedBuffers
  }

  /// Whether nothing at all can be kept: without the last buffers no acknowledgement could come in.
  var isOutOfMemory: Bool { pool.availableCount <= configuration.reservedBuffers / 2 }

  /// Whether a connection that keeps `count` packets for sending may take another buffer.
  ///
  /// The share of one connection becomes smaller as buffers become scarce (compare the dynamic
  /// thresholds of Choudhury and Hahne, 1998), so that those whose other side does not read leave
  /// something to all others. The last ones are for those that have none, and for receiving.
  @inline(__always)
  func maySend(keeping count: Int) -> Bool {
    let available = pool.availableCount
    if available > pool.limit >> 1 { return count < available >> 3 }
    return maySendWhenScarce(keeping: count, available)
  }

  private func maySendWhenScarce(keeping count: Int, _ available: Int) -> Bool {
    if count == 0 { return available > configuration.reservedBuffers }
    guard available > configuration.reservedBuffers &+ pool.limit >> 4 else { return false }
    return count < (available > pool.limit >> 2 ? max(available >> 6, 4) : 2)
  }

  /// How many packets may wait in the reassembly of all connections.
  var reassemblyLimit: Int { max(16, pool.limit >> 2) }

  /// How many connections there are, half open ones and those in TIME-WAIT among them.
  public var connectionCount: Int { table.count }
  /// How many of them are in TIME-WAIT.
  public var timeWaitCount: Int { timeWaits.count }

  // MARK: Time

  /// When `advance` is to be called next; `never` when there is nothing to wait for. It may be
  /// earlier than anything is due.
  public var nextDeadline: Instant { wheel.nextEvent }

  /// Never later than `nextDeadline`, and known at once.
  public var deadlineBound: Instant {
    @inline(__always) get { wheel.earliest }
  }

  /// Does what is due at `now`.
  public func advance(to now: Instant) {
    while let entry = wheel.takeDue(at: now) { entry.fire(at: now) }
  }

  // MARK: The end

  /// Closes every listener and, as their programs would, every connection.
  public func closeAll(now: Instant) {
    for first in listeners {
      var next = first
      while let listener = next {
        next = listener.next
        listener.close(now: now)
      }
    }
    var connections: [Connection] = []
    table.forEach { record in
      if let connection = record.value.connection { connections.append(connection) }
    }
    for connection in connections { connection.close(now: now) }
  }

  /// Whether some connection that was closed still has data, or its end, to bring to the other
  /// side.
  public var isDelivering: Bool {
    var found = false
    table.forEach { record in
      guard record.value.kind == .connection, let connection = record.value.connection else {
        return
      }
      switch connection.state {
      case .synReceived, .finWait1, .closing, .lastAck: found = true
      default: break
      }
    }
    return found
  }

  // MARK: Segments

  /// Takes a segment in one packet, which begins with its header.
  @inline(__always)
  public func receive(
    _ packet: consuming Packet, from source: IPAddress, to target: IPAddress, now: Instant
  ) {
    receive(Frame(packet), from: source, to: target, now: now)
  }

  /// Takes a segment whose header is in the head of the frame. Its checksum is looked at unless the
  /// head's offload says that it is right or that nobody has made it (loopback).
  @_optimize(speed)
  public func receive(
    _ frame: consuming Frame, from source: IPAddress, to target: IPAddress, now: Instant
  ) {
    counters.received &+= 1
    guard checksumIsRight(frame, from: source, to: target),
      let header = frame.head.withBytes({ SegmentHeader(parsing: $0) }),
      frame.head.removeFirst(header.byteCount)
    else {
      counters.malformed &+= 1
      return
    }
    let tuple = ConnectionTuple(
      local: Endpoint(target, header.destinationPort), remote: Endpoint(source, header.sourcePort))
    if let record = table.find(tuple) {
      if record.value.kind == .connection, let connection = record.value.connection {
        connection.arrived(header, frame, now: now)
        return
      }
      arrived(header, frame, record: record, now: now)
    } else {
      arrivedFromStranger(header, frame, tuple: tuple, now: now)
    }
  }

  @inline(__always)
  private func checksumIsRight(
    _ frame: borrowing Frame, from source: IPAddress, to target: IPAddress
  ) -> Bool {
    if case .none = frame.head.offload.checksum {
      var checksum = InternetChecksum(
        from: source, to: target, protocol: Self.protocolNumber, byteCount: frame.byteCount)
      checksum.add(frame)
      return checksum.isRight
    }
    return true
  }

  /// Writes the header in front of the frame's head, makes the checksum or has it made, and hands
  /// the frame down.
  @_optimize(speed)
  func send(
    _ frame: consuming Frame, _ header: SegmentHeader, payload: Int, segmentSize: Int,
    path: PathProperties, tuple: ConnectionTuple
  ) {
    let headerByteCount = header.emittedByteCount
    guard frame.head.prepend(headerByteCount) else { return }
    let source = tuple.local.address
    let target = tuple.remote.address
    var checksum = InternetChecksum(
      from: source, to: target, protocol: Self.protocolNumber,
      byteCount: headerByteCount &+ payload)
    frame.head.withMutableBytes { header.emit(into: &$0) }
    var offload = PacketOffload()
    let value: UInt16
    if path.completesChecksums {
      value = checksum.partial
      offload.checksum = .needed(
        start: UInt16(truncatingIfNeeded: frame.head.start),
        offset: UInt16(truncatingIfNeeded: SegmentHeader.checksumOffset))
      if payload > segmentSize {
        offload.segmentation = target.isIPv4 ? .tcp4 : .tcp6
        offload.segmentSize = UInt16(truncatingIfNeeded: segmentSize)
        offload.headerEnd = UInt16(truncatingIfNeeded: frame.head.start &+ headerByteCount)
      }
    } else {
      checksum.add(frame)
      value = checksum.value
    }
    frame.head.withMutableBytes {
      $0.storeBigEndian(value, at: SegmentHeader.checksumOffset)
    }
    frame.head.offload = offload
    counters.sent &+= 1
    sink.send(frame, from: source, to: target)
  }

  /// Whether one more challenge may be sent in this second; the limit varies, so that it tells
  /// nothing about other connections (RFC 5961 section 7, CVE-2016-5696).
  func mayChallenge(now: Instant) -> Bool {
    let second = now.nanoseconds / 1_000_000_000
    if second != challengeSecond {
      challengeSecond = second
      let half = configuration.challengeLimit / 2
      challengeCount = half + Int(truncatingIfNeeded: nextNoise() % UInt64(half + 1))
    }
    guard challengeCount > 0 else { return false }
    challengeCount -= 1
    counters.challenges &+= 1
    return true
  }

  /// A number that outsiders do not know, but no secret.
  func nextNoise() -> UInt64 {
    noise &+= 0x9e37_79b9_7f4a_7c15
    var mixed = (noise ^ (noise >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
