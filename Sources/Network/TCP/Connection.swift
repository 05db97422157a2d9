// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Packets
import TimerWheel

/// One end of a TCP connection: what RFC 9293 calls a transmission control block.
///
/// Made by `TCP.connect` and `Listener.accept`. Every call that may send takes the time. Reading
/// what a connection has received is possible until it is dropped, also when it is over.
///
/// Each connection has one alarm in its TCP's wheel, armed for the earliest of its deadlines; it is
/// not disarmed when a deadline goes away, but then finds nothing to do.
public final class Connection: TimerEntry {
  /// Both ends.
  public let tuple: ConnectionTuple
  public internal(set) var state = ConnectionState.closed
  /// Who is told of changes; nobody after `close`.
  public var observer: (any TCPObserver)?

  let stack: TCP
  var sender: Sender
  var receiver: Receiver
  var timestamps = TimestampState()
  var options: ConnectionOptions
  var path: PathProperties
  var record: RecordCell?

  /// Why it ended, until the program has asked.
  var error: TCPError?
  /// What the observer is to be told at the end of the present event.
  var events: TCPEvents = []
  /// The program has closed: nobody reads any more.
  var isOrphan = false
  /// SHUT_RD.
  var ignoresData = false
  /// A write found less room than makes the connection writable.
  var awaitsRoom = false
  /// A write found less room than its own limit leaves, because buffers are short.
  var awaitsMemory = false
  /// It is in the list of those who wait for buffers.
  var isListedForMemory = false
  /// An acknowledgement must go out at the end of the present event.
  var mustAcknowledge = false
  /// Offered in our SYN, and still to be agreed.
  var synchronizeRetries = 0

  // Deadlines.
  var retransmitAt = Instant.never
  var acknowledgeAt = Instant.never
  /// Keep-alive, the end of a cork, FIN-WAIT-2 of an orphan.
  var slowAt = Instant.never
  /// The deadline `retransmitAt` is for a window to open, not for an acknowledgement.
  var isProbing = false
  var corkAt = Instant.never
  /// There was no buffer to send what may be sent.
  var outputAt = Instant.never
  var finishWaitAt = Instant.never

  /// A FIN that came before the data in front of it: its number.
  var pendingFinish: SequenceNumber?
  /// The number behind the data of the segment that is being processed, as it was sent.
  var fullEnd = SequenceNumber(0)

  /// When a segment of the other side came last.
  var heardAt = Instant.start
  /// When outstanding data began to wait, for the user timeout.
  var waitingSince = Instant.never
  var keepProbes = 0
  var invalidAt: Instant?
  /// A soft error that ICMP told of (section 3.9.2.2).
  var softError: TCPError?

  /// The next one in a listener's queue.
  var nextAccepted: Connection?
  /// The listener that it waits in.
  var listener: Listener?

  init(
    stack: TCP, tuple: ConnectionTuple, path: PathProperties, options: ConnectionOptions
  ) {
    self.stack = stack
    self.tuple = tuple
    self.path = path
    self.options = options
    let configuration = stack.configuration
    sender = Sender(
      limit: options.sendBuffer ?? configuration.sendBuffer,
      algorithm: options.congestion ?? configuration.congestion)
    receiver = Receiver(limit: options.receiveBuffer ?? configuration.receiveBuffer)
    sender.sendsSmallAtOnce = options.sendsSmallAtOnce
    sender.isCorked = options.isCorked
    receiver.setUrgentInline(options.keepsUrgentInline)
    super.init()
  }

  /// What an Internet header takes.
  var networkHeaderByteCount: Int { tuple.remote.address.isIPv4 ? 20 : 40 }

  /// The largest segment that this side can take, for the MSS option (section 3.7.1, RFC 6691).
  var ownSegmentSize: Int {
    let size = max(path.mtu - networkHeaderByteCount - 20, 48)
    return min(options.maximumSegmentSize ?? size, size, 65535)
  }

  /// Computes the effective segment size of `peer`'s offer, the path, and the usual options.
  func setSegmentSize(peer: Int) {
    let option = timestamps.isOn ? 12 : 0
    let size = max(min(peer, ownSegmentSize), 48) - option
    let limit = path.segmentationLimit > 0 ? path.segmentationLimit - 60 : size
    let chunk = limit > size ? stack.chunkByteCount : min(size, stack.chunkByteCount)
    receiver.segmentLimit = max(536, ownSegmentSize - option)
    sender.setSegmentSize(size, bundleLimit: max(size, limit), chunkLimit: chunk)
    peerSegmentSize = peer
  }

  /// The other side's MSS option.
  var peerSegmentSize = 536

  /// What the observer learns when the present event is over.
  @inline(__always)
  func note(_ events: TCPEvents) {
    self.events.formUnion(events)
  }

  /// Tells the observer, once for each event.
  @inline(__always)
  func notify() {
    guard !events.isEmpty else { return }
    let told = events
    events = []
    observer?.changed(told)
  }

  /// Sees to it that the alarm goes off at `time` or before.
  @inline(__always)
  func wake(by time: Instant) {
    if !isPending || time < deadline { stack.wheel.insert(self, at: time) }
  }

  /// The connection is over: forgets its table entry, its alarm and what it kept for sending.
  func end(_ reason: TCPError?) {
    guard state != .closed else { return }
    state = .closed
    if let reason { error = reason }
    leave()
    note(
      reason == nil
        ? [.readable, .writable, .closed, .peerEnded]
        : [.readable, .writable, .closed, .peerEnded, .failed])
  }

  /// Leaves the table and the wheel, and drops all but what the program can still read.
  func leave() {
    stack.wheel.remove(self)
    retransmitAt = .never
    acknowledgeAt = .never
    slowAt = .never
    corkAt = .never
    outputAt = .never
    sender.queue.removeAll()
    abandonReassembly()
    if isOrphan { receiver.removeAll() }
    mustAcknowledge = false
    if let record {
      self.record = nil
      stack.table.remove(record)
    }
  }

  /// Drops data that came before what precedes it; the other side has to send it again.
  func abandonReassembly() {
    stack.reassembledPackets &-= receiver.reassembly.packetCount
    receiver.reassemblyWasAbandoned()
  }

  public override func fire(at now: Instant) {
    deadlinesPassed(now: now)
  }
}
