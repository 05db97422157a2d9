// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes

/// Connections by both their ends: a table of chains that doubles when it is full.
///
/// The hash has a key, so that who chooses addresses and ports cannot fill one chain.
struct ConnectionTable {
  private var buckets: [RecordCell?]
  private var free: RecordCell?
  private(set) var count = 0
  private let key: UInt64

  init(key: UInt64, bucketCount: Int = 64) {
    self.key = key
    buckets = Array(repeating: nil, count: bucketCount)
  }

  @inline(__always)
  private static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
  }

  @inline(__always)
  func hash(_ tuple: ConnectionTuple) -> UInt64 {
    let ports = UInt64(tuple.remote.port) << 16 | UInt64(tuple.local.port)
    let first = Self.mix(tuple.remote.address.mapped.low ^ key, 0x9e37_79b9_7f4a_7c15 ^ ports)
    let high = tuple.remote.address.mapped.high ^ tuple.local.address.mapped.high
    return Self.mix(first ^ tuple.local.address.mapped.low ^ key, 0xa076_1d64_78bd_642f ^ high)
  }

  @inline(__always)
  private func bucket(_ hash: UInt64) -> Int {
    Int(truncatingIfNeeded: hash) & (buckets.count &- 1)
  }

  /// The record of both ends, or nil.
  @inline(__always)
  func find(_ tuple: ConnectionTuple) -> RecordCell? {
    let hash = hash(tuple)
    var next = buckets[bucket(hash)]
    while let record = next {
      if record.value.hash == hash, record.value.tuple == tuple { return record }
      next = record.value.next
    }
    return nil
  }

  /// Makes a record for ends that have none.
  mutating func insert(_ tuple: ConnectionTuple, kind: TupleRecord.Kind) -> RecordCell {
    if count >= buckets.count { grow() }
    let hash = hash(tuple)
    let index = bucket(hash)
    let record: RecordCell
    if let unused = free {
      record = unused
      free = unused.value.next
      record.value.tuple = tuple
      record.value.hash = hash
    } else {
      record = RecordCell(TupleRecord(tuple: tuple, hash: hash))
    }
    record.value.kind = kind
    record.value.next = buckets[index]
    buckets[index] = record
    count += 1
    return record
  }

  mutating func remove(_ record: RecordCell) {
    let index = bucket(record.value.hash)
    if buckets[index] == record {
      buckets[index] = record.value.next
    } else {
      var before = buckets[index]
      while let other = before, other.value.next != record { before = other.value.next }
      before?.value.next = record.value.next
    }
    record.value.kind = .free
    record.value.connection = nil
    record.value.listener = nil
    record.value.halfOpen = HalfOpen()
    record.value.timeWait = TimeWait()
    record.value.next = free
    free = record
    count -= 1
  }

  private mutating func grow() {
    let old = buckets
    buckets = Array(repeating: nil, count: old.count * 2)
    for head in old {
      var next = head
      while let record = next {
        next = record.value.next
        let index = bucket(record.value.hash)
        record.value.next = buckets[index]
        buckets[index] = record
      }
    }
  }

  /// Calls `body` for each record; it must not change the table.
  func forEach(_ body: (RecordCell) -> Void) {
    for head in buckets {
      var next = head
      while let record = next {
        next = record.value.next
        body(record)
      }
    }
  }
}
