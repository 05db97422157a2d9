// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Packets

/// What a `NeighborTable` asks of the layer below it.
public protocol NeighborLink: AnyObject {
  /// Ask for the station of `address`: everybody when `station` is nil, else that station alone.
  func solicit(_ address: IPAddress, at station: MACAddress?)
  /// A frame, from its IP header on, whose next hop's station has been found.
  func deliver(_ frame: consuming Frame, to address: IPAddress, at station: MACAddress)
  /// A frame whose next hop does not answer.
  func unreachable(_ frame: consuming Frame, at address: IPAddress)
}

/// How a neighbour's station became known.
public enum NeighborEvidence: BitwiseCopyable, Sendable {
  /// It answered a question of ours: it hears us.
  case solicitedAnswer
  /// It answered, but an entry with another station is not to be replaced (RFC 4861 section 4.4,
  /// no override flag).
  case weakAnswer(isSolicited: Bool)
  /// It announced itself or asked us: it may not hear us.
  case announcement
}

/// Which station has which address on the link, and the frames that wait to know it.
///
/// The states are those of neighbour unreachability detection (RFC 4861 section 7.3), for IPv4 as
/// well, as Linux does. Everything is bounded: entries, frames per entry and in all.
public final class NeighborTable {
  enum State: UInt8 {
    case incomplete, reachable, stale, delay, probe
  }

  final class Entry {
    let address: IPAddress
    var station = MACAddress.zero
    var state = State.incomplete
    var deadline = Instant.never
    var solicitations = 0
    /// It has heard us at least once.
    var hasAnswered = false
    var lastUse: Instant
    var waiting: [PendingFrame] = []
    var next: Entry?

    init(_ address: IPAddress, now: Instant) {
      self.address = address
      lastUse = now
    }

    /// Whether this entry makes room rather than another one. Anybody can make us ask for stations
    /// that there are not, and announce itself under many addresses; those who answer us stay.
    func isWorthLess(than other: Entry) -> Bool {
      (worth, lastUse) < (other.worth, other.lastUse)
    }

    private var worth: Int { state == .incomplete ? 0 : hasAnswered ? 2 : 1 }
  }

  final class PendingFrame {
    var frame: Frame?
    init(_ frame: consuming Frame) { self.frame = consume frame }
    func take() -> Frame? { frame.take() }
  }

  // RFC 4861 section 10.
  static var retransmitInterval: Nanoseconds { Nanoseconds(seconds: 1) }
  static var delayBeforeProbe: Nanoseconds { Nanoseconds(seconds: 5) }
  static var solicitationCount: Int { 3 }
  /// RFC 4861's 30 s, varied by what the owner sets so that neighbours do not march in step.
  public var reachableTime = Nanoseconds(seconds: 30)
  /// Frames that wait for one address: all fragments of the largest datagram. More push the oldest
  /// out (RFC 1122 section 2.3.2.2).
  static var frameLimitPerEntry: Int { 64 }

  private static let bucketCount = 64
  private var buckets = [Entry?](repeating: nil, count: bucketCount)
  public private(set) var count = 0
  private var waitingCount = 0
  private let limit: Int
  private let frameLimit: Int
  // The next hop of nearly every packet is the same one.
  private var lastAddress = IPAddress(IPv6Address.any)
  private var lastEntry: Entry?
  public private(set) var nextDeadline = Instant.never

  /// - Parameters:
  ///   - limit: the most entries.
  ///   - frameLimit: the most frames that wait in all.
  public init(limit: Int = 512, frameLimit: Int = 256) {
    self.limit = max(1, limit)
    self.frameLimit = max(0, frameLimit)
  }

  /// The station to send to, or nil: then give the frame to `hold`.
  @inline(__always)
  public func station(of address: IPAddress, now: Instant) -> MACAddress? {
    // One that is asked whether it is still there is good meanwhile (RFC 4861 section 7.3.3).
    if let entry = lastEntry, lastAddress == address,
      entry.state == .reachable
        ? now < entry.deadline : entry.state == .delay || entry.state == .probe
    {
      entry.lastUse = now
      return entry.station
    }
    return lookUp(address, now: now)
  }

  private func lookUp(_ address: IPAddress, now: Instant) -> MACAddress? {
    guard let entry = find(address), entry.state != .incomplete else { return nil }
    entry.lastUse = now
    lastAddress = address
    lastEntry = entry
    if entry.state == .reachable, now >= entry.deadline { entry.state = .stale }
    if entry.state == .stale {
      entry.state = .delay
      schedule(entry, now + Self.delayBeforeProbe)
    }
    return entry.station
  }

  /// Keeps a frame until the station of `address` is known, and asks for it.
  public func hold(
    _ frame: consuming Frame, for address: IPAddress, link: some NeighborLink, now: Instant
  ) {
    var entry: Entry
    if let known = find(address) {
      entry = known
    } else {
      entry = Entry(address, now: now)
      guard insert(entry) else {
        link.unreachable(frame, at: address)
        return
      }
      solicit(entry, link: link, now: now)
    }
    guard entry.state == .incomplete else {
      link.deliver(frame, to: address, at: entry.station)
      return
    }
    entry.lastUse = now
    if entry.waiting.count == Self.frameLimitPerEntry {
      entry.waiting.removeFirst()
      waitingCount -= 1
    }
    guard waitingCount < frameLimit else { return }
    entry.waiting.append(PendingFrame(frame))
    waitingCount += 1
  }

  /// Asks for `address` before there is a frame for it.
  public func resolve(_ address: IPAddress, link: some NeighborLink, now: Instant) {
    guard find(address) == nil else { return }
    let entry = Entry(address, now: now)
    guard insert(entry) else { return }
    solicit(entry, link: link, now: now)
  }

  /// Learns a neighbour's station. An unknown neighbour is taken in only when `creates`: when it
  /// talks to us, so that we are likely to answer.
  public func learn(
    _ address: IPAddress, at station: MACAddress, by evidence: NeighborEvidence, creates: Bool,
    link: some NeighborLink, now: Instant
  ) {
    guard !station.isMulticast, station != .zero else { return }
    var entry: Entry
    if let known = find(address) {
      entry = known
    } else {
      guard creates else { return }
      entry = Entry(address, now: now)
      guard insert(entry) else { return }
    }
    let isNew = entry.state == .incomplete
    let changes = !isNew && entry.station != station
    switch evidence {
    case .weakAnswer where changes:
      // RFC 4861 section 7.2.5: the cached address stays, but is doubted.
      if entry.state == .reachable { entry.state = .stale }
      return
    case .solicitedAnswer, .weakAnswer(isSolicited: true):
      entry.station = station
      entry.state = .reachable
      entry.hasAnswered = true
      entry.solicitations = 0
      schedule(entry, now + reachableTime)
    case .announcement, .weakAnswer:
      entry.station = station
      if isNew || changes {
        entry.state = .stale
        entry.deadline = .never
      }
    }
    if isNew { release(entry, link: link) }
  }

  /// Notes that the neighbour hears us: a transport's data was acknowledged (RFC 4861 section 7.3.1).
  public func confirm(_ address: IPAddress, now: Instant) {
    guard let entry = find(address), entry.state != .incomplete else { return }
    entry.state = .reachable
    entry.hasAnswered = true
    entry.solicitations = 0
    schedule(entry, now + reachableTime)
  }

  /// Whether the station of `address` is known.
  public func isKnown(_ address: IPAddress) -> Bool {
    find(address).map { $0.state != .incomplete } ?? false
  }

  /// Forgets a neighbour.
  public func forget(_ address: IPAddress) {
    if let entry = find(address) { remove(entry) }
  }

  /// The neighbours that are known, for /proc/net/arp.
  public func forEach(_ body: (IPAddress, MACAddress) -> Void) {
    for bucket in buckets {
      var next = bucket
      while let entry = next {
        if entry.state != .incomplete { body(entry.address, entry.station) }
        next = entry.next
      }
    }
  }

  /// Asks again, gives up, lets entries age.
  public func advance(to now: Instant, link: some NeighborLink) {
    guard now >= nextDeadline else { return }
    var due: [Entry] = []
    nextDeadline = .never
    for bucket in buckets {
      var next = bucket
      while let entry = next {
        if entry.deadline <= now {
          due.append(entry)
        } else {
          nextDeadline = min(nextDeadline, entry.deadline)
        }
        next = entry.next
      }
    }
    for entry in due { age(entry, link: link, now: now) }
  }

  private func age(_ entry: Entry, link: some NeighborLink, now: Instant) {
    switch entry.state {
    case .reachable:
      entry.state = .stale
      entry.deadline = .never
    case .stale:
      entry.deadline = .never
    case .delay:
      entry.state = .probe
      entry.solicitations = 0
      solicit(entry, link: link, now: now)
    case .incomplete, .probe:
      if entry.solicitations < Self.solicitationCount {
        solicit(entry, link: link, now: now)
        return
      }
      remove(entry)
      let waiting = entry.waiting
      entry.waiting = []
      for pending in waiting {
        if let frame = pending.take() { link.unreachable(frame, at: entry.address) }
      }
    }
  }

  private func solicit(_ entry: Entry, link: some NeighborLink, now: Instant) {
    entry.solicitations += 1
    schedule(entry, now + Self.retransmitInterval)
    link.solicit(entry.address, at: entry.state == .incomplete ? nil : entry.station)
  }

  private func release(_ entry: Entry, link: some NeighborLink) {
    let waiting = entry.waiting
    entry.waiting = []
    waitingCount -= waiting.count
    for pending in waiting {
      if let frame = pending.take() {
        link.deliver(frame, to: entry.address, at: entry.station)
      }
    }
  }

  private func schedule(_ entry: Entry, _ deadline: Instant) {
    entry.deadline = deadline
    nextDeadline = min(nextDeadline, deadline)
  }

  private static func bucket(of address: IPAddress) -> Int {
    let mixed = (address.mapped.low ^ address.mapped.high) &* 0x9e37_79b9_7f4a_7c15
    return Int(truncatingIfNeeded: mixed >> 58)
  }

  private func find(_ address: IPAddress) -> Entry? {
    var next = buckets[Self.bucket(of: address)]
    while let entry = next {
      if entry.address == address { return entry }
      next = entry.next
    }
    return nil
  }

  /// Puts an entry in; when there is no room, in place of the one that is worth least and for which
  /// no frame waits.
  private func insert(_ entry: Entry) -> Bool {
    if count == limit {
      var least: Entry?
      for bucket in buckets {
        var next = bucket
        while let candidate = next {
          if candidate.waiting.isEmpty, least.map(candidate.isWorthLess) ?? true {
            least = candidate
          }
          next = candidate.next
        }
      }
      guard let least else { return false }
      remove(least)
    }
    let index = Self.bucket(of: entry.address)
    entry.next = buckets[index]
    buckets[index] = entry
    count += 1
    return true
  }

  private func remove(_ entry: Entry) {
    let index = Self.bucket(of: entry.address)
    if lastEntry === entry { lastEntry = nil }
    if buckets[index] === entry {
      buckets[index] = entry.next
    } else {
      var next = buckets[index]
      while let candidate = next {
        if candidate.next === entry {
          candidate.next = entry.next
          break
        }
        next = candidate.next
      }
    }
    entry.next = nil
    count -= 1
    waitingCount -= entry.waiting.count
  }
}
