// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Packets

/// The receiving half of a connection: what has come, in order and not, and the window that is
/// offered (RFC 9293 section 3.3.1, "Receive Sequence Variables").
///
/// It sends nothing: the connection asks it what an acknowledgement should say.
struct Receiver: ~Copyable {
  /// IRS.
  private(set) var initial = SequenceNumber(0)
  /// RCV.NXT.
  private(set) var next = SequenceNumber(0)
  /// The right edge of the window that was offered; it never moves to the left (section 3.8.6).
  private(set) var edge = SequenceNumber(0)
  /// What the last segment sent has acknowledged.
  private(set) var lastAcknowledged = SequenceNumber(0)
  /// The other side's FIN has come, in order.
  private(set) var isFinished = false

  /// In order and not yet read.
  private(set) var queue = PacketQueue()
  private(set) var reassembly = ReassemblyQueue()
  private(set) var urgent = UrgentMark()

  /// The most that may wait unread, in bytes.
  var limit: Int
  /// How far the window field of sent segments is shifted.
  var scale: UInt8 = 0
  /// The other side's segments are that large: the largest seen.
  private(set) var segmentSize = 536
  /// No segment is larger, but a packet may be, which a device has joined from several.
  var segmentLimit = 65535
  /// A range that came twice, to be reported once (RFC 2883 section 4).
  private var duplicate: SequenceRange?

  init(limit: Int) {
    self.limit = limit
  }

  /// Begins behind the other side's SYN, numbered `number`, which was answered with `window`.
  mutating func begin(at number: SequenceNumber, window: Int) {
    initial = number
    next = number + 1
    edge = next + window
    lastAcknowledged = next
  }

  // MARK: The window

  /// RCV.WND: how much of the offer is left.
  @inline(__always)
  var window: Int { edge - next }

  /// What the window could be now (section 3.8.6.2.2), before scaling.
  @inline(__always)
  private var room: Int {
    max(0, min(limit &- queue.byteCount, 0xffff << Int(scale)))
  }

  /// Moves the right edge as far as there is room, and returns the window field. The next segment
  /// sent must carry it.
  @inline(__always)
  mutating func offer() -> UInt16 {
    // Rounded down to what the field can say, or the other side would know another edge.
    let reachable = next + ((room >> Int(scale)) << Int(scale))
    edge = .later(edge, reachable)
    lastAcknowledged = next
    // Rounded up when an old offer is larger: the edge never moves back. But not for ever, or a
    // window that nobody empties would never close.
    let slack = queue.byteCount <= limit &+ (1 << Int(scale)) ? (1 << Int(scale)) &- 1 : 0
    let units = min((edge - next &+ slack) >> Int(scale), 0xffff)
    edge = .later(edge, next + (units << Int(scale)))
    return UInt16(truncatingIfNeeded: units)
  }

  /// Whether the program has read so much that the other side should hear of it
  /// (section 3.8.6.2.2).
  @inline(__always)  // Or all of this value is copied for the call.
  var deservesUpdate: Bool {
    let room = room
    let offered = edge - next
    let gain = room &- offered
    guard gain > 0 else { return false }
    if gain >= limit / 2 { return true }
    return offered < 2 &* segmentSize && gain >= min(2 &* segmentSize, limit / 2)
  }

  /// How many bytes wait to be acknowledged.
  @inline(__always)
  var owed: Int { next - lastAcknowledged }

  /// Whether a second full segment waits for its acknowledgement (RFC 9293 section 3.8.6.3).
  @inline(__always)
  var owesTwoSegments: Bool { owed >= 2 &* segmentSize }

  // MARK: Data

  /// Takes data that is next in order and inside the window.
  @inline(__always)
  mutating func take(_ payload: consuming PacketQueue) {
    let count = payload.byteCount
    if urgent.isAwaited { urgent.look(at: payload, from: next) }
    if count > segmentSize { segmentSize = min(count, segmentLimit) }
    next += count
    append(payload)
    while !reassembly.isEmpty, let more = reassembly.removeFirst(at: next) {
      if urgent.isAwaited { urgent.look(at: more, from: next) }
      next += more.byteCount
      append(more)
    }
  }

  /// The same for one packet, the usual case.
  @inline(__always)
  mutating func take(_ packet: consuming Packet) {
    let count = packet.byteCount
    if count > segmentSize { segmentSize = min(count, segmentLimit) }
    next += count
    if queue.isEmpty || !coalesce(packet) { queue.append(packet) }
  }

  /// Whether `take(_: Packet)` is enough for what comes next.
  @inline(__always)
  var isPlain: Bool { reassembly.isEmpty && !urgent.isAwaited && !isFinished }

  private mutating func append(_ payload: consuming PacketQueue) {
    if queue.isEmpty {
      queue = payload
      return
    }
    while let packet = payload.removeFirst() {
      if !coalesce(packet) { queue.append(packet) }
    }
  }

  /// Copies a small packet behind the last one when it fits, so that small segments do not hold
  /// whole buffers.
  private mutating func coalesce(_ packet: borrowing Packet) -> Bool {
    guard queue.isLastUnshared, queue.lastTailroom >= packet.byteCount else { return false }
    return packet.withBytes { queue.extendLast(with: $0) } == packet.byteCount
  }

  /// Keeps data that is inside the window but not next. False when it was dropped.
  mutating func keep(_ payload: consuming PacketQueue, at start: SequenceNumber) -> Bool {
    let range = SequenceRange(start, count: payload.byteCount)
    if reassembly.contains(range) {
      duplicate = range
      return true
    }
    // Small segments in large buffers: more buffers than full segments of the window.
    guard reassembly.packetCount < 32 &+ 2 &* limit / max(segmentSize, 512) else { return false }
    return reassembly.insert(payload, at: start)
  }

  /// Remembers that data came which was there already.
  mutating func sawDuplicate(_ range: SequenceRange) {
    duplicate = range
  }

  /// Takes the FIN that is next in order.
  mutating func finish() {
    isFinished = true
    next += 1
    edge = .later(edge, next)
  }

  /// Whether a SACK option has something to say.
  @inline(__always)
  var hasReport: Bool { duplicate != nil || !reassembly.isEmpty }

  /// The blocks for the next acknowledgement (RFC 2018 section 4, RFC 2883).
  mutating func report(limit: Int) -> SelectiveAcknowledgement {
    var blocks = SelectiveAcknowledgement()
    if let duplicate { blocks.append(duplicate) }
    duplicate = nil
    reassembly.report(into: &blocks, limit: limit)
    return blocks
  }

  /// Takes an urgent pointer: `end` is the number behind the urgent byte. True when it announces a
  /// new one.
  mutating func takeUrgent(end: SequenceNumber) -> Bool {
    guard !isFinished, end - 1 >= readPosition else { return false }
    guard urgent.announce(end - 1) else { return false }
    // It may be here already, in order.
    if end <= next {
      let offset = (end - 1) - readPosition
      urgent.look(at: queue.shareBytes(from: offset, count: 1), from: end - 1)
    }
    return true
  }

  // MARK: Reading

  /// The number of the next byte that the program reads.
  @inline(__always)
  var readPosition: SequenceNumber {
    (isFinished ? next - 1 : next) - queue.byteCount
  }

  /// How much a read could give now.
  var readableByteCount: Int {
    guard urgent.isMarked, !urgent.staysInline else { return queue.byteCount }
    let before = urgent.position - readPosition
    return before >= 0 && before < queue.byteCount ? queue.byteCount &- 1 : queue.byteCount
  }

  /// Gives what is there to `copy`, up to the urgent mark. Returns how many bytes; 0 when there is
  /// nothing, or `copy` has failed at once.
  mutating func read(
    _ count: Int, _ hasFailed: inout Bool, _ copy: (RawSpan, Int) -> Bool
  ) -> Int {
    let room = urgent.isMarked ? readLimit(count) : count
    var done = 0
    while done < room {
      let copied = queue.withFirstBytes { bytes -> Int in
        let count = min(bytes.byteCount, room &- done)
        return copy(bytes.extracting(first: count), done) ? count : 0
      }
      guard let copied else { break }
      guard copied > 0 else {
        hasFailed = true
        break
      }
      queue.dropFirst(bytes: copied)
      done &+= copied
    }
    return done
  }

  /// Gives what is there to `copy` without taking it. Returns how many bytes.
  func peek(_ room: Int, _ copy: (RawSpan, Int) -> Bool) -> Int {
    var done = 0
    var hasFailed = false
    queue.forEachBytes { bytes in
      let count = min(bytes.byteCount, room &- done)
      guard count > 0, !hasFailed else { return }
      hasFailed = !copy(bytes.extracting(first: count), done)
      if !hasFailed { done &+= count }
    }
    return done
  }

  /// Drops up to `count` bytes unread.
  mutating func skip(_ count: Int) -> Int {
    let dropped = min(count, queue.byteCount)
    queue.dropFirst(bytes: dropped)
    return dropped
  }

  /// Whether the next byte to read is the one behind which the mark is (SIOCATMARK).
  var isAtMark: Bool { urgent.isMarked && readPosition == urgent.position }

  /// A read does not go across the mark; one that begins there steps over the urgent byte, unless
  /// that stays in the stream.
  private mutating func readLimit(_ room: Int) -> Int {
    let distance = urgent.position - readPosition
    if distance > 0 { return min(room, distance) }
    if distance == 0 {
      guard !queue.isEmpty else { return room }
      if !urgent.staysInline { queue.dropFirst(bytes: 1) }
    }
    urgent.pass()
    return room
  }

  mutating func takeUrgentByte(peeking: Bool) -> UInt8? { urgent.read(peeking: peeking) }

  mutating func setUrgentInline(_ stays: Bool) { urgent.staysInline = stays }

  /// Drops what can never become readable.
  mutating func reassemblyWasAbandoned() { reassembly.removeAll() }

  /// Drops everything that waits.
  mutating func removeAll() {
    queue.removeAll()
    reassembly.removeAll()
  }
}
