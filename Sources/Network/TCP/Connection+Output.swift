// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Packets

/// Making segments and giving them to the sink.
extension Connection {
  /// Sends all that may be sent now, and the acknowledgement that is due.
  @inline(__always)
  func output(now: Instant) {
    if state.rawValue >= ConnectionState.established.rawValue { outputData(now: now) }
    if mustAcknowledge { sendAcknowledgement(now: now) }
  }

  @_optimize(speed)
  func outputData(now: Instant) {
    if sender.outstanding == 0, sender.unsent > 0 { sender.restartAfterPause(now: now) }
    var sentAny = false
    while let plan = sender.plan() {
      guard transmit(plan, now: now) else {
        // No buffer: come back soon.
        outputAt = now + .milliseconds(10)
        wake(by: outputAt)
        startRetransmissionTimer(now: now)
        return
      }
      sentAny = true
    }
    if sentAny {
      startRetransmissionTimer(now: now)
    } else if sender.needsProbe, retransmitAt == .never {
      startProbing(now: now)
    }
  }

  private func startRetransmissionTimer(now: Instant) {
    guard sender.outstanding > 0, retransmitAt == .never || isProbing else { return }
    isProbing = false
    if waitingSince == .never { waitingSince = now }
    retransmitAt = now + sender.roundTrip.timeout
    wake(by: retransmitAt)
  }

  /// Something waits and nothing is outstanding: the window, or the cork.
  func startProbing(now: Instant) {
    if sender.window > 0, sender.isCorked, sender.unsent < sender.segmentSize {
      if corkAt == .never { corkAt = now + stack.configuration.corkLimit }
      wake(by: corkAt)
      return
    }
    isProbing = true
    if waitingSince == .never { waitingSince = now }
    retransmitAt = now + sender.roundTrip.timeout
    wake(by: retransmitAt)
  }

  /// Makes the planned segment and sends it. False when there is no buffer for it.
  @_optimize(speed)
  func transmit(_ plan: SegmentPlan, now: Instant) -> Bool {
    guard let frame = makeFrame(plan) else {
      stack.counters.noBuffers &+= 1
      return false
    }
    var flags: SegmentFlags = .acknowledge
    if plan.pushes { flags.insert(.push) }
    if plan.finishes { flags.insert(.finish) }
    var header = makeHeader(flags, sequence: plan.sequence, now: now)
    if let end = sender.urgentEnd, end > plan.sequence {
      header.flags.insert(.urgent)
      header.urgentPointer = UInt16(truncatingIfNeeded: min(end - plan.sequence, 0xffff))
    }
    // Beside a full segment there is no room for blocks.
    if sender.usesSelective, receiver.hasReport, plan.count + 36 <= sender.segmentSize {
      header.options.selective = receiver.report(limit: 3)
    }
    sender.sent(plan, now: now)
    if plan.isRetransmission { stack.counters.retransmitted &+= 1 }
    send(frame, header, payload: plan.count)
    return true
  }

  /// A frame with the planned data and room for headers; nil when there is no buffer for them.
  @inline(__always)
  private func makeFrame(_ plan: SegmentPlan) -> Frame? {
    guard plan.count > 0 else {
      guard let head = stack.pool.allocate(headroom: Packet.headroom) else { return nil }
      return Frame(head)
    }
    let offset = plan.sequence - sender.unacknowledged
    if let frame = sender.queue.shareFrame(
      from: offset, count: plan.count, headroom: Packet.headroom)
    {
      return frame
    }
    guard let head = stack.pool.allocate(headroom: Packet.headroom) else { return nil }
    return Frame(head, rest: sender.queue.shareBytes(from: offset, count: plan.count))
  }

  /// A header with the state's usual fields: every segment acknowledges and offers a window.
  @inline(__always)
  func makeHeader(_ flags: SegmentFlags, sequence: SequenceNumber, now: Instant) -> SegmentHeader {
    var header = SegmentHeader(
      from: tuple.local.port, to: tuple.remote.port, sequence: sequence,
      acknowledgement: receiver.next, flags: flags, window: receiver.offer())
    if timestamps.isOn {
      header.options.hasTimestamps = true
      header.options.timestamp = timestamps.value(at: now)
      header.options.timestampEcho = timestamps.recent
    }
    mustAcknowledge = false
    acknowledgeAt = .never
    return header
  }

  /// Sends an empty segment that acknowledges what has come.
  func sendAcknowledgement(now: Instant) {
    mustAcknowledge = false
    guard state != .closed else { return }
    sendEmpty(sequence: sender.next, now: now)
  }

  /// Sends an empty acknowledgement with a sequence number of choice.
  func sendEmpty(sequence: SequenceNumber, now: Instant) {
    guard let head = stack.pool.allocate(headroom: Packet.headroom) else {
      stack.counters.noBuffers &+= 1
      acknowledgeAt = now + .milliseconds(10)
      wake(by: acknowledgeAt)
      return
    }
    var header = makeHeader(.acknowledge, sequence: sequence, now: now)
    if sender.usesSelective, receiver.hasReport {
      header.options.selective = receiver.report(limit: timestamps.isOn ? 3 : 4)
    }
    send(Frame(head), header, payload: 0)
  }

  /// Sends a SYN, or the answer to one, with the options of the handshake.
  func sendSynchronize(now: Instant) {
    guard let head = stack.pool.allocate(headroom: Packet.headroom) else {
      stack.counters.noBuffers &+= 1
      return
    }
    let isAnswer = state == .synReceived
    var header = SegmentHeader(
      from: tuple.local.port, to: tuple.remote.port, sequence: sender.initial,
      acknowledgement: isAnswer ? receiver.next : SequenceNumber(0),
      flags: isAnswer ? [.synchronize, .acknowledge] : .synchronize,
      window: UInt16(truncatingIfNeeded: min(receiver.limit, 0xffff)))
    header.options.maximumSegmentSize = UInt16(truncatingIfNeeded: ownSegmentSize)
    let configuration = stack.configuration
    if isAnswer ? agreedScale : configuration.offersWindowScale {
      header.options.windowScale = TCP.windowScale
    }
    header.options.allowsSelective =
      isAnswer ? sender.usesSelective : configuration.offersSelective
    if isAnswer ? timestamps.isOn : configuration.offersTimestamps {
      header.options.hasTimestamps = true
      header.options.timestamp = timestamps.value(at: now)
      header.options.timestampEcho = timestamps.recent
    }
    sender.next = sender.initial + 1
    send(Frame(head), header, payload: 0)
  }

  /// Whether both sides scale their windows.
  var agreedScale: Bool { receiver.scale != 0 }

  /// Sends a reset that the other side accepts.
  func sendReset(now: Instant) {
    guard let head = stack.pool.allocate(headroom: Packet.headroom) else { return }
    let header = makeHeader(
      state == .synSent ? .reset : [.reset, .acknowledge], sequence: sender.next, now: now)
    stack.counters.resetsSent &+= 1
    send(Frame(head), header, payload: 0)
  }

  /// Writes the header in front of the frame's head and hands the frame down.
  @inline(__always)
  private func send(_ frame: consuming Frame, _ header: SegmentHeader, payload: Int) {
    stack.send(
      frame, header, payload: payload, segmentSize: sender.segmentSize, path: path, tuple: tuple)
  }
}
