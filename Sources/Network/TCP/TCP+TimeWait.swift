// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Packets
import TimerWheel

/// Connections that are over and must not come again too soon (RFC 9293 section 3.6.1).
extension TCP {
  /// A segment for what is not a connection.
  func arrived(
    _ header: SegmentHeader, _ frame: consuming Frame, record: RecordCell, now: Instant
  ) {
    if record.value.kind == .halfOpen {
      arrivedHalfOpen(header, frame, record: record, now: now)
    } else {
      arrivedInTimeWait(header, payload: frame.byteCount, record: record, now: now)
    }
  }

  func addTimeWait(
    _ tuple: ConnectionTuple, next: SequenceNumber, expected: SequenceNumber,
    timestamps: TimestampState, now: Instant
  ) {
    if timeWaits.count >= configuration.timeWaitLimit, let oldest = timeWaits.oldest {
      dropTimeWait(oldest)
    }
    let record = table.insert(tuple, kind: .timeWait)
    var state = TimeWait()
    state.next = next
    state.expected = expected
    state.timestamps = timestamps
    state.deadline = now + configuration.timeWait
    record.value.timeWait = state
    timeWaits.append(record)
    if !housekeeping.isPending { wheel.insert(housekeeping, at: state.deadline) }
  }

  func dropTimeWait(_ record: RecordCell) {
    timeWaits.remove(record)
    table.remove(record)
  }

  private func arrivedInTimeWait(
    _ header: SegmentHeader, payload: Int, record: RecordCell, now: Instant
  ) {
    let state = record.value.timeWait
    let tuple = record.value.tuple
    let isReset = header.flags.contains(.reset)
    let hasTimestamps = state.timestamps.isOn && header.options.hasTimestamps
    let isOld =
      hasTimestamps && !isReset
      && Int32(truncatingIfNeeded: header.options.timestamp &- state.timestamps.recent) < 0
    if isReset {
      // RFC 1337 would ignore it; RFC 9293 section 3.10.7.4 and Linux do not.
      if header.sequence == state.expected { dropTimeWait(record) }
      return
    }
    if header.flags.contains(.synchronize), !header.flags.contains(.acknowledge), !isOld {
      // A new connection in place of the old one (RFC 6191 section 2).
      let isNewer =
        header.sequence > state.expected
        || (hasTimestamps
          && Int32(truncatingIfNeeded: header.options.timestamp &- state.timestamps.recent) > 0)
      if isNewer, let listener = findListener(tuple.local) {
        dropTimeWait(record)
        synchronizeArrived(
          header, listener, tuple: tuple, floor: state.next + 65537, now: now)
        return
      }
    }
    if hasTimestamps, !isOld {
      record.value.timeWait.timestamps.take(header.options.timestamp, now: now)
    }
    if header.flags.contains(.finish), !isOld,
      header.sequence + payload + 1 == state.expected
    {
      // Our last acknowledgement was lost: the time begins again.
      timeWaits.remove(record)
      record.value.timeWait.deadline = now + configuration.timeWait
      timeWaits.append(record)
    } else if payload == 0, !isOld, header.sequence == state.expected,
      !header.flags.contains(.synchronize)
    {
      return
    }
    if let at = state.invalidAt, now - at < configuration.invalidInterval { return }
    record.value.timeWait.invalidAt = now
    sendBare(
      tuple, sequence: state.next, acknowledgement: state.expected,
      timestamps: record.value.timeWait.timestamps, now: now)
  }

  /// Drops what has waited long enough.
  func expireTimeWaits(now: Instant) {
    while let oldest = timeWaits.oldest {
      let deadline = oldest.value.timeWait.deadline
      if deadline > now {
        wheel.insert(housekeeping, at: deadline)
        return
      }
      dropTimeWait(oldest)
    }
  }

  /// Sends an acknowledgement for what is no connection.
  func sendBare(
    _ tuple: ConnectionTuple, sequence: SequenceNumber, acknowledgement: SequenceNumber,
    timestamps: TimestampState, now: Instant
  ) {
    guard let path = sink.path(to: tuple.remote.address),
      let head = pool.allocate(headroom: Packet.headroom)
    else { return }
    var header = SegmentHeader(
      from: tuple.local.port, to: tuple.remote.port, sequence: sequence,
      acknowledgement: acknowledgement, flags: .acknowledge)
    if timestamps.isOn {
      header.options.hasTimestamps = true
      header.options.timestamp = timestamps.value(at: now)
      header.options.timestampEcho = timestamps.recent
    }
    send(Frame(head), header, payload: 0, segmentSize: 0, path: path, tuple: tuple)
  }

  /// Answers a segment that nobody expects (section 3.5.2, group 1, and section 3.10.7.1).
  func reset(_ header: SegmentHeader, payload: Int, tuple: ConnectionTuple) {
    guard !header.flags.contains(.reset), let path = sink.path(to: tuple.remote.address),
      let head = pool.allocate(headroom: Packet.headroom)
    else { return }
    var answer = SegmentHeader(
      from: tuple.local.port, to: tuple.remote.port, sequence: SequenceNumber(0), flags: .reset)
    if header.flags.contains(.acknowledge) {
      answer.sequence = header.acknowledgement
    } else {
      answer.flags = [.reset, .acknowledge]
      answer.acknowledgement = header.sequence + header.sequenceLength(payload: payload)
    }
    counters.resetsSent &+= 1
    send(Frame(head), answer, payload: 0, segmentSize: 0, path: path, tuple: tuple)
  }
}

/// The one alarm for everything in TIME-WAIT.
final class Housekeeping: TimerEntry {
  var stack: TCP?

  override func fire(at now: Instant) {
    stack?.expireTimeWaits(now: now)
  }
}

/// The alarm that looks for buffers to send with.
final class MemoryAlarm: TimerEntry {
  var stack: TCP?

  override func fire(at now: Instant) {
    stack?.tellMemoryWaiters(now: now)
  }
}
