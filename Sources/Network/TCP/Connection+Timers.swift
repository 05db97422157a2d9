// SPDX-License-Identifier: BSD-3-Clause

import Base

/// What time does to a connection.
extension Connection {
  /// Does what is due, and arms the alarm for what is next.
  func deadlinesPassed(now: Instant) {
    guard state != .closed, state != .timeWait else { return }
    if acknowledgeAt <= now {
      acknowledgeAt = .never
      sendAcknowledgement(now: now)
    }
    if retransmitAt <= now {
      retransmitAt = .never
      retransmissionTimedOut(now: now)
    }
    if outputAt <= now {
      outputAt = .never
      output(now: now)
    }
    if corkAt <= now {
      corkAt = .never
      corkTimedOut(now: now)
    }
    if slowAt <= now {
      slowAt = .never
      slowTimedOut(now: now)
    }
    let earliest = min(min(acknowledgeAt, retransmitAt), min(slowAt, min(corkAt, outputAt)))
    if earliest != .never, state != .closed, state != .timeWait { wake(by: earliest) }
    notify()
  }

  private func retransmissionTimedOut(now: Instant) {
    if state == .synSent || state == .synReceived {
      synchronizeTimedOut(now: now)
      return
    }
    guard sender.outstanding > 0 || sender.needsProbe || sender.unsent > 0 else { return }
    guard !hasWaitedTooLong(now: now) else {
      end(softError ?? .timedOut)
      return
    }
    if isProbing || sender.window == 0 {
      probe(now: now)
      return
    }
    if sender.outstanding > 0 {
      stack.counters.timeouts &+= 1
      sender.timedOut()
      // An old path may have become narrower without a word (RFC 2923 section 2.1).
    }
    output(now: now)
  }

  /// Sends something that the other side has to answer, though its window is closed
  /// (section 3.8.6.1).
  private func probe(now: Instant) {
    sender.timeoutCount += 1
    sender.roundTrip.backOff()
    let plan = sender.planProbe()
    _ = transmit(plan, now: now)
    isProbing = true
    retransmitAt = now + sender.roundTrip.timeout
    wake(by: retransmitAt)
  }

  /// R2 of section 3.8.3, or the user timeout.
  private func hasWaitedTooLong(now: Instant) -> Bool {
    if let limit = options.userTimeout, waitingSince != .never {
      return now - waitingSince >= limit
    }
    let configuration = stack.configuration
    return sender.timeoutCount >= (isOrphan ? configuration.orphanRetries : configuration.retries)
  }

  private func synchronizeTimedOut(now: Instant) {
    let isAnswer = state == .synReceived
    let limit =
      isAnswer ? stack.configuration.answerRetries : stack.configuration.synchronizeRetries
    let waited = options.userTimeout.map { waitingSince != .never && now - waitingSince >= $0 }
    if synchronizeRetries >= limit || waited == true {
      end(softError ?? .timedOut)
      return
    }
    synchronizeRetries += 1
    sender.roundTrip.backOff()
    sendSynchronize(now: now)
    stack.counters.retransmitted &+= 1
    retransmitAt = now + sender.roundTrip.timeout
    wake(by: retransmitAt)
  }

  /// A cork, or MSG_MORE that nothing followed, holds a small segment no longer than this.
  private func corkTimedOut(now: Instant) {
    guard sender.needsProbe, sender.window > 0 else { return }
    sender.isCorked = false
    outputData(now: now)
    sender.isCorked = options.isCorked
  }

  private func slowTimedOut(now: Instant) {
    if state == .finWait2, isOrphan, finishWaitAt <= now {
      end(nil)
      return
    }
    keepAliveTimedOut(now: now)
  }

  /// Arms the keep-alive when it is on (section 3.8.4).
  func startKeepAlive(now: Instant) {
    guard options.keepsAlive, state.isSynchronized else { return }
    let span = keepProbes == 0 ? options.keepIdle : options.keepInterval
    let from = keepProbes == 0 ? heardAt : now
    slowAt = from + span
    if state == .finWait2, isOrphan { slowAt = min(slowAt, finishWaitAt) }
    wake(by: slowAt)
  }

  private func keepAliveTimedOut(now: Instant) {
    guard options.keepsAlive, state.isSynchronized else { return }
    let isQuiet = now - heardAt >= options.keepIdle
    // What is outstanding has a timer of its own.
    if isQuiet, sender.outstanding == 0, !sender.needsProbe {
      if keepProbes >= options.keepCount {
        sendReset(now: now)
        end(softError ?? .timedOut)
        return
      }
      keepProbes += 1
      // The number before the window makes the other side answer (MUST-28).
      sendEmpty(sequence: sender.next - 1, now: now)
    } else {
      keepProbes = 0
    }
    slowAt = (keepProbes == 0 ? heardAt + options.keepIdle : now + options.keepInterval)
    if slowAt <= now { slowAt = now + options.keepInterval }
    if state == .finWait2, isOrphan { slowAt = min(slowAt, finishWaitAt) }
    wake(by: slowAt)
  }
}
