// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes

/// An entry of the connection table: a connection, or what is kept in its place before it is made
/// and after it is over. Recycled, never freed.
struct TupleRecord {
  enum Kind: BitwiseCopyable {
    case free
    case connection
    case halfOpen
    case timeWait
  }

  var tuple: ConnectionTuple
  var hash: UInt64
  var kind = Kind.free
  /// The next one in the same bucket, or on the free list.
  var next: PermanentCell<TupleRecord>?
  /// Neighbours in a `RecordList`.
  var older: PermanentCell<TupleRecord>?
  var newer: PermanentCell<TupleRecord>?
  /// Set for `.connection`.
  var connection: Connection?
  /// Set for `.halfOpen`.
  var listener: Listener?
  var halfOpen = HalfOpen()
  var timeWait = TimeWait()
}

typealias RecordCell = PermanentCell<TupleRecord>

/// A connection that was asked for and not yet confirmed: SYN-RECEIVED after a passive open.
struct HalfOpen: BitwiseCopyable, Sendable {
  var initial = SequenceNumber(0)
  var remoteInitial = SequenceNumber(0)
  var segmentSize: UInt16 = 536
  /// The other side's shift count; nil when it does not scale.
  var scale: UInt8?
  var allowsSelective = false
  var timestamps = TimestampState()
  /// When the answer is sent again.
  var deadline = Instant.never
  var answerCount: UInt8 = 0
  /// When it was answered; `never` when more than once, so that no round trip can be told.
  var answeredAt = Instant.never
  /// The last answer to something unacceptable.
  var invalidAt: Instant?
}

/// What is left of a connection in TIME-WAIT.
struct TimeWait: BitwiseCopyable, Sendable {
  var next = SequenceNumber(0)
  var expected = SequenceNumber(0)
  var timestamps = TimestampState()
  var deadline = Instant.never
  var invalidAt: Instant?
}

/// Records in the order in which they were added, linked through themselves.
struct RecordList {
  private(set) var oldest: RecordCell?
  private var newest: RecordCell?
  private(set) var count = 0

  mutating func append(_ record: RecordCell) {
    record.value.older = newest
    record.value.newer = nil
    if let newest { newest.value.newer = record } else { oldest = record }
    newest = record
    count += 1
  }

  mutating func remove(_ record: RecordCell) {
    let older = record.value.older
    let newer = record.value.newer
    if let older { older.value.newer = newer } else { oldest = newer }
    if let newer { newer.value.older = older } else { newest = older }
    record.value.older = nil
    record.value.newer = nil
    count -= 1
  }
}
