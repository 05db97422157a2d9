// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// All sessions: a fixed number of records, found by either side's key.
///
/// Each kind of session is a queue in the order of the last packets, so the next to end is the
/// first of one of four queues. Complexity: all O(1), expected.
final class SessionTable {
  let records: PermanentTable<Session>
  /// Also of the records that are free.
  private let insideChains: HashChains
  private let outsideChains: HashChains
  private let oldest = PermanentTable<Int32>(count: 4) { _ in -1 }
  private let newest = PermanentTable<Int32>(count: 4) { _ in -1 }
  private let lifetimes = PermanentTable<Nanoseconds>(count: 4) { _ in .zero }
  private(set) var count = 0

  /// A packet does not move a session that was moved within this time. Sessions live that much
  /// longer, so that none ends early.
  static let precision = Nanoseconds.milliseconds(1000)

  init(limit: Int, timeouts: Timeouts, seed: UInt64) {
    let none = FlowKey(0, host: 0, port: 0, remote: 0, remotePort: 0)
    records = PermanentTable(count: limit) { _ in
      Session(insideKey: none, outsideKey: none, mapping: -1, rule: -1, kind: .transitory)
    }
    insideChains = HashChains(recordCount: limit, seed: seed)
    outsideChains = HashChains(recordCount: limit, seed: ~seed)
    insideChains.spareAll()
    for (kind, seconds) in [
      (Session.Kind.transitory, timeouts.transitory), (.icmp, timeouts.icmp),
      (.udp, timeouts.udp), (.established, timeouts.established),
    ] {
      lifetimes[Int(kind.rawValue)] =
        Nanoseconds(Int64(seconds) * 1_000_000_000 + Self.precision.count)
    }
  }

  /// The session of a packet that comes from the inside; negative when there is none.
  @inline(__always)
  func find(inside key: FlowKey) -> Int32 {
    var index = insideChains.first(in: insideSlot(key))
    while index >= 0, records[Int(index)].insideKey != key {
      index = insideChains.next(after: index)
    }
    return index
  }

  /// The session of a packet that comes from the outside; negative when there is none.
  @inline(__always)
  func find(outside key: FlowKey) -> Int32 {
    var index = outsideChains.first(in: outsideSlot(key))
    while index >= 0, records[Int(index)].outsideKey != key {
      index = outsideChains.next(after: index)
    }
    return index
  }

  /// Puts a session in. The caller has seen to it that there is room (`isFull`).
  func insert(_ session: Session, at now: Instant) -> Int32 {
    let index = insideChains.first(in: insideChains.spare)
    precondition(index >= 0, "a session was put into a full table")
    insideChains.remove(index, from: insideChains.spare)
    records[Int(index)] = session
    insideChains.insert(index, in: insideSlot(session.insideKey))
    outsideChains.insert(index, in: outsideSlot(session.outsideKey))
    append(index, to: session.kind, at: now)
    count += 1
    return index
  }

  var isFull: Bool { insideChains.first(in: insideChains.spare) < 0 }

  /// Prolongs a session's life, in another queue when its kind has changed.
  @inline(__always)
  private func refresh(_ index: Int32, as kind: Session.Kind, at now: Instant) {
    let old = records[Int(index)].kind
    if old == kind, now - records[Int(index)].refreshed < Self.precision { return }
    unlink(index, from: old)
    append(index, to: kind, at: now)
  }

  /// Notes a packet of a session, which prolongs its life.
  @inline(__always)
  func note(_ flow: Flow, of index: Int32, from side: Side, at now: Instant) {
    let kind =
      flow.content == .tcp
      ? records[Int(index)].note(flow.flags, from: side) : records[Int(index)].kind
    refresh(index, as: kind, at: now)
  }

  func remove(_ index: Int32) {
    let session = records[Int(index)]
    unlink(index, from: session.kind)
    insideChains.remove(index, from: insideSlot(session.insideKey))
    outsideChains.remove(index, from: outsideSlot(session.outsideKey))
    insideChains.insert(index, in: insideChains.spare)
    count -= 1
  }

  /// A session whose time is over; nil when there is none.
  func expired(at now: Instant) -> Int32? {
    for kind in 0..<4 {
      let index = oldest[kind]
      if index >= 0, records[Int(index)].refreshed + lifetimes[kind] <= now { return index }
    }
    return nil
  }

  /// The session that gives way to another one when the table is full: the one that was used least
  /// recently, of those whose end costs least. No connection that stands gives way: nil.
  var mostDispensable: Int32? {
    for kind in 0..<Int(Session.Kind.established.rawValue) where oldest[kind] >= 0 {
      return oldest[kind]
    }
    return nil
  }

  @inline(__always)
  private func insideSlot(_ key: FlowKey) -> Int { insideChains.slot(key.addresses, key.ports) }
  @inline(__always)
  private func outsideSlot(_ key: FlowKey) -> Int { outsideChains.slot(key.addresses, key.ports) }

  private func append(_ index: Int32, to kind: Session.Kind, at now: Instant) {
    let queue = Int(kind.rawValue)
    let last = newest[queue]
    records[Int(index)].kind = kind
    records[Int(index)].refreshed = now
    records[Int(index)].older = last
    records[Int(index)].newer = -1
    if last >= 0 {
      records[Int(last)].newer = index
    } else {
      oldest[queue] = index
    }
    newest[queue] = index
  }

  private func unlink(_ index: Int32, from kind: Session.Kind) {
    let queue = Int(kind.rawValue)
    let (older, newer) = (records[Int(index)].older, records[Int(index)].newer)
    if older >= 0 {
      records[Int(older)].newer = newer
    } else {
      oldest[queue] = newer
    }
    if newer >= 0 {
      records[Int(newer)].older = older
    } else {
      newest[queue] = older
    }
  }
}
