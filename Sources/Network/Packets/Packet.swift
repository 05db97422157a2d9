// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine

/// Some bytes of a buffer, and a share in the buffer: it goes back to its pool when the last packet
/// in it goes.
///
/// It is one word, and moving it costs as much. Positions (`start`, `end`) count from the buffer's
/// first byte. No method traps on numbers from outside: those that move bounds say whether they
/// could.
@frozen
public struct Packet: ~Copyable {
  @usableFromInline let record: PermanentCell<PacketRecord>

  /// Room to leave in front of a payload for every header: virtio-net 12, Ethernet 14, IPv6 40,
  /// TCP 60.
  public static var headroom: Int { 128 }

  @inline(__always)
  init(record: PermanentCell<PacketRecord>) {
    self.record = record
  }

  @inline(__always)
  deinit {
    PacketPool.release(record)
  }

  /// Gives the record up to a queue.
  @inline(__always)
  consuming func intoRecord() -> PermanentCell<PacketRecord> {
    let record = self.record
    discard self
    return record
  }

  /// The position of the first byte; equal to the head room.
  public var start: Int {
    @inline(__always) get { record.value.start }
  }
  /// The position behind the last byte.
  public var end: Int {
    @inline(__always) get { record.value.end }
  }
  public var byteCount: Int {
    @inline(__always) get { record.value.end &- record.value.start }
  }
  /// The size of the whole buffer.
  public var capacity: Int {
    @inline(__always) get { record.value.window.byteCount }
  }
  /// Bytes of the buffer behind the packet.
  public var tailroom: Int {
    @inline(__always) get { record.value.window.byteCount &- record.value.end }
  }

  public var offload: PacketOffload {
    @inline(__always) get { record.value.offload }
    @inline(__always) nonmutating set { record.value.offload = newValue }
  }

  /// Where devices find the packet's first byte.
  public var physicalAddress: PhysicalAddress {
    @inline(__always) get { record.value.window.physicalAddress + record.value.start }
  }
  /// The memory that the buffer is in; counts a reference, so not for every packet.
  public var memory: DMAMemory { record.value.buffer.value.memory }
  /// Where the packet's first byte is in `memory`.
  public var memoryOffset: Int { record.value.buffer.value.base &+ record.value.start }

  /// Lends the bytes.
  @inline(__always)
  public borrowing func withBytes<R: ~Copyable, E: Error>(
    _ body: (RawSpan) throws(E) -> R
  ) throws(E) -> R {
    try record.value.window.withBytes(from: record.value.start, to: record.value.end, body)
  }

  /// Lends the bytes for change. Another packet in the same buffer sees the change.
  @inline(__always)
  public mutating func withMutableBytes<R: ~Copyable, E: Error>(
    _ body: (inout MutableRawSpan) throws(E) -> R
  ) throws(E) -> R {
    try record.value.window.withMutableBytes(from: record.value.start, to: record.value.end, body)
  }

  /// Takes `count` bytes off the front; false, and nothing happens, when there are fewer.
  @inline(__always) @discardableResult
  public mutating func removeFirst(_ count: Int) -> Bool {
    guard count >= 0, count <= byteCount else { return false }
    record.value.start &+= count
    return true
  }

  /// Takes `count` bytes off the end; false, and nothing happens, when there are fewer.
  @inline(__always) @discardableResult
  public mutating func removeLast(_ count: Int) -> Bool {
    guard count >= 0, count <= byteCount else { return false }
    record.value.end &-= count
    return true
  }

  /// Shortens the packet to `count` bytes; false, and nothing happens, when it has fewer.
  @inline(__always) @discardableResult
  public mutating func truncate(to count: Int) -> Bool {
    removeLast(byteCount &- count)
  }

  /// Grows into the head room by `count` bytes, whose contents the caller then writes; false when
  /// there is no room.
  @inline(__always)
  public mutating func prepend(_ count: Int) -> Bool {
    guard count >= 0, count <= record.value.start else { return false }
    record.value.start &-= count
    return true
  }

  /// Grows at the end by `count` bytes, whose contents the caller then writes; false when there is
  /// no room.
  @inline(__always)
  public mutating func append(_ count: Int) -> Bool {
    guard count >= 0, count <= tailroom else { return false }
    record.value.end &+= count
    return true
  }

  /// Grows at the end by what `body` writes: it gets `limit` bytes, fills some of the first ones, and
  /// says how many. Nil, and nothing happens, when there is no room for `limit`.
  @inline(__always)
  public mutating func append(
    upTo limit: Int, _ body: (inout MutableRawSpan) -> Int
  ) -> Int? {
    guard limit >= 0, limit <= tailroom else { return nil }
    let end = record.value.end
    let count = record.value.window.withMutableBytes(from: end, to: end &+ limit) { body(&$0) }
    let used = count < 0 ? 0 : count > limit ? limit : count
    record.value.end = end &+ used
    return used
  }

  /// Makes the packet the bytes between two positions of the buffer: for a driver that is told how
  /// much a device has written. False, and nothing happens, when they are not inside.
  @inline(__always)
  public mutating func setBounds(start: Int, end: Int) -> Bool {
    guard start >= 0, start <= end, end <= capacity else { return false }
    record.value.start = start
    record.value.end = end
    return true
  }

  /// Another packet with the same bytes, and with bounds of its own from now on.
  ///
  /// - Complexity: O(1). Allocates only when more packets exist than ever before.
  public borrowing func share() -> Packet {
    PacketPool.share(record)
  }

  /// Whether another packet has the same buffer; who changes a shared one changes both.
  public var isShared: Bool {
    @inline(__always) get { record.value.buffer.value.holders > 1 }
  }
}
