// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Packets

/// Which datagram a fragment is part of (RFC 791 section 3.2, RFC 8200 section 4.5).
public struct FragmentKey: Equatable, BitwiseCopyable, Sendable {
  public let source: IPAddress
  public let target: IPAddress
  public let identification: UInt32
  public let number: UInt8

  public init(
    source: IPAddress, target: IPAddress, identification: UInt32, protocol number: UInt8
  ) {
    self.source = source
    self.target = target
    self.identification = identification
    self.number = number
  }
}

/// One datagram that has not all come yet, in a buffer of its full size.
final class PartialDatagram {
  let key: FragmentKey
  let deadline: Instant
  var packet: Packet
  /// What has come, in order, without touching neighbours: pairs of first byte and end.
  var ranges: [(start: Int, end: Int)] = []
  /// The whole length, once the last fragment has come.
  var total: Int?
  /// Bytes of the first fragment's IP header, which stand in front of the packet; 0 before it came.
  var headerByteCount = 0

  init(key: FragmentKey, deadline: Instant, packet: consuming Packet) {
    self.key = key
    self.deadline = deadline
    self.packet = packet
  }
}

/// Datagrams that come in pieces. Few at a time, each for a short time.
///
/// Overlapping fragments are an attack, or broken: they end the datagram (RFC 5722; for version 4
/// as well, as Linux does since CVE-2018-5391). An exact repetition is passed over.
public final class ReassemblyTable {
  /// How a fragment was taken.
  public enum Outcome: Equatable, Sendable {
    case kept
    case completed
    /// The datagram was given up: overlap, or a length that contradicts.
    case refused
    /// No memory, or too many pieces.
    case dropped
  }

  private let pool: PacketPool
  private var datagrams: [PartialDatagram] = []
  private let limit: Int
  private var completed: Packet?

  /// Most ranges of one datagram; every hole costs one.
  static var rangeLimit: Int { 64 }
  /// How long all pieces may take: Linux's 30 s for version 4 (RFC 1122 wants 60), 60 s for 6.
  public static func lifetime(isIPv4: Bool) -> Nanoseconds {
    Nanoseconds(seconds: isIPv4 ? 30 : 60)
  }

  /// - Parameters:
  ///   - pool: has buffers of at least 64 KiB and `Packet.headroom`.
  ///   - limit: how many datagrams may be incomplete at a time.
  public init(pool: PacketPool, limit: Int) {
    self.pool = pool
    self.limit = max(1, limit)
  }

  public var count: Int { datagrams.count }

  /// Takes the payload of one fragment.
  ///
  /// - Parameters:
  ///   - offset: where it belongs in the datagram, in bytes.
  ///   - isLast: whether no more fragments follow it.
  ///   - header: the IP header, at most 100 bytes: kept of the first fragment.
  public func add(
    _ payload: RawSpan, at offset: Int, isLast: Bool, key: FragmentKey, header: RawSpan,
    now: Instant
  ) -> Outcome {
    let end = offset + payload.byteCount
    guard payload.byteCount > 0, offset >= 0, offset & 7 == 0, end <= 65_535,
      isLast || payload.byteCount & 7 == 0
    else { return .refused }
    guard let index = find(key, now: now) else { return .dropped }
    let datagram = datagrams[index]
    if let total = datagram.total, isLast ? end != total : end > total { return refuse(index) }
    if isLast, let last = datagram.ranges.last, last.end > end { return refuse(index) }
    switch insert(offset, end, in: datagram) {
    case .kept: break
    case .completed: return .kept
    case .refused: return refuse(index)
    case .dropped:
      datagrams.remove(at: index)
      return .dropped
    }
    if isLast { datagram.total = end }
    guard store(payload, at: offset, header: header, in: datagram) else { return refuse(index) }
    guard let total = datagram.total, datagram.ranges.count == 1, datagram.ranges[0].start == 0,
      datagram.ranges[0].end == total, datagram.packet.truncate(to: total)
    else { return .kept }
    completed = datagram.packet.share()
    datagrams.remove(at: index)
    return .completed
  }

  /// The datagram that the last `add` has completed, without an IP header.
  public func takeCompleted() -> Packet? {
    completed.take()
  }

  private func find(_ key: FragmentKey, now: Instant) -> Int? {
    for index in datagrams.indices where datagrams[index].key == key { return index }
    // The oldest one goes when there is no room: new ones have better chances to be completed.
    if datagrams.count == limit || pool.availableCount == 0 {
      guard !datagrams.isEmpty else { return nil }
      datagrams.removeFirst()
    }
    guard var packet = pool.allocate(), packet.append(min(65_535, packet.tailroom)) else {
      return nil
    }
    packet.offload.checksum = .none
    let deadline = now + Self.lifetime(isIPv4: key.source.isIPv4)
    datagrams.append(PartialDatagram(key: key, deadline: deadline, packet: packet))
    return datagrams.count - 1
  }

  private func refuse(_ index: Int) -> Outcome {
    datagrams.remove(at: index)
    return .refused
  }

  /// Notes a range: `completed` when it is there already, `dropped` when there are too many.
  private func insert(_ start: Int, _ end: Int, in datagram: PartialDatagram) -> Outcome {
    var position = 0
    while position < datagram.ranges.count, datagram.ranges[position].end <= start { position += 1 }
    if position < datagram.ranges.count {
      let next = datagram.ranges[position]
      if next.start <= start && end <= next.end { return .completed }
      if next.start < end { return .refused }
    }
    let joinsBefore = position > 0 && datagram.ranges[position - 1].end == start
    let joinsAfter = position < datagram.ranges.count && datagram.ranges[position].start == end
    switch (joinsBefore, joinsAfter) {
    case (true, true):
      datagram.ranges[position - 1].end = datagram.ranges[position].end
      datagram.ranges.remove(at: position)
    case (true, false): datagram.ranges[position - 1].end = end
    case (false, true): datagram.ranges[position].start = start
    case (false, false):
      guard datagram.ranges.count < Self.rangeLimit else { return .dropped }
      datagram.ranges.insert((start, end), at: position)
    }
    return .kept
  }

  private func store(
    _ payload: RawSpan, at offset: Int, header: RawSpan, in datagram: PartialDatagram
  ) -> Bool {
    guard offset + payload.byteCount <= datagram.packet.byteCount else { return false }
    datagram.packet.withMutableBytes { $0.copy(payload, at: offset) }
    if offset == 0, header.byteCount <= datagram.packet.start {
      guard datagram.packet.prepend(header.byteCount) else { return false }
      datagram.packet.withMutableBytes { $0.copy(header) }
      datagram.packet.removeFirst(header.byteCount)
      datagram.headerByteCount = header.byteCount
    }
    return true
  }

  /// When the next datagram is given up.
  public var nextDeadline: Instant {
    // All of one version have the same lifetime, but the versions differ.
    var next = Instant.never
    for datagram in datagrams { next = min(next, datagram.deadline) }
    return next
  }

  /// Gives up one datagram whose time is over. Returns its IP header and first bytes, for the
  /// report to its sender, or an empty packet when its first fragment never came; nil when no
  /// datagram is due.
  public func takeExpired(at now: Instant) -> Packet? {
    for index in datagrams.indices where datagrams[index].deadline <= now {
      let datagram = datagrams.remove(at: index)
      var packet = datagram.packet.share()
      guard datagram.headerByteCount > 0, packet.prepend(datagram.headerByteCount),
        let first = datagram.ranges.first, first.start == 0
      else {
        packet.truncate(to: 0)
        return packet
      }
      packet.truncate(to: datagram.headerByteCount + first.end)
      return packet
    }
    return nil
  }
}
