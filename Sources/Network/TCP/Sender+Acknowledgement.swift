// SPDX-License-Identifier: BSD-3-Clause

import Base
import Packets

/// What acknowledgements and timeouts do to the sending half (RFC 5681, 6582, 6675, 6298).
extension Sender {
  /// Whether an acknowledgement that tells nothing but progress has the short way.
  @inline(__always)
  var isPlain: Bool {
    phase == .open && duplicates == 0 && scoreboard.isEmpty && !mustRetransmit
      && urgentEnd == nil && !finishWasSent
  }

  /// The short way: `isPlain` holds, and `number` is ahead of `unacknowledged`, not beyond `next`.
  @inline(__always)
  mutating func advancePlainly(to number: SequenceNumber, now: Instant) {
    let before = outstanding
    let count = number - unacknowledged
    if let end = timedEnd, end <= number { measure(now: now) }
    queue.dropFirst(bytes: count)
    unacknowledged = number
    // These must not fall back by half the number space.
    repaired = number
    lostEnd = number
    smallEnd = .later(smallEnd, number)
    timeoutCount = 0
    if usesWholeWindow(outstanding: before) { grow(by: count, now: now) }
  }

  private mutating func measure(now: Instant) {
    timedEnd = nil
    roundTrip.measured(now - timedAt)
  }

  private mutating func grow(by count: Int, now: Instant) {
    congestion.acknowledged(count, roundTrip: roundTrip.smoothed, now: now)
    congestionWindow = congestion.window
  }

  /// Takes blocks in. True when they told something new.
  mutating func takeBlocks(_ blocks: SelectiveAcknowledgement) -> Bool {
    guard usesSelective else { return false }
    var isNew = false
    for index in 0..<blocks.count {
      let block = blocks[index]
      // Duplicates (RFC 2883) and nonsense are outside of what is outstanding.
      guard block.start < block.end, unacknowledged < block.start, block.end <= next else {
        continue
      }
      if scoreboard.insert(block) { isNew = true }
    }
    return isNew
  }

  /// Takes an acknowledgement of something new. `echoed` is the round trip that its timestamp
  /// tells, if any.
  mutating func advance(to number: SequenceNumber, echoed: Nanoseconds?, now: Instant) {
    let before = outstanding
    let count = number - unacknowledged
    if let end = timedEnd, end <= number {
      measure(now: now)
    } else if let echoed, timedEnd == nil, phase != .open,
      echoed.count <= (now - repairedAt).count + 1_000_000
    {
      // The echo of what was sent again. An older one may be of an acknowledgement that was lost,
      // and would make the timeout grow with itself.
      roundTrip.measured(echoed)
    }
    if finishWasSent, number == queueEnd + 1 { finishWasAcknowledged = true }
    queue.dropFirst(bytes: min(count, queue.byteCount))
    unacknowledged = number
    if let end = urgentEnd, end <= number { urgentEnd = nil }
    scoreboard.removeAll(before: number)
    repaired = .later(repaired, number)
    lostEnd = .later(lostEnd, number)
    smallEnd = .later(smallEnd, number)
    // The back-off ends with the next measurement (Karn's algorithm, RFC 6298 section 5).
    timeoutCount = 0
    switch phase {
    case .open:
      duplicates = 0
      mustRetransmit = false
      if usesWholeWindow(outstanding: before) { grow(by: count, now: now) }
      if !scoreboard.isEmpty {
        updateLost()
        if lostEnd > number { beginRecovery(now: now) }
      }
    case .recovery: advanceInRecovery(by: count)
    case .loss:
      duplicates = 0
      grow(by: count, now: now)
      if number >= recoveryPoint {
        phase = .open
        mustRetransmit = false
      }
    }
  }

  private mutating func advanceInRecovery(by count: Int) {
    if unacknowledged >= recoveryPoint {
      phase = .open
      duplicates = 0
      mustRetransmit = false
      congestion.endRecovery()
      congestionWindow = congestion.window
      return
    }
    if usesSelective {
      updateLost()
      return
    }
    // A partial acknowledgement: what follows it is lost too (RFC 6582 section 3.2 step 3).
    duplicates = max(0, duplicates - max(0, count / segmentSize - 1))
    repaired = unacknowledged
    lostEnd = SequenceNumber.earlier(unacknowledged + segmentSize, next)
    mustRetransmit = true
  }

  /// Takes an acknowledgement that acknowledges nothing new: a duplicate, or one with new blocks.
  mutating func duplicated(hasNewBlocks: Bool, now: Instant) {
    if !usesSelective { duplicates = min(duplicates + 1, outstanding / segmentSize + 1) }
    switch phase {
    case .loss: if usesSelective { updateLost() }
    case .recovery: if usesSelective { updateLost() }
    case .open:
      updateLost()
      if duplicates >= Scoreboard.duplicateThreshold || lostEnd > unacknowledged {
        beginRecovery(now: now)
      }
    }
  }

  private mutating func updateLost() {
    if phase == .loss { return }
    let end = scoreboard.lostEnd(from: unacknowledged, segmentSize: segmentSize)
    lostEnd = .later(lostEnd, end)
  }

  private mutating func beginRecovery(now: Instant) {
    congestion.beginRecovery(inFlight: outstanding, now: now)
    congestionWindow = congestion.window
    phase = .recovery
    recoveryPoint = next
    repaired = unacknowledged
    lostEnd = .later(
      lostEnd, SequenceNumber.earlier(unacknowledged + segmentSize, next))
    mustRetransmit = true
    timedEnd = nil
  }

  /// The retransmission timer ran out: everything outstanding counts as lost (RFC 5681 section 3.1,
  /// RFC 6298 section 5).
  mutating func timedOut() {
    congestion.timedOut(inFlight: outstanding, isRepeated: timeoutCount > 0)
    congestionWindow = congestion.window
    timeoutCount += 1
    roundTrip.backOff()
    everythingIsLost()
  }

  /// Everything outstanding is to be sent again: the timer ran out, or it was too large for the
  /// path, or probed a closed window.
  mutating func everythingIsLost() {
    guard outstanding > 0 else { return }
    // The other side may have thrown away what it had told of (RFC 2018 section 8).
    scoreboard.removeAll()
    duplicates = 0
    phase = .loss
    recoveryPoint = next
    repaired = unacknowledged
    lostEnd = next
    mustRetransmit = true
    timedEnd = nil
  }

  /// After a pause longer than a timeout the window is not proven any more (RFC 5681 section 4.1).
  mutating func restartAfterPause(now: Instant) {
    guard now - sentAt > roundTrip.base else { return }
    congestion.restart()
    congestionWindow = congestion.window
  }
}
