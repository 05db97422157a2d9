// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// How items are found: by the buckets of their hashes, and in the order of their use.
extension ItemStore {
  /// Lets an item be found, in place of one with the same key.
  func link(_ item: Item, replacing old: Item?) {
    if let old { remove(old) }
    let bucket = bucket(of: records[Int(item)].hash)
    records[Int(item)].chain = buckets[bucket]
    buckets[bucket] = item
    records[Int(item)].isLinked = true
    lastUnique &+= 1
    records[Int(item)].unique = lastUnique
    insertNewest(item)
    statistics.itemCount &+= 1
    statistics.totalItems &+= 1
    statistics.byteCount &+= byteCount(of: item)
  }

  /// Counts an item of one chunk, which nobody reads, as a new one with the same key, whose value the
  /// caller writes.
  @inline(__always)
  func renew(_ item: Item, valueByteCount: Int) {
    statistics.totalItems &+= 1
    let difference = valueByteCount &- Int(records[Int(item)].valueByteCount)
    statistics.byteCount &+= UInt64(bitPattern: Int64(difference))
    records[Int(item)].valueByteCount = Int32(truncatingIfNeeded: valueByteCount)
    lastUnique &+= 1
    records[Int(item)].unique = lastUnique
    touch(item)
  }

  /// Takes an item away. Its memory comes back when nobody reads it.
  func remove(_ item: Item) {
    let bucket = bucket(of: records[Int(item)].hash)
    if buckets[bucket] == item {
      buckets[bucket] = records[Int(item)].chain
    } else {
      var before = buckets[bucket]
      while records[Int(before)].chain != item { before = records[Int(before)].chain }
      records[Int(before)].chain = records[Int(item)].chain
    }
    takeFromUse(item)
    statistics.itemCount &-= 1
    statistics.byteCount &-= byteCount(of: item)
    records[Int(item)].isLinked = false
    if records[Int(item)].holders == 0 { free(item) }
  }

  private func byteCount(of item: Item) -> UInt64 {
    UInt64(records[Int(item)].keyByteCount) &+ UInt64(records[Int(item)].valueByteCount)
  }

  /// Notes that an item was used.
  @inline(__always)
  func touch(_ item: Item) {
    guard newest != item else { return }
    takeFromUse(item)
    insertNewest(item)
  }

  @inline(__always)
  private func insertNewest(_ item: Item) {
    records[Int(item)].older = newest
    records[Int(item)].newer = Self.none
    if newest != Self.none { records[Int(newest)].newer = item } else { oldest = item }
    newest = item
  }

  @inline(__always)
  private func takeFromUse(_ item: Item) {
    let newer = records[Int(item)].newer
    let older = records[Int(item)].older
    if newer != Self.none { records[Int(newer)].older = older } else { newest = older }
    if older != Self.none { records[Int(older)].newer = newer } else { oldest = newer }
  }
}
