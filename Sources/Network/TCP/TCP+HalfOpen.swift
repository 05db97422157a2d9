// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Packets
import TimerWheel

/// Connections that are asked for (RFC 9293 section 3.10.7.2), and those half open.
extension TCP {
  /// A segment that belongs to no connection: for a listener, or for nobody.
  func arrivedFromStranger(
    _ header: SegmentHeader, _ frame: consuming Frame, tuple: ConnectionTuple,
    now: Instant
  ) {
    // Nobody answers a group or a broadcast (section 3.9.2.3, MUST-57).
    guard tuple.remote.address.isUnicast, tuple.local.address.isUnicast,
      tuple.remote.port != 0
    else { return }
    let payload = frame.byteCount
    guard let listener = findListener(tuple.local) else {
      reset(header, payload: payload, tuple: tuple)
      return
    }
    if header.flags.contains(.reset) { return }
    if header.flags.contains(.acknowledge) {
      if !header.flags.contains(.synchronize),
        takeCookie(header, listener, tuple: tuple, now: now)
      {
        if let record = table.find(tuple), let connection = record.value.connection {
          connection.arrived(header, frame, now: now)
          listener.observer?.changed(.readable)
        }
        return
      }
      reset(header, payload: payload, tuple: tuple)
      return
    }
    guard header.flags.contains(.synchronize) else { return }
    synchronizeArrived(header, listener, tuple: tuple, floor: nil, now: now)
  }

  /// Answers a SYN. `floor` is what the last connection between both ends has used.
  func synchronizeArrived(
    _ header: SegmentHeader, _ listener: Listener, tuple: ConnectionTuple,
    floor: SequenceNumber?, now: Instant
  ) {
    guard !listener.isFull else {
      counters.listenOverflows &+= 1
      return
    }
    guard let path = sink.path(to: tuple.remote.address) else { return }
    let limit = min(configuration.halfOpenLimit, max(listener.backlog, 16))
    if listener.halfOpen.count >= limit {
      answerWithCookie(header, listener, tuple: tuple, path: path, now: now)
      return
    }
    var half = HalfOpen()
    half.initial = InitialSequence.number(for: tuple, key: secrets.sequence, now: now)
    // RFC 6191 section 2: above all that was used before.
    if let floor { half.initial = .later(half.initial, floor) }
    half.remoteInitial = header.sequence
    let fallback: UInt16 = tuple.remote.address.isIPv4 ? 536 : 1220
    let offered = header.options.maximumSegmentSize
    half.segmentSize = offered == 0 ? fallback : offered
    half.scale = configuration.offersWindowScale ? header.options.windowScale : nil
    half.allowsSelective = configuration.offersSelective && header.options.allowsSelective
    if configuration.offersTimestamps, header.options.hasTimestamps {
      half.timestamps.isOn = true
      half.timestamps.offset = UInt32(truncatingIfNeeded: tuple.hash(secrets.timestamps))
      half.timestamps.take(header.options.timestamp, now: now)
    }
    half.deadline = now + RoundTripTime.initialTimeout
    half.answeredAt = now
    let record = table.insert(tuple, kind: .halfOpen)
    record.value.halfOpen = half
    record.value.listener = listener
    listener.halfOpen.append(record)
    if !listener.isPending { wheel.insert(listener, at: half.deadline) }
    answer(record, path: path, now: now)
  }

  /// Sends the SYN of a half-open connection.
  private func answer(_ record: RecordCell, path: PathProperties, now: Instant) {
    guard let listener = record.value.listener,
      let head = pool.allocate(headroom: Packet.headroom)
    else { return }
    let half = record.value.halfOpen
    let tuple = record.value.tuple
    var header = SegmentHeader(
      from: tuple.local.port, to: tuple.remote.port, sequence: half.initial,
      acknowledgement: half.remoteInitial + 1, flags: [.synchronize, .acknowledge],
      window: handshakeWindow(listener))
    header.options.maximumSegmentSize = ownSegmentSize(path, listener)
    if half.scale != nil { header.options.windowScale = Self.windowScale }
    header.options.allowsSelective = half.allowsSelective
    if half.timestamps.isOn {
      header.options.hasTimestamps = true
      header.options.timestamp = half.timestamps.value(at: now)
      header.options.timestampEcho = half.timestamps.recent
    }
    send(Frame(head), header, payload: 0, segmentSize: 0, path: path, tuple: tuple)
  }

  private func handshakeWindow(_ listener: Listener) -> UInt16 {
    let limit = listener.options.receiveBuffer ?? configuration.receiveBuffer
    return UInt16(truncatingIfNeeded: min(limit, 0xffff))
  }

  private func ownSegmentSize(_ path: PathProperties, _ listener: Listener) -> UInt16 {
    let size = max(path.mtu - (path.source.isIPv4 ? 40 : 60), 48)
    return UInt16(truncatingIfNeeded: min(listener.options.maximumSegmentSize ?? size, size, 65535))
  }

  /// Answers without keeping anything.
  private func answerWithCookie(
    _ header: SegmentHeader, _ listener: Listener, tuple: ConnectionTuple,
    path: PathProperties, now: Instant
  ) {
    guard let head = pool.allocate(headroom: Packet.headroom) else { return }
    let offered = header.options.maximumSegmentSize
    let cookie = SynchronizeCookie(key: secrets.cookie).make(
      for: tuple, remote: header.sequence, segmentSize: offered == 0 ? 536 : Int(offered), now: now)
    listener.cookieAt = now
    counters.cookiesSent &+= 1
    var answer = SegmentHeader(
      from: tuple.local.port, to: tuple.remote.port, sequence: cookie,
      acknowledgement: header.sequence + 1, flags: [.synchronize, .acknowledge],
      window: handshakeWindow(listener))
    answer.options.maximumSegmentSize = ownSegmentSize(path, listener)
    send(Frame(head), answer, payload: 0, segmentSize: 0, path: path, tuple: tuple)
  }

  /// Makes a connection of an acknowledged cookie. False when it is none.
  private func takeCookie(
    _ header: SegmentHeader, _ listener: Listener, tuple: ConnectionTuple, now: Instant
  ) -> Bool {
    guard let given = listener.cookieAt, now - given < Nanoseconds(seconds: 180) else {
      return false
    }
    let remote = header.sequence - 1
    let own = header.acknowledgement - 1
    let cookie = SynchronizeCookie(key: secrets.cookie)
    guard let size = cookie.check(own, for: tuple, remote: remote, now: now) else { return false }
    // A cookie that is right, and no room: the other side tries again.
    guard !listener.isFull else { return true }
    var half = HalfOpen()
    half.initial = own
    half.remoteInitial = remote
    half.segmentSize = UInt16(truncatingIfNeeded: size)
    let record = table.insert(tuple, kind: .halfOpen)
    record.value.halfOpen = half
    record.value.listener = listener
    counters.cookiesTaken &+= 1
    listener.halfOpen.append(record)
    if makeConnection(record, listener, now: now) == nil { dropHalfOpen(record) }
    return true
  }

  /// A segment for a half-open connection (section 3.10.7.4 in SYN-RECEIVED).
  func arrivedHalfOpen(
    _ header: SegmentHeader, _ frame: consuming Frame, record: RecordCell, now: Instant
  ) {
    guard let listener = record.value.listener else { return }
    let tuple = record.value.tuple
    let half = record.value.halfOpen
    let expected = half.remoteInitial + 1
    let isReset = header.flags.contains(.reset)
    if header.flags.contains(.synchronize), header.sequence == half.remoteInitial, !isReset {
      // Our answer was lost.
      if let path = sink.path(to: tuple.remote.address), mayAnswerInvalid(record, now: now) {
        record.value.halfOpen.answeredAt = .never
        answer(record, path: path, now: now)
      }
      return
    }
    let isOld =
      half.timestamps.isOn && header.options.hasTimestamps && !isReset
      && half.timestamps.isOld(header.options.timestamp, now: now)
    let start = header.sequence - expected
    guard !isOld, start >= 0, start < Int(handshakeWindow(listener)) else {
      if !isReset, mayAnswerInvalid(record, now: now) { acknowledge(record, now: now) }
      return
    }
    if isReset {
      if start == 0 {
        dropHalfOpen(record)
      } else if mayChallenge(now: now), mayAnswerInvalid(record, now: now) {
        acknowledge(record, now: now)
      }
      return
    }
    if header.flags.contains(.synchronize) {
      if mayChallenge(now: now), mayAnswerInvalid(record, now: now) {
        acknowledge(record, now: now)
      }
      return
    }
    guard header.flags.contains(.acknowledge) else { return }
    guard header.acknowledgement == half.initial + 1 else {
      reset(header, payload: frame.byteCount, tuple: tuple)
      return
    }
    // When nobody accepts, the other side's data brings this up again.
    guard !listener.isFull else {
      counters.listenOverflows &+= 1
      return
    }
    if let connection = makeConnection(record, listener, now: now) {
      connection.arrived(header, frame, now: now)
      listener.observer?.changed(.readable)
    }
  }

  /// Makes a connection in SYN-RECEIVED of what is half open, and puts it in its place; the segment
  /// that is then processed makes it established.
  private func makeConnection(_ record: RecordCell, _ listener: Listener, now: Instant)
    -> Connection?
  {
    let tuple = record.value.tuple
    guard let path = sink.path(to: tuple.remote.address) else { return nil }
    let half = record.value.halfOpen
    let connection = Connection(
      stack: self, tuple: tuple, path: path, options: listener.options)
    connection.timestamps = half.timestamps
    if let scale = half.scale {
      connection.sender.scale = scale
      connection.receiver.scale = Self.windowScale
    }
    connection.sender.usesSelective = half.allowsSelective
    connection.setSegmentSize(peer: Int(half.segmentSize))
    connection.sender.begin(at: half.initial)
    connection.sender.next = half.initial + 1
    connection.sender.windowSequence = half.remoteInitial
    connection.receiver.begin(at: half.remoteInitial, window: Int(handshakeWindow(listener)))
    connection.synchronizeRetries = Int(half.answerCount)
    if half.answeredAt != .never {
      connection.sender.roundTrip.measured(now - half.answeredAt)
    }
    connection.state = .synReceived
    connection.record = record
    listener.halfOpen.remove(record)
    record.value.kind = .connection
    record.value.listener = nil
    record.value.connection = connection
    counters.passiveOpens &+= 1
    listener.append(connection)
    return connection
  }

  func dropHalfOpen(_ record: RecordCell) {
    record.value.listener?.halfOpen.remove(record)
    table.remove(record)
  }

  /// Answers again what was not confirmed in time, and gives up what never will be.
  func answerAgain(_ listener: Listener, now: Instant) {
    var next = listener.halfOpen.oldest
    var earliest = Instant.never
    while let record = next {
      next = record.value.newer
      if record.value.halfOpen.deadline <= now {
        guard Int(record.value.halfOpen.answerCount) < configuration.answerRetries else {
          dropHalfOpen(record)
          continue
        }
        record.value.halfOpen.answerCount += 1
        record.value.halfOpen.answeredAt = .never
        let shift = Int64(record.value.halfOpen.answerCount)
        record.value.halfOpen.deadline =
          now + Nanoseconds(RoundTripTime.initialTimeout.count << shift)
        if let path = sink.path(to: record.value.tuple.remote.address) {
          counters.retransmitted &+= 1
          answer(record, path: path, now: now)
        }
      }
      earliest = min(earliest, record.value.halfOpen.deadline)
    }
    // Not more often than ten times a second, however many there are.
    if earliest != .never { wheel.insert(listener, at: max(earliest, now + .milliseconds(100))) }
  }

  private func mayAnswerInvalid(_ record: RecordCell, now: Instant) -> Bool {
    if let at = record.value.halfOpen.invalidAt, now - at < configuration.invalidInterval {
      return false
    }
    record.value.halfOpen.invalidAt = now
    return true
  }

  private func acknowledge(_ record: RecordCell, now: Instant) {
    let half = record.value.halfOpen
    sendBare(
      record.value.tuple, sequence: half.initial + 1, acknowledgement: half.remoteInitial + 1,
      timestamps: half.timestamps, now: now)
  }
}
