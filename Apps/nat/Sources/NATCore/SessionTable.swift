// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// All sessions: a fixed number of records, found by either side's key.
///
/// Each kind of session is a queue in the order of the last packets, so the next to end is the
/// first of one of four queues. Complexity: all O(1), expected.
final class SessionTable {
  let records: PermanentTable<Session>
  private let insideHeads: HashHeads
  private let outsideHeads: HashHeads
  private let oldest = PermanentTable<Int32>(count: 4) { _ in -1 }
  private let newest = PermanentTable<Int32>(count: 4) { _ in -1 }
  private let lifetimes = PermanentTable<Nanoseconds>(count: 4) { _ in .zero }
  private var free: Int32 = -1
  private(set) var count = 0

  /// A packet does not move a session that was moved within this time. Sessions live that much
  /// longer, so that none ends early.
  static let precision = Nanoseconds.milliseconds(1000)

  init(limit: Int, timeouts: Timeouts, seed: UInt64) {
    let none = FlowKey(0, host: 0, port: 0, remote: 0, remotePort: 0)
    records = PermanentTable(count: limit) { index in
      var session = Session(
        insideKey: none, outsideKey: none, mapping: -1, rule: -1, kind: .transitory)
      session.nextByInside = index + 1 < limit ? Int32(index + 1) : -1
      return session
    }
    free = 0
    insideHeads = HashHeads(recordCount: limit, seed: seed)
    outsideHeads = HashHeads(recordCount: limit, seed: ~seed)
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
    var index = insideHeads[insideHeads.slot(key.addresses, key.ports)]
    while index >= 0, records[Int(index)].insideKey != key {
      index = records[Int(index)].nextByInside
    }
    return index
  }

  /// The session of a packet that comes from the outside; negative when there is none.
  @inline(__always)
  func find(outside key: FlowKey) -> Int32 {
    var index = outsideHeads[outsideHeads.slot(key.addresses, key.ports)]
    while index >= 0, records[Int(index)].outsideKey != key {
      index = records[Int(index)].nextByOutside
    }
    return index
  }

  /// Puts a session in. The caller has seen to it that there is room (`isFull`).
  func insert(_ session: Session, at now: Instant) -> Int32 {
    let index = free
    precondition(index >= 0, "a session was put into a full table")
    free = records[Int(index)].nextByInside
    records[Int(index)] = session
    let inside = insideHeads.slot(session.insideKey.addresses, session.insideKey.ports)
    records[Int(index)].nextByInside = insideHeads[inside]
    insideHeads[inside] = index
    let outside = outsideHeads.slot(session.outsideKey.addresses, session.outsideKey.ports)
    records[Int(index)].nextByOutside = outsideHeads[outside]
    outsideHeads[outside] = index
    append(index, to: session.kind, at: now)
    count += 1
    return index
  }

  var isFull: Bool { free < 0 }

  /// Prolongs a session's life, in another queue when its kind has changed.
  @inline(__always)
  func refresh(_ index: Int32, as kind: Session.Kind, at now: Instant) {
    let old = records[Int(index)].kind
    if old == kind, now - records[Int(index)].refreshed < Self.precision { return }
    unlink(index, from: old)
    append(index, to: kind, at: now)
  }

  func remove(_ index: Int32) {
    let session = records[Int(index)]
    unlink(index, from: session.kind)
    let inside = insideHeads.slot(session.insideKey.addresses, session.insideKey.ports)
    if insideHeads[inside] == index {
      insideHeads[inside] = session.nextByInside
    } else {
      var before = insideHeads[inside]
      while records[Int(before)].nextByInside != index {
        before = records[Int(before)].nextByInside
      }
      records[Int(before)].nextByInside = session.nextByInside
    }
    let outside = outsideHeads.slot(session.outsideKey.addresses, session.outsideKey.ports)
    if outsideHeads[outside] == index {
      outsideHeads[outside] = session.nextByOutside
    } else {
      var before = outsideHeads[outside]
      while records[Int(before)].nextByOutside != index {
        before = records[Int(before)].nextByOutside
      }
      records[Int(before)].nextByOutside = session.nextByOutside
    }
    records[Int(index)].nextByInside = free
    free = index
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
