// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Packets

/// From state to state (RFC 9293 section 3.3.2, figure 5).
extension Connection {
  /// A segment for a connection that has sent a SYN (section 3.10.7.3).
  func arrivedInSynSent(
    _ header: SegmentHeader, _ payload: consuming PacketQueue, now: Instant
  ) {
    let hasAcknowledgement = header.flags.contains(.acknowledge)
    if hasAcknowledgement,
      header.acknowledgement <= sender.initial || header.acknowledgement > sender.next
    {
      if !header.flags.contains(.reset) {
        stack.reset(header, payload: payload.byteCount, tuple: tuple)
      }
      return
    }
    if header.flags.contains(.reset) {
      if hasAcknowledgement { end(.refused) }
      return
    }
    guard header.flags.contains(.synchronize) else { return }
    heardAt = now
    takeOptions(header, now: now)
    receiver.begin(at: header.sequence, window: min(receiver.limit, 0xffff))
    sender.windowSequence = header.sequence
    if hasAcknowledgement {
      if synchronizeRetries == 0 { sender.roundTrip.measured(now - sender.sentAt) }
      becomeEstablished(header, now: now)
      // Data on the answer is rare; it comes again after this acknowledgement.
      mustAcknowledge = true
    } else {
      state = .synReceived
      sender.window = Int(header.window)
      sendSynchronize(now: now)
      synchronizeRetries = 0
      retransmitAt = now + sender.roundTrip.timeout
      wake(by: retransmitAt)
    }
  }

  /// Agrees on what both sides have offered in their SYNs.
  func takeOptions(_ header: SegmentHeader, now: Instant) {
    let configuration = stack.configuration
    let offered = header.options
    if configuration.offersWindowScale, let scale = offered.windowScale {
      sender.scale = scale
      receiver.scale = TCP.windowScale
    }
    sender.usesSelective = configuration.offersSelective && offered.allowsSelective
    if configuration.offersTimestamps, offered.hasTimestamps {
      timestamps.isOn = true
      timestamps.take(offered.timestamp, now: now)
    }
    // RFC 9293 section 3.7.1, MUST-15.
    let fallback = tuple.remote.address.isIPv4 ? 536 : 1220
    setSegmentSize(
      peer: offered.maximumSegmentSize == 0 ? fallback : Int(offered.maximumSegmentSize))
  }

  /// Our SYN is acknowledged. The window of a SYN is not scaled (RFC 7323 section 2.2).
  func becomeEstablished(_ header: SegmentHeader, now: Instant) {
    state = .established
    sender.unacknowledged = sender.initial + 1
    sender.establish(synchronizeWasLost: synchronizeRetries > 0)
    let isSynchronize = header.flags.contains(.synchronize)
    sender.window = Int(header.window) << (isSynchronize ? 0 : Int(sender.scale))
    sender.largestWindow = sender.window
    sender.windowSequence = header.sequence
    sender.windowAcknowledgement = header.acknowledgement
    sender.sentAt = now
    retransmitAt = .never
    waitingSince = .never
    synchronizeRetries = 0
    heardAt = now
    startKeepAlive(now: now)
    note(.writable)
    // Closed by the program before it was made.
    if sender.endsAfterQueue { state = .finWait1 }
  }

  /// Data that is inside the window, from `sequence` on.
  func takeData(_ payload: consuming PacketQueue, at sequence: SequenceNumber, now: Instant) {
    guard state.awaitsData else { return }
    if isOrphan {
      // Nobody will read it (section 3.10.4; Linux does the same).
      sendReset(now: now)
      end(nil)
      return
    }
    if stack.isShortOfMemory {
      if stack.reassembledPackets > 0 { stack.abandonReassemblies() }
      if receiver.queue.byteCount > 0 || sequence != receiver.next || stack.isOutOfMemory {
        stack.counters.memoryDrops &+= 1
        return
      }
    }
    let hadGap = !receiver.reassembly.isEmpty
    let keptBefore = receiver.reassembly.packetCount
    if sequence == receiver.next {
      let before = receiver.queue.byteCount
      receiver.take(payload)
      stack.receivedBytes &+= receiver.queue.byteCount &- before
      stack.reassembledPackets &+= receiver.reassembly.packetCount &- keptBefore
      note(receiver.urgent.isPresent ? [.readable, .urgent] : .readable)
      // A filled gap is acknowledged at once (RFC 5681 section 4.2).
      if hadGap { mustAcknowledge = true } else { oweAcknowledgement(now: now) }
      if let end = pendingFinish, end == receiver.next { takeFinish(now: now) }
    } else {
      // Out of order: an immediate duplicate (RFC 5681 section 4.2).
      if stack.reassembledPackets >= stack.reassemblyLimit { stack.abandonReassemblies() }
      let kept = receiver.reassembly.packetCount
      _ = receiver.keep(payload, at: sequence)
      stack.reassembledPackets &+= receiver.reassembly.packetCount &- kept
      mustAcknowledge = true
    }
  }

  /// A FIN whose number is `number`; it counts when everything before it is here.
  func finishArrived(at number: SequenceNumber, now: Instant) {
    guard state.awaitsData || state == .synReceived else { return }
    mustAcknowledge = true
    if number == receiver.next {
      takeFinish(now: now)
    } else if number > receiver.next {
      pendingFinish = number
    }
  }

  private func takeFinish(now: Instant) {
    pendingFinish = nil
    receiver.finish()
    mustAcknowledge = true
    note([.readable, .peerEnded])
    switch state {
    case .established, .synReceived: state = .closeWait
    case .finWait1: state = sender.finishWasAcknowledged ? .timeWait : .closing
    case .finWait2: state = .timeWait
    default: break
    }
    if state == .timeWait { enterTimeWait(now: now) }
  }

  /// Our FIN is acknowledged. False when the segment needs nothing more.
  func finishWasAcknowledged(now: Instant) -> Bool {
    switch state {
    case .finWait1:
      state = .finWait2
      if isOrphan { startFinishWait(now: now) }
    case .closing:
      enterTimeWait(now: now)
      return false
    case .lastAck:
      end(nil)
      return false
    default: break
    }
    return true
  }

  /// An orphan does not wait for the other side's FIN for ever (tcp_fin_timeout).
  func startFinishWait(now: Instant) {
    finishWaitAt = now + stack.configuration.finishWait
    slowAt = finishWaitAt
    wake(by: slowAt)
  }

  /// Leaves a small record in the table and ends here.
  func enterTimeWait(now: Instant) {
    if mustAcknowledge { sendAcknowledgement(now: now) }
    state = .timeWait
    let next = sender.next
    let expected = receiver.next
    leave()
    stack.addTimeWait(
      tuple, next: next, expected: expected, timestamps: timestamps, now: now)
    note([.readable, .writable, .closed, .peerEnded])
  }
}
