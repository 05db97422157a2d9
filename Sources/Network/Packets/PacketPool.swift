// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine

/// Buffers of one size in memory that devices can reach. They are recycled and never freed.
///
/// A pool begins with no more memory than it is asked for and grows to its limit when it must.
public final class PacketPool {
  private let state: PermanentCell<PoolState>
  /// The size of each buffer.
  public let byteCount: Int
  /// The most buffers that it will ever have.
  public let limit: Int

  /// The least memory that is asked for at once.
  private static let chunkByteCount = 64 << 10

  /// Makes a pool of `bufferCount` buffers of `byteCount` bytes each (rounded up to a multiple of
  /// 64), which may grow to `limit` buffers.
  ///
  /// Fails when there is no memory, or when a size is not positive or `byteCount` above 1 MiB.
  public init?(bufferCount: Int, byteCount: Int, limit: Int? = nil) {
    guard bufferCount > 0, byteCount > 0, byteCount <= 1 << 20 else { return nil }
    state = PermanentCell(PoolState())
    self.byteCount = (byteCount + 63) & ~63
    self.limit = max(bufferCount, limit ?? bufferCount)
    while state.value.bufferCount < bufferCount {
      guard grow(by: bufferCount - state.value.bufferCount) else { return nil }
    }
  }

  /// How many buffers are free without growing.
  public var freeCount: Int { state.value.freeCount }
  /// How many buffers there are.
  public var bufferCount: Int { state.value.bufferCount }
  /// How many buffers can still be taken.
  public var availableCount: Int { state.value.freeCount + limit - state.value.bufferCount }

  /// An empty packet with `headroom` bytes in front of it, or nil when all buffers are taken or the
  /// head room does not fit.
  ///
  /// - Complexity: O(1), no memory is allocated unless the pool grows.
  @inline(__always)
  public func allocate(headroom: Int = Packet.headroom) -> Packet? {
    guard headroom >= 0, headroom <= byteCount else { return nil }
    if state.value.free == nil, !grow(by: 1) { return nil }
    guard let record = state.value.free else { return nil }
    state.value.free = record.value.next
    state.value.freeCount &-= 1
    record.value.next = nil
    record.value.start = headroom
    record.value.end = headroom
    record.value.offload = PacketOffload()
    record.value.buffer.value.holders = 1
    return Packet(record: record)
  }

  /// Adds buffers: at least one, a chunk's worth when more than that are wanted or allowed.
  @inline(never)
  private func grow(by wanted: Int) -> Bool {
    let allowed = min(
      limit - state.value.bufferCount, max(1, Self.chunkByteCount / byteCount))
    guard allowed > 0 else { return false }
    let pageCount = roundedUp(allowed * byteCount, to: pageSize) / pageSize
    guard let memory = DMAMemory(pageCount: pageCount) else { return false }
    // Two allocations for all of them: one for each would be most of what a network's start takes.
    let buffers = PermanentTable(count: allowed) { index in
      BufferRecord(
        window: memory.window(at: index * byteCount, byteCount: byteCount), memory: memory,
        base: index * byteCount, pool: state)
    }
    let records = PermanentTable(count: allowed) { index in
      PacketRecord(
        window: buffers[index].window, buffer: buffers.cell(at: index), start: 0, end: 0)
    }
    for index in 0..<allowed {
      records[index].next = state.value.free
      state.value.free = records.cell(at: index)
    }
    state.value.freeCount += allowed
    state.value.bufferCount += allowed
    return true
  }

  @inline(__always)
  static func release(_ record: PermanentCell<PacketRecord>) {
    let buffer = record.value.buffer
    let pool = buffer.value.pool
    buffer.value.holders &-= 1
    if buffer.value.holders == 0 {
      record.value.next = pool.value.free
      pool.value.free = record
      pool.value.freeCount &+= 1
    } else {
      record.value.next = pool.value.spare
      pool.value.spare = record
    }
  }

  static func share(_ record: PermanentCell<PacketRecord>) -> Packet {
    let pool = record.value.buffer.value.pool
    record.value.buffer.value.holders &+= 1
    if let spare = pool.value.spare {
      pool.value.spare = spare.value.next
      spare.value = record.value
      spare.value.next = nil
      return Packet(record: spare)
    }
    var copy = record.value
    copy.next = nil
    return Packet(record: PermanentCell(copy))
  }
}
