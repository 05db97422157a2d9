// SPDX-License-Identifier: BSD-3-Clause

import Base

/// Which segment comes next: silly windows, Nagle, corks, and repairs.
extension Sender {
  /// The next segment to send at this time, or nil. `sent` must follow when it was sent.
  @inline(__always)
  mutating func plan() -> SegmentPlan? {
    if phase != .open || mustRetransmit {
      if let repair = planRepair() { return repair }
    }
    let unsent = unsent
    if unsent > 0 { return planData(unsent) }
    return endsAfterQueue && !finishWasSent ? planFinish() : nil
  }

  /// New data. `unsent` is positive.
  private mutating func planData(_ unsent: Int) -> SegmentPlan? {
    let usable = unacknowledged + window - next
    let allowed = min(usable, congestionWindow &- pipe)
    var count = min(unsent, allowed)
    guard count > 0 else { return nil }
    if count >= segmentSize {
      // A device that cuts segments up does not know how to move an urgent pointer.
      count = min(count, urgentEnd == nil ? bundleLimit : segmentSize)
      let tail = count % segmentSize
      if tail != 0, count < unsent || !mayEndSmall {
        count &-= tail
      }
    } else if count == unsent {
      guard mayEndSmall else { return nil }
    } else {
      // The window cuts a segment short (section 3.8.6.2.1, condition 3). The congestion window
      // never does while nothing is outstanding, so waiting for an acknowledgement is right.
      guard usable == count, count &* 2 >= largestWindow, outstanding == 0 || sendsSmallAtOnce
      else { return nil }
    }
    var plan = SegmentPlan(sequence: next, count: count)
    if count == unsent {
      plan.pushes = true
      plan.finishes = endsAfterQueue && usable > count
    }
    return plan
  }

  /// Whether the end of the queue may be sent although it fills no segment: Nagle's algorithm as
  /// amended by Minshall, section 3.7.4.
  private var mayEndSmall: Bool {
    if endsAfterQueue { return true }
    if isCorked { return false }
    return sendsSmallAtOnce || smallEnd <= unacknowledged || urgentEnd != nil
  }

  /// A FIN alone.
  private func planFinish() -> SegmentPlan? {
    guard unacknowledged + window - next > 0 else { return nil }
    return SegmentPlan(sequence: next, count: 0, finishes: true)
  }

  /// The next lost segment, when the congestion window allows (NextSeg rule 1 of RFC 6675).
  private mutating func planRepair() -> SegmentPlan? {
    guard mustRetransmit || congestionWindow &- pipe >= segmentSize else { return nil }
    let start = SequenceNumber.later(unacknowledged, repaired)
    let end = phase == .open ? next : SequenceNumber.earlier(lostEnd, next)
    guard let hole = scoreboard.hole(from: start, limit: end) else {
      mustRetransmit = false
      return nil
    }
    return retransmission(of: hole)
  }

  /// One segment from the beginning of `hole`.
  func retransmission(of hole: SequenceRange) -> SegmentPlan {
    let data = max(0, SequenceNumber.earlier(hole.end, queueEnd) - hole.start)
    let count = min(data, segmentSize)
    var plan = SegmentPlan(sequence: hole.start, count: count, isRetransmission: true)
    plan.finishes = finishWasSent && hole.start + count == queueEnd && hole.end > queueEnd
    plan.pushes = count == data
    return plan
  }

  /// Whether something waits that only a window update or a probe can free (section 3.8.6.1).
  @inline(__always)
  var needsProbe: Bool {
    outstanding == 0 && (unsent > 0 || (endsAfterQueue && !finishWasSent))
  }

  /// What a probe sends: data beyond a closed window, one byte; more when the window is only too
  /// small for the rule against silly windows, or when the cork has held long enough.
  mutating func planProbe() -> SegmentPlan {
    if outstanding > 0 {
      var plan = retransmission(of: SequenceRange(unacknowledged, next))
      if window < plan.count {
        plan.count = min(plan.count, max(1, window))
        plan.finishes = false
      }
      return plan
    }
    let count = min(unsent, segmentSize, max(1, window))
    var plan = SegmentPlan(sequence: next, count: count)
    plan.pushes = count == unsent
    plan.finishes = count == unsent && endsAfterQueue
    return plan
  }
}
