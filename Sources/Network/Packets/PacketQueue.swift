// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine

/// Packets in the order in which they came, of any pools. No operation allocates.
public struct PacketQueue: ~Copyable {
  private var first: PermanentCell<PacketRecord>?
  private var last: PermanentCell<PacketRecord>?
  /// How many packets wait.
  public private(set) var count = 0
  /// How many bytes they have together.
  public private(set) var byteCount = 0

  @inline(__always)
  public init() {}

  deinit {
    var next = first
    while let record = next {
      next = record.value.next
      PacketPool.release(record)
    }
  }

  @inline(__always)
  public var isEmpty: Bool { count == 0 }

  /// Adds a packet at the end.
  @inline(__always)
  public mutating func append(_ packet: consuming Packet) {
    byteCount &+= packet.byteCount
    count &+= 1
    let record = packet.intoRecord()
    record.value.next = nil
    if let last {
      last.value.next = record
    } else {
      first = record
    }
    last = record
  }

  /// Adds a packet before the first.
  public mutating func prepend(_ packet: consuming Packet) {
    byteCount &+= packet.byteCount
    count &+= 1
    let record = packet.intoRecord()
    record.value.next = first
    first = record
    if last == nil { last = record }
  }

  /// Adds all packets of another queue at the end. Complexity: O(1).
  public mutating func append(contentsOf other: consuming PacketQueue) {
    guard let head = other.first else { return }
    if let last {
      last.value.next = head
    } else {
      first = head
    }
    last = other.last
    count &+= other.count
    byteCount &+= other.byteCount
    other.first = nil
  }

  /// Takes the first packet out, or returns nil when none waits.
  @inline(__always)
  public mutating func removeFirst() -> Packet? {
    guard let record = first else { return nil }
    first = record.value.next
    if first == nil { last = nil }
    record.value.next = nil
    count &-= 1
    let packet = Packet(record: record)
    byteCount &-= packet.byteCount
    return packet
  }

  /// Drops `count` bytes from the front, whole packets and a part of the next; all when there are
  /// fewer.
  public mutating func dropFirst(bytes count: Int) {
    var rest = count
    while rest > 0, let record = first {
      let size = record.value.end &- record.value.start
      if size > rest {
        record.value.start &+= rest
        byteCount &-= rest
        return
      }
      rest &-= size
      _ = removeFirst()
    }
  }

  /// Drops everything.
  public mutating func removeAll() {
    while let packet = removeFirst() { _ = consume packet }
  }

  /// Lends the first packet's bytes, or returns nil when none waits.
  public borrowing func withFirstBytes<R: ~Copyable, E: Error>(
    _ body: (RawSpan) throws(E) -> R
  ) throws(E) -> R? {
    guard let record = first else { return nil }
    return try record.value.window.withBytes(
      from: record.value.start, to: record.value.end, body)
  }

  /// Lends the bytes of each packet, first to last.
  @inline(__always)
  public borrowing func forEachBytes<E: Error>(_ body: (RawSpan) throws(E) -> Void) throws(E) {
    var next = first
    while let record = next {
      try record.value.window.withBytes(from: record.value.start, to: record.value.end, body)
      next = record.value.next
    }
  }

  /// Tells of each packet with bytes where devices find them, and how many they are.
  @inline(__always)
  public borrowing func forEachPiece(_ body: (PhysicalAddress, Int) -> Void) {
    var next = first
    while let record = next {
      let byteCount = record.value.end &- record.value.start
      if byteCount > 0 { body(record.value.window.physicalAddress + record.value.start, byteCount) }
      next = record.value.next
    }
  }

  /// Shares `count` bytes from byte `offset` on: packets that hold the same buffers, uncopied.
  /// Fewer when the queue has fewer.
  public borrowing func shareBytes(from offset: Int, count: Int) -> PacketQueue {
    var result = PacketQueue()
    var skip = max(0, offset)
    var rest = max(0, count)
    var next = first
    while rest > 0, let record = next {
      next = record.value.next
      let size = record.value.end &- record.value.start
      if skip >= size {
        skip &-= size
        continue
      }
      var piece = PacketPool.share(record)
      _ = piece.removeFirst(skip)
      if piece.byteCount > rest { _ = piece.truncate(to: rest) }
      rest &-= piece.byteCount
      skip = 0
      result.append(piece)
    }
    return result
  }
}
