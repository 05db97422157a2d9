// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import TimerWheel

/// OPEN of RFC 9293 section 3.9.1.1, active and passive, and the ports for it.
extension TCP {
  /// Binds a port; 0 finds a free one.
  ///
  /// - Throws: `addressInUse`, `noPort`.
  public func bind(_ local: Endpoint, sharing: PortSharing = []) throws(TCPError)
    -> PortReservation
  {
    if local.port != 0 { return try ports.reserve(local, sharing) }
    let range = configuration.ephemeralPorts
    let count = Int(range.upperBound - range.lowerBound) + 1
    var offset = Int(truncatingIfNeeded: nextNoise() % UInt64(count))
    for _ in 0..<count {
      let port = range.lowerBound + UInt16(offset)
      if !ports.isReserved(port) {
        return try ports.reserve(Endpoint(local.address, port), sharing)
      }
      offset = offset + 1 == count ? 0 : offset + 1
    }
    throw .noPort
  }

  /// Gives a bound port back.
  public func release(_ reservation: PortReservation) {
    ports.release(reservation)
  }

  /// Begins to make a connection. The observer is told that it is writable, or that it has failed.
  ///
  /// - Parameter local: the ends that were bound; nil, or a port of 0, for any.
  /// - Throws: `unreachable` without a way there, `noPort`, `addressInUse` when both ends have a
  ///   connection already, `invalid` for an address or port that nobody can have.
  public func connect(
    to remote: Endpoint, from local: Endpoint? = nil,
    options: ConnectionOptions = ConnectionOptions(), observer: (any TCPObserver)? = nil,
    now: Instant
  ) throws(TCPError) -> Connection {
    guard remote.port != 0, remote.address.isUnicast else { throw .invalid }
    guard let path = sink.path(to: remote.address) else { throw .unreachable }
    var source = path.source
    if let local, !local.address.isAny { source = local.address }
    let tuple = try chooseTuple(source, local?.port ?? 0, remote, now: now)
    let connection = Connection(stack: self, tuple: tuple, path: path, options: options)
    let record = table.insert(tuple, kind: .connection)
    record.value.connection = connection
    connection.record = record
    connection.observer = observer
    connection.timestamps.offset = UInt32(truncatingIfNeeded: tuple.hash(secrets.timestamps))
    connection.sender.begin(at: InitialSequence.number(for: tuple, key: secrets.sequence, now: now))
    connection.state = .synSent
    counters.activeOpens &+= 1
    connection.heardAt = now
    connection.waitingSince = now
    connection.sender.sentAt = now
    connection.sendSynchronize(now: now)
    connection.retransmitAt = now + connection.sender.roundTrip.timeout
    connection.wake(by: connection.retransmitAt)
    return connection
  }

  private func chooseTuple(
    _ source: IPAddress, _ port: UInt16, _ remote: Endpoint, now: Instant
  ) throws(TCPError) -> ConnectionTuple {
    if port != 0 {
      let tuple = ConnectionTuple(local: Endpoint(source, port), remote: remote)
      guard isFree(tuple, now: now) else { throw .addressInUse }
      return tuple
    }
    // Algorithm 4 of RFC 6056, section 3.3.4: double hash.
    let range = configuration.ephemeralPorts
    let count = UInt32(range.upperBound - range.lowerBound) + 1
    let whole = ConnectionTuple(local: Endpoint(source, 0), remote: remote)
    let hash = whole.hash(secrets.ports)
    let index = Int(truncatingIfNeeded: hash >> 60)
    let offset = UInt32(truncatingIfNeeded: hash) % count
    for _ in 0..<count {
      let step = UInt32(portOffsets[index])
      portOffsets[index] &+= 1
      let port = range.lowerBound + UInt16(truncatingIfNeeded: (offset &+ step) % count)
      let tuple = ConnectionTuple(local: Endpoint(source, port), remote: remote)
      if !ports.isReserved(port), isFree(tuple, now: now) { return tuple }
    }
    throw .noPort
  }

  /// Whether a connection may have these ends. One in TIME-WAIT gives way when its timestamps keep
  /// old segments apart (RFC 6191 section 2, tcp_tw_reuse).
  private func isFree(_ tuple: ConnectionTuple, now: Instant) -> Bool {
    guard let record = table.find(tuple) else { return true }
    guard record.value.kind == .timeWait else { return false }
    let state = record.value.timeWait
    guard state.timestamps.isOn, now - state.timestamps.recentAt > Nanoseconds(seconds: 1) else {
      return false
    }
    dropTimeWait(record)
    return true
  }

  /// Listens on a bound port.
  ///
  /// - Parameter backlog: the most connections that wait to be accepted; at least one.
  /// - Throws: `addressInUse` when somebody listens there and not both share the port.
  public func listen(
    on reservation: PortReservation, backlog: Int,
    options: ConnectionOptions = ConnectionOptions(), observer: (any TCPObserver)? = nil
  ) throws(TCPError) -> Listener {
    let local = reservation.local
    var next = listeners[Int(local.port & 31)]
    while let other = next {
      next = other.next
      if other.local == local, !reservation.sharing.contains(.reusePort) { throw .addressInUse }
    }
    reservation.isListening = true
    let listener = Listener(
      stack: self, local: local, sharing: reservation.sharing, backlog: max(1, backlog),
      options: options)
    listener.observer = observer
    listener.next = listeners[Int(local.port & 31)]
    listeners[Int(local.port & 31)] = listener
    return listener
  }

  func remove(_ listener: Listener) {
    wheel.remove(listener)
    let index = Int(listener.local.port & 31)
    if listeners[index] === listener {
      listeners[index] = listener.next
    } else {
      var before = listeners[index]
      while let other = before, other.next !== listener { before = other.next }
      before?.next = listener.next
    }
    listener.next = nil
  }

  /// The listener for a segment to `local`: one with that very address, or one with any.
  func findListener(_ local: Endpoint) -> Listener? {
    var best: Listener?
    var next = listeners[Int(local.port & 31)]
    while let listener = next {
      next = listener.next
      guard listener.local.port == local.port else { continue }
      if listener.local.address == local.address { return listener }
      guard listener.local.address.isAny else { continue }
      let isVersion4 = listener.local.address.isIPv4
      if isVersion4 == local.address.isIPv4 {
        best = listener
      } else if !isVersion4, !listener.sharing.contains(.onlyVersion6), best == nil {
        best = listener
      }
    }
    return best
  }
}
