// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Packets

/// The sending half of a connection: what waits to be sent or acknowledged, the other side's
/// window, and the repair of losses (RFC 9293 section 3.3.1, "Send Sequence Variables").
///
/// It plans segments; the connection makes and sends them.
struct Sender: ~Copyable {
  /// What is being repaired.
  enum Phase: BitwiseCopyable {
    case open
    /// Duplicates told of a loss (RFC 6675 section 5, RFC 6582).
    case recovery
    /// The timer told of a loss.
    case loss
  }

  /// ISS.
  var initial = SequenceNumber(0)
  /// SND.UNA.
  var unacknowledged = SequenceNumber(0)
  /// SND.NXT: nothing from here on was ever sent.
  var next = SequenceNumber(0)
  /// SND.WND in bytes.
  var window = 0
  /// SND.WL1 and SND.WL2.
  var windowSequence = SequenceNumber(0)
  var windowAcknowledgement = SequenceNumber(0)
  /// The largest window ever offered (Max.SND.WND of RFC 5961, and section 3.8.6.2.1).
  var largestWindow = 0
  /// How far the window field of received segments is to be shifted.
  var scale: UInt8 = 0

  /// Bytes from `unacknowledged` on. The SYN and the FIN are not among them.
  var queue = PacketQueue()
  /// The most that the queue takes, in bytes.
  var limit: Int
  /// Effective segment size: data bytes that fit beside the usual options (section 3.7.1).
  var segmentSize: Int
  /// The most data in one frame for the device to cut up, a multiple of the segment size.
  var bundleLimit: Int
  /// The most data put into one buffer.
  var chunkLimit: Int

  /// The program has ended its data; then, whether the FIN was sent and acknowledged.
  var endsAfterQueue = false
  var finishWasSent = false
  var finishWasAcknowledged = false
  /// The number behind the last urgent byte, while it has not been acknowledged.
  var urgentEnd: SequenceNumber?

  /// TCP_NODELAY: small segments do not wait (section 3.7.4).
  var sendsSmallAtOnce = false
  /// TCP_CORK, or MSG_MORE on the last write: only full segments.
  var isCorked = false
  /// The end of the last small segment sent; another one waits until this is acknowledged.
  var smallEnd = SequenceNumber(0)

  var congestion: CongestionController
  /// `congestion.window`, read for every segment.
  var congestionWindow: Int
  var roundTrip = RoundTripTime()
  var scoreboard = Scoreboard()
  var phase = Phase.open
  /// RecoveryPoint: what was sent when the loss was seen.
  var recoveryPoint = SequenceNumber(0)
  /// HighRxt: up to here the present repair has sent again.
  var repaired = SequenceNumber(0)
  /// What is missing before this is lost.
  var lostEnd = SequenceNumber(0)
  /// Duplicate acknowledgements without new blocks, for the other side that has no SACK.
  var duplicates = 0
  var usesSelective = false
  /// One retransmission is due whatever the window says (RFC 6675 section 5 step 4.3).
  var mustRetransmit = false
  /// Timeouts in a row without progress.
  var timeoutCount = 0

  /// The segment whose round trip is being measured: its end, and when it was sent.
  var timedEnd: SequenceNumber?
  var timedAt = Instant.start
  /// When something was sent again last.
  var repairedAt = Instant.start
  /// When data was sent last.
  var sentAt = Instant.start

  init(limit: Int, algorithm: CongestionAlgorithm) {
    self.limit = limit
    segmentSize = 536
    bundleLimit = 536
    chunkLimit = 536
    congestion = CongestionController(algorithm, segmentSize: 536)
    congestionWindow = congestion.window
  }

  /// Begins with a SYN numbered `number`.
  mutating func begin(at number: SequenceNumber) {
    initial = number
    unacknowledged = number
    next = number
    repaired = number
    lostEnd = number
    recoveryPoint = number
    smallEnd = number
  }

  // MARK: What waits

  /// The number behind the last byte that the program has given.
  @inline(__always)
  var queueEnd: SequenceNumber { unacknowledged + queue.byteCount }

  /// Data bytes that were never sent.
  @inline(__always)
  var unsent: Int { max(0, queueEnd - next) }

  /// Sequence numbers sent and not acknowledged.
  @inline(__always)
  var outstanding: Int { next - unacknowledged }

  /// How much more the queue takes.
  @inline(__always)
  var room: Int { max(0, limit &- queue.byteCount) }

  /// Whether anything is still to be sent or acknowledged.
  var isIdle: Bool {
    queue.isEmpty && outstanding == 0 && (!endsAfterQueue || finishWasAcknowledged)
  }

  /// An estimate of what is in the network (Pipe of RFC 6675 section 4).
  @inline(__always)
  var pipe: Int {
    if phase == .open && scoreboard.isEmpty {
      // Each duplicate tells of a segment that has left (RFC 3042).
      return duplicates == 0 ? outstanding : max(0, outstanding - duplicates * segmentSize)
    }
    // A method that is not inlined would be given a copy of everything.
    let count = Self.missing(
      scoreboard, from: unacknowledged, repaired: repaired, lost: lostEnd, to: next)
    return max(0, count - duplicates * segmentSize)
  }

  /// What was sent again, and what was sent and is not lost.
  private static func missing(
    _ scoreboard: Scoreboard, from start: SequenceNumber, repaired: SequenceNumber,
    lost: SequenceNumber, to end: SequenceNumber
  ) -> Int {
    scoreboard.missing(from: start, to: .earlier(repaired, lost))
      + scoreboard.missing(from: .later(lost, start), to: end)
  }

  /// Whether growth of the congestion window would be earned (RFC 7661): it was in use.
  func usesWholeWindow(outstanding: Int) -> Bool {
    congestionWindow < congestion.threshold
      ? outstanding &* 2 >= congestionWindow : outstanding &+ segmentSize > congestionWindow
  }

  /// Sets what fits into a segment and into a frame.
  mutating func setSegmentSize(_ size: Int, bundleLimit bundle: Int, chunkLimit chunk: Int) {
    segmentSize = max(size, 48)
    bundleLimit = max(bundle - bundle % segmentSize, segmentSize)
    chunkLimit = chunk
    congestion.setSegmentSize(segmentSize)
    congestionWindow = congestion.window
  }

  /// After the handshake the window begins afresh with the right segment size; a lost SYN makes it
  /// one segment (RFC 5681 section 3.1).
  mutating func establish(synchronizeWasLost: Bool) {
    congestion = CongestionController(congestion.algorithm, segmentSize: segmentSize)
    if synchronizeWasLost {
      congestion.timedOut(inFlight: congestion.window, isRepeated: true)
      roundTrip.synchronizeWasLost()
    }
    congestionWindow = congestion.window
    timeoutCount = 0
    phase = .open
    mustRetransmit = false
  }

  /// Takes the window of an acceptable segment when that is newer (section 3.10.7.4, "SND.WND
  /// should be updated"). Returns whether it has grown.
  mutating func takeWindow(
    _ field: UInt16, sequence: SequenceNumber, acknowledgement: SequenceNumber
  ) -> Bool {
    guard
      windowSequence < sequence
        || (windowSequence == sequence && windowAcknowledgement <= acknowledgement)
    else { return false }
    let before = unacknowledged + window
    window = Int(field) << Int(scale)
    largestWindow = max(largestWindow, window)
    windowSequence = sequence
    windowAcknowledgement = acknowledgement
    return unacknowledged + window > before
  }

  /// Marks that a planned segment went out at `now`.
  @inline(__always)
  mutating func sent(_ plan: SegmentPlan, now: Instant) {
    let end = plan.sequence + plan.count + (plan.finishes ? 1 : 0)
    if plan.finishes { finishWasSent = true }
    if plan.isRetransmission {
      repaired = .later(repaired, end)
      repairedAt = now
      mustRetransmit = false
      // Karn's algorithm: an acknowledgement would not say of which copy.
      timedEnd = nil
    } else {
      if timedEnd == nil {
        timedEnd = end
        timedAt = now
      }
      next = end
      if plan.count < segmentSize { smallEnd = end }
    }
    sentAt = now
  }
}
