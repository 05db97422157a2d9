// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Machine

/// A queue as a stream of bytes: what TCP keeps until it is acknowledged or read.
extension PacketQueue {
  /// Copies bytes behind the end of the last packet, as far as there is room and until it has
  /// `limit` bytes. Returns how many were copied; 0 for an empty queue.
  ///
  /// Other packets in the same buffer do not see them: they are behind their ends. So only one of
  /// them may be extended.
  public mutating func extendLast(with bytes: RawSpan, limit: Int = .max) -> Int {
    extendLast(count: bytes.byteCount, limit: limit) {
      $0.copy(bytes.extracting(first: $0.byteCount))
      return true
    }
  }

  /// The same with bytes that `fill` writes; nothing happens when it returns false.
  @inline(__always)
  public mutating func extendLast(
    count: Int, limit: Int, fill: (inout MutableRawSpan) -> Bool
  ) -> Int {
    guard let record = last else { return 0 }
    let size = record.value.end &- record.value.start
    let room = min(limit &- size, record.value.window.byteCount &- record.value.end)
    let count = min(room, count)
    guard count > 0 else { return 0 }
    let end = record.value.end
    guard record.value.window.withMutableBytes(from: end, to: end &+ count, fill) else { return 0 }
    record.value.end = end &+ count
    byteCount &+= count
    return count
  }

  /// Bytes of the last packet; 0 for an empty queue.
  public var lastByteCount: Int {
    guard let record = last else { return 0 }
    return record.value.end &- record.value.start
  }

  /// Bytes of the buffer behind the last packet; 0 for an empty queue.
  public var lastTailroom: Int {
    guard let record = last else { return 0 }
    return record.value.window.byteCount &- record.value.end
  }

  /// Whether the last packet's buffer belongs to it alone.
  public var isLastUnshared: Bool {
    guard let record = last else { return false }
    return record.value.buffer.value.holders == 1
  }

  /// A frame of `count` bytes from byte `offset` on with room for headers before its head, uncopied.
  ///
  /// Nil when headers could not be written there: the offset is not the first byte of a packet, or
  /// somebody else holds that packet's buffer, or it has less than `headroom` bytes in front.
  public borrowing func shareFrame(from offset: Int, count: Int, headroom: Int) -> Frame? {
    var skip = offset
    var next = first
    while let record = next {
      let size = record.value.end &- record.value.start
      if skip < size {
        guard skip == 0, record.value.buffer.value.holders == 1, record.value.start >= headroom
        else { return nil }
        var head = PacketPool.share(record)
        head.offload = PacketOffload()
        if size >= count {
          _ = head.truncate(to: count)
          return Frame(head)
        }
        return Frame(head, rest: shareBytes(from: offset &+ size, count: count &- size))
      }
      skip &-= size
      next = record.value.next
    }
    return nil
  }
}

extension PacketQueue {
  /// Puts the packets of another queue in before byte `offset`, which must be the first byte of a
  /// packet or the end. Traps when it is not.
  ///
  /// - Complexity: O(packets before it).
  public mutating func insert(contentsOf other: consuming PacketQueue, at offset: Int) {
    if offset == byteCount {
      append(contentsOf: other)
      return
    }
    guard let head = other.first, let tail = other.last else { return }
    var before: PermanentCell<PacketRecord>?
    var skip = offset
    while skip > 0, let record = before.map({ $0.value.next }) ?? first {
      skip &-= record.value.end &- record.value.start
      before = record
    }
    precondition(skip == 0, "not between two packets")
    if let before {
      tail.value.next = before.value.next
      before.value.next = head
      if before == last { last = tail }
    } else {
      tail.value.next = first
      first = head
      if last == nil { last = tail }
    }
    count &+= other.count
    byteCount &+= other.byteCount
    other.first = nil
  }

  /// Takes whole packets of `wanted` bytes together from the front. Traps when no packet ends
  /// there.
  public mutating func removeFirst(bytes wanted: Int) -> PacketQueue {
    var result = PacketQueue()
    while result.byteCount < wanted, let packet = removeFirst() { result.append(packet) }
    precondition(result.byteCount == wanted, "not between two packets")
    return result
  }

  /// Drops bytes from the end until `limit` are left.
  public mutating func truncate(to limit: Int) {
    guard byteCount > limit else { return }
    let kept = shareBytes(from: 0, count: limit)
    self = kept
  }
}
