// SPDX-License-Identifier: BSD-3-Clause

import Base
import Packets

/// What a segment does to a connection (RFC 9293 section 3.10.7).
extension Connection {
  /// Takes a segment. The frame begins behind the header.
  @inline(__always)
  func arrived(_ header: SegmentHeader, _ frame: consuming Frame, now: Instant) {
    if isPredicted(header, payload: frame.byteCount, now: now) {
      arrivedPredicted(header, frame, now: now)
    } else {
      arrivedSlowly(header, frame, now: now)
    }
  }

  /// Whether the segment is what a connection in data transfer expects next, so that none of the
  /// checks of section 3.10.7.4 could find anything: header prediction.
  @inline(__always)
  private func isPredicted(
    _ header: SegmentHeader, payload: Int, now: Instant
  ) -> Bool {
    guard state == .established,
      header.flags.rawValue & ~SegmentFlags.push.rawValue == SegmentFlags.acknowledge.rawValue,
      header.sequence == receiver.next, payload <= receiver.window,
      receiver.isPlain, sender.isPlain, !isProbing, header.options.selective.isEmpty,
      timestamps.isOn == header.options.hasTimestamps
    else { return false }
    if timestamps.isOn, timestamps.isOld(header.options.timestamp, now: now) { return false }
    let progress = header.acknowledgement - sender.unacknowledged
    guard progress >= 0, progress <= sender.outstanding else { return false }
    // Without data and progress it may be a duplicate.
    return payload > 0 ? !stack.isShortOfMemory : progress > 0
  }

  @inline(__always)
  private func arrivedPredicted(
    _ header: SegmentHeader, _ frame: consuming Frame, now: Instant
  ) {
    stack.counters.predicted &+= 1
    heardAt = now
    if timestamps.isOn, header.sequence <= receiver.lastAcknowledged {
      timestamps.take(header.options.timestamp, now: now)
    }
    if header.acknowledgement != sender.unacknowledged {
      sender.advancePlainly(to: header.acknowledgement, now: now)
      madeProgress(now: now)
    }
    _ = sender.takeWindow(
      header.window, sequence: header.sequence, acknowledgement: header.acknowledgement)
    if frame.byteCount > 0 {
      stack.receivedBytes &+= frame.byteCount
      if frame.rest.isEmpty {
        receiver.take(frame.intoHead())
      } else {
        receiver.take(frame.intoPayload())
      }
      note(.readable)
      oweAcknowledgement(now: now)
    }
    finishArrival(now: now)
  }

  /// After every segment: tells the observer, which may answer, and sends what is then due.
  @inline(__always)
  func finishArrival(now: Instant) {
    notify()
    output(now: now)
  }

  /// Plans the acknowledgement of data in order (section 3.8.6.3).
  @inline(__always)
  func oweAcknowledgement(now: Instant) {
    if receiver.owesTwoSegments {
      mustAcknowledge = true
    } else if acknowledgeAt == .never {
      acknowledgeAt = now + stack.configuration.delayedAcknowledgement
      wake(by: acknowledgeAt)
    }
  }

  /// Something new was acknowledged: the timers begin again (RFC 6298 section 5.2, 5.3), and there
  /// may be room to write.
  @inline(__always)
  func madeProgress(now: Instant) {
    isProbing = false
    keepProbes = 0
    if sender.outstanding == 0 {
      retransmitAt = .never
      waitingSince = .never
    } else {
      waitingSince = now
      retransmitAt = now + sender.roundTrip.timeout
      wake(by: retransmitAt)
    }
    // Not for every segment: a third of the buffer, as Linux does.
    if awaitsRoom, sender.room &* 3 >= sender.limit {
      awaitsRoom = false
      awaitsMemory = false
      note(.writable)
    }
  }

  /// All other segments, check by check.
  func arrivedSlowly(
    _ header: SegmentHeader, _ frame: consuming Frame, now: Instant
  ) {
    var payload = frame.intoPayload()
    if state == .synSent {
      arrivedInSynSent(header, payload, now: now)
      finishArrival(now: now)
      return
    }
    guard state != .closed, state != .timeWait else { return }
    if state == .synReceived, header.sequence == receiver.initial,
      header.flags.contains(.synchronize), !header.flags.contains(.reset)
    {
      synchronizeArrivedAgain(header, now: now)
    } else if let sequence = checkSequence(header, &payload, now: now) {
      process(header, payload, at: sequence, now: now)
    }
    finishArrival(now: now)
  }

  /// The checks one to five, then acknowledgement, urgent pointer, data, FIN.
  private func process(
    _ header: SegmentHeader, _ payload: consuming PacketQueue,
    at sequence: SequenceNumber, now: Instant
  ) {
    let isReset = header.flags.contains(.reset)
    if isReset {
      resetArrived(header, now: now)
      return
    }
    if header.flags.contains(.synchronize) {
      // RFC 5961 section 4.2: whatever its number.
      challenge(now: now)
      return
    }
    guard header.flags.contains(.acknowledge) else { return }
    heardAt = now
    keepProbes = 0
    guard takeAcknowledgement(header, payload: payload.byteCount, now: now) else { return }
    takeUrgent(header)
    // The FIN counts when the data before it was not cut off at the window's edge.
    let end = sequence + payload.byteCount
    if !payload.isEmpty { takeData(payload, at: sequence, now: now) }
    if header.flags.contains(.finish), end == fullEnd { finishArrived(at: end, now: now) }
  }

  private func takeUrgent(_ header: SegmentHeader) {
    guard header.flags.contains(.urgent), state.awaitsData else { return }
    let end = header.sequence + Int(header.urgentPointer)
    if receiver.takeUrgent(end: end) { note(.urgent) }
  }

  // MARK: Check one: sequence numbers

  /// Tells whether the segment is acceptable (section 3.10.7.4, "First, check sequence number"),
  /// and cuts off what is outside of the window. Returns the number of its first byte then, or nil.
  private func checkSequence(
    _ header: SegmentHeader, _ payload: inout PacketQueue, now: Instant
  ) -> SequenceNumber? {
    let isReset = header.flags.contains(.reset)
    fullEnd =
      header.sequence + payload.byteCount
      + (header.flags.contains(.synchronize) ? 1 : 0)
    guard checkTimestamps(header, now: now) else { return nil }
    let length = header.sequenceLength(payload: payload.byteCount)
    let window = receiver.window
    let start = header.sequence - receiver.next
    let isAcceptable: Bool
    if length == 0 {
      isAcceptable = start == 0 || (start > 0 && start < window)
    } else {
      isAcceptable = window > 0 && start < window && start + length > 0
    }
    guard isAcceptable else {
      unacceptable(header, length: length, isReset: isReset, now: now)
      return nil
    }
    // Last.ACK.sent, not RCV.NXT: RFC 7323 section 4.3 rule 2.
    if timestamps.isOn, header.options.hasTimestamps,
      header.sequence <= receiver.lastAcknowledged
    {
      timestamps.take(header.options.timestamp, now: now)
    }
    if start < 0, payload.byteCount > 0 {
      let known = min(-start, payload.byteCount)
      receiver.sawDuplicate(SequenceRange(header.sequence, count: known))
      payload.dropFirst(bytes: known)
      mustAcknowledge = true
    }
    let first = start < 0 ? receiver.next : header.sequence
    let room = receiver.edge - first
    if payload.byteCount > room {
      payload.truncate(to: max(0, room))
      mustAcknowledge = true
    }
    return first
  }

  private func checkTimestamps(_ header: SegmentHeader, now: Instant) -> Bool {
    guard timestamps.isOn, !header.flags.contains(.reset) else { return true }
    // RFC 7323 section 3.2: silently dropped without the option.
    guard header.options.hasTimestamps else { return state == .synReceived }
    guard timestamps.isOld(header.options.timestamp, now: now) else { return true }
    stack.counters.oldTimestamps &+= 1
    acknowledgeInvalid(now: now)
    return false
  }

  /// Answers what is outside of the window with an acknowledgement, but no reset. Zero-window
  /// probes and keep-alives are of this kind.
  private func unacceptable(
    _ header: SegmentHeader, length: Int, isReset: Bool, now: Instant
  ) {
    guard !isReset else { return }
    // A closed window still takes acknowledgements (section 3.10.7.4, MUST-66).
    if header.flags.contains(.acknowledge), !header.flags.contains(.synchronize),
      header.sequence == receiver.next || header.sequence + length == receiver.next
    {
      heardAt = now
      _ = takeAcknowledgement(header, payload: length, now: now)
      guard state != .closed, state != .timeWait else { return }
      takeUrgent(header)
    }
    if length > 0, header.sequence + length <= receiver.next {
      // The last segment again: the acknowledgement echoes this copy, as on Linux, so that the other
      // side does not take the time since the first one for a round trip.
      if timestamps.isOn, header.options.hasTimestamps,
        header.sequence + length == receiver.lastAcknowledged
      {
        timestamps.take(header.options.timestamp, now: now)
      }
      receiver.sawDuplicate(SequenceRange(header.sequence, count: length))
    }
    // Retransmitted data means that an acknowledgement was lost, so it is answered at once.
    if length > 0 && !header.flags.contains(.synchronize) {
      mustAcknowledge = true
    } else {
      acknowledgeInvalid(now: now)
    }
  }

  /// Acknowledges something unacceptable, but not too often: two confused sides would go on for
  /// ever.
  func acknowledgeInvalid(now: Instant) {
    if let invalidAt, now - invalidAt < stack.configuration.invalidInterval { return }
    invalidAt = now
    mustAcknowledge = true
  }

  /// A challenge acknowledgement (RFC 5961 section 3, 4, 5), within its limit (section 7).
  func challenge(now: Instant) {
    guard stack.mayChallenge(now: now) else { return }
    acknowledgeInvalid(now: now)
  }

  // MARK: Checks two and four: RST and SYN

  private func resetArrived(_ header: SegmentHeader, now: Instant) {
    // RFC 5961 section 3.2: only the exact number resets.
    guard header.sequence == receiver.next else {
      challenge(now: now)
      return
    }
    switch state {
    case .synReceived: end(.refused)
    // The other side had ended before, so this is about what is still sent to it.
    case .closeWait: end(isOrphan ? nil : .sendingEnded)
    case .closing, .lastAck: end(nil)
    default: end(isOrphan ? nil : .reset)
    }
  }

  /// The SYN of the other side once more: its answer to ours in a simultaneous open (section 3.5
  /// figure 7), or our answer was lost.
  private func synchronizeArrivedAgain(_ header: SegmentHeader, now: Instant) {
    heardAt = now
    if header.flags.contains(.acknowledge), header.acknowledgement == sender.next {
      becomeEstablished(header, now: now)
      mustAcknowledge = true
    } else {
      sendSynchronize(now: now)
    }
  }

  // MARK: Check five: ACK

  /// Takes the acknowledgement field. False when the segment is to be dropped.
  private func takeAcknowledgement(
    _ header: SegmentHeader, payload: Int, now: Instant
  ) -> Bool {
    let number = header.acknowledgement
    if state == .synReceived {
      guard number > sender.unacknowledged, number <= sender.next else {
        stack.reset(header, payload: payload, tuple: tuple)
        return false
      }
      becomeEstablished(header, now: now)
    }
    // RFC 5961 section 5.2.
    if number > sender.next || sender.unacknowledged - number > sender.largestWindow {
      challenge(now: now)
      return false
    }
    acknowledged(header, payload: payload, now: now)
    if sender.finishWasAcknowledged { return finishWasAcknowledged(now: now) }
    return true
  }

  private func acknowledged(_ header: SegmentHeader, payload: Int, now: Instant) {
    let number = header.acknowledgement
    guard number >= sender.unacknowledged else { return }
    let hasNewBlocks =
      header.options.selective.isEmpty ? false : sender.takeBlocks(header.options.selective)
    let before = sender.window
    let grew = sender.takeWindow(
      header.window, sequence: header.sequence, acknowledgement: number)
    if number > sender.unacknowledged {
      var echoed: Nanoseconds?
      if timestamps.isOn, header.options.hasTimestamps {
        echoed = timestamps.elapsed(since: header.options.timestampEcho, now: now)
      }
      sender.advance(to: number, echoed: echoed, now: now)
      madeProgress(now: now)
    } else if hasNewBlocks {
      sender.duplicated(hasNewBlocks: true, now: now)
    } else if sender.outstanding > 0, payload == 0, before == sender.window, sender.window > 0,
      !header.flags.contains(.finish), header.sequence == receiver.next
    {
      // RFC 5681 section 2, "duplicate acknowledgment".
      sender.duplicated(hasNewBlocks: false, now: now)
    }
    guard isProbing else { return }
    if grew {
      // The window is open again: what waits for it goes out at once, the probe too, which the
      // other side had no room for.
      isProbing = false
      retransmitAt = .never
      sender.timeoutCount = 0
      sender.roundTrip.endBackoff()
      sender.everythingIsLost()
    } else if !isOrphan {
      // The other side answers, so it lives, however long its window is closed (MUST-37). When the
      // program has closed there is nobody to wait for it (tcp_orphan_retries).
      waitingSince = now
      sender.timeoutCount = 0
    }
  }
}
