// SPDX-License-Identifier: BSD-3-Clause

import Packets

/// Data that came before what precedes it: ranges in order, apart from each other, and their
/// packets in one queue.
///
/// Bounded: by the window in bytes, and here in ranges. What does not fit is dropped and comes
/// again.
struct ReassemblyQueue: ~Copyable {
  static let capacity = 64

  private struct Range: BitwiseCopyable {
    var sequence: SequenceRange
    /// Higher is later.
    var stamp: UInt32
  }

  private var ranges: [Range] = []
  private var packets = PacketQueue()
  private var clock: UInt32 = 0

  init() {}

  @inline(__always)
  var isEmpty: Bool { packets.isEmpty }
  var byteCount: Int { packets.byteCount }
  var packetCount: Int { packets.count }

  /// Takes `payload`, which begins at `start`. False when there is no room for another range.
  ///
  /// What is there already is kept, so that data once acknowledged never changes.
  mutating func insert(_ payload: consuming PacketQueue, at start: SequenceNumber) -> Bool {
    let end = start + payload.byteCount
    var offset = 0
    var index = ranges.count
    // Most come behind everything else.
    if let last = ranges.last, start <= last.sequence.end {
      index = 0
      while ranges[index].sequence.end < start {
        offset &+= ranges[index].sequence.count
        index &+= 1
      }
    } else {
      offset = packets.byteCount
    }
    clock &+= 1
    guard index < ranges.count, ranges[index].sequence.start <= end else {
      guard ranges.count < Self.capacity else { return false }
      packets.insert(contentsOf: payload, at: offset)
      ranges.insert(Range(sequence: SequenceRange(start, end), stamp: clock), at: index)
      return true
    }
    let merged = fill(payload, SequenceRange(start, end), index: index, offset: offset)
    ranges[index].sequence = merged
    ranges[index].stamp = clock
    return true
  }

  /// Puts the parts of `payload` that are missing between the ranges from `index` on that it
  /// touches, and removes all of these ranges but the first. Returns the range that they make.
  private mutating func fill(
    _ payload: borrowing PacketQueue, _ span: SequenceRange, index: Int, offset: Int
  ) -> SequenceRange {
    var position = span.start
    var offset = offset
    var next = index
    while next < ranges.count, ranges[next].sequence.start <= span.end {
      let present = ranges[next].sequence
      if position < present.start {
        let count = present.start - position
        packets.insert(
          contentsOf: payload.shareBytes(from: position - span.start, count: count), at: offset)
        offset &+= count
      }
      offset &+= present.count
      position = .later(position, present.end)
      next &+= 1
    }
    if position < span.end {
      packets.insert(
        contentsOf: payload.shareBytes(from: position - span.start, count: span.end - position),
        at: offset)
    }
    let merged = SequenceRange(
      .earlier(span.start, ranges[index].sequence.start),
      .later(span.end, ranges[next &- 1].sequence.end))
    ranges.removeSubrange(index &+ 1..<next)
    return merged
  }

  /// Takes out what follows on `next`, without the part before it; nil when there is a gap.
  mutating func removeFirst(at next: SequenceNumber) -> PacketQueue? {
    guard let first = ranges.first?.sequence, first.start <= next else { return nil }
    ranges.removeFirst()
    var result = packets.removeFirst(bytes: first.count)
    result.dropFirst(bytes: min(first.count, next - first.start))
    return result
  }

  mutating func removeAll() {
    ranges.removeAll()
    packets.removeAll()
  }

  /// Whether every byte of `range` is here.
  func contains(_ range: SequenceRange) -> Bool {
    for own in ranges where own.sequence.start <= range.start && range.end <= own.sequence.end {
      return true
    }
    return false
  }

  /// Up to `limit` ranges, the one that changed last first (RFC 2018 section 4).
  func report(into blocks: inout SelectiveAcknowledgement, limit: Int) {
    var below = UInt32.max
    while blocks.count < limit {
      var best: Range?
      for range in ranges where range.stamp < below && range.stamp > best?.stamp ?? 0 {
        best = range
      }
      guard let best else { return }
      blocks.append(best.sequence)
      below = best.stamp
    }
  }
}
