// SPDX-License-Identifier: BSD-3-Clause

/// What the other side has told it holds beyond the acknowledgement (RFC 2018, RFC 6675): ranges in
/// order, apart from each other.
///
/// It has a bounded number of ranges; a further one is forgotten, which costs a retransmission at
/// most.
struct Scoreboard: Sendable {
  static let capacity = 128
  /// DupThresh (RFC 6675 section 2).
  static let duplicateThreshold = 3

  private(set) var ranges: [SequenceRange] = []
  /// Bytes in all ranges.
  private(set) var byteCount = 0

  @inline(__always)
  var isEmpty: Bool { byteCount == 0 }

  /// The end of the highest range.
  var highest: SequenceNumber? { ranges.last?.end }

  /// Takes a block in; false when it told nothing new.
  mutating func insert(_ block: SequenceRange) -> Bool {
    var merged = block
    var index = 0
    while index < ranges.count, ranges[index].end < block.start { index += 1 }
    var last = index
    while last < ranges.count, ranges[last].start <= block.end {
      if ranges[last].start <= block.start, block.end <= ranges[last].end { return false }
      merged.start = .earlier(merged.start, ranges[last].start)
      merged.end = .later(merged.end, ranges[last].end)
      byteCount -= ranges[last].count
      last += 1
    }
    if last == index {
      guard ranges.count < Self.capacity else { return false }
      ranges.insert(merged, at: index)
    } else {
      ranges[index] = merged
      ranges.removeSubrange(index + 1..<last)
    }
    byteCount += merged.count
    return true
  }

  /// Forgets everything before `number`.
  mutating func removeAll(before number: SequenceNumber) {
    guard byteCount > 0 else { return }
    var gone = 0
    while gone < ranges.count, ranges[gone].end <= number {
      byteCount -= ranges[gone].count
      gone += 1
    }
    ranges.removeSubrange(0..<gone)
    if let first = ranges.first, first.start < number {
      byteCount -= number - first.start
      ranges[0].start = number
    }
  }

  /// Forgets everything: the receiver may have thrown it away (RFC 2018 section 8).
  mutating func removeAll() {
    ranges.removeAll(keepingCapacity: true)
    byteCount = 0
  }

  /// The number before which all that is missing is lost (IsLost of RFC 6675 section 4): behind it
  /// are three ranges, or more than two segments' worth of bytes. `start` when nothing is.
  func lostEnd(from start: SequenceNumber, segmentSize: Int) -> SequenceNumber {
    var bytes = 0
    var index = ranges.count
    while index > 0 {
      index -= 1
      bytes += ranges[index].count
      if ranges.count - index >= Self.duplicateThreshold
        || bytes > (Self.duplicateThreshold - 1) * segmentSize
      {
        return .later(start, ranges[index].start)
      }
    }
    return start
  }

  /// The first stretch at or behind `number` that is missing, up to `limit`; nil when there is
  /// none.
  func hole(from number: SequenceNumber, limit: SequenceNumber) -> SequenceRange? {
    var start = number
    for range in ranges {
      if start < range.start { break }
      start = .later(start, range.end)
    }
    guard start < limit else { return nil }
    var end = limit
    for range in ranges where start < range.start {
      end = .earlier(end, range.start)
      break
    }
    return SequenceRange(start, end)
  }

  /// How many bytes from `start` up to `end` are missing.
  func missing(from start: SequenceNumber, to end: SequenceNumber) -> Int {
    guard start < end else { return 0 }
    var count = end - start
    for range in ranges {
      let overlap =
        SequenceNumber.earlier(range.end, end) - SequenceNumber.later(range.start, start)
      if overlap > 0 { count -= overlap }
    }
    return count
  }
}
