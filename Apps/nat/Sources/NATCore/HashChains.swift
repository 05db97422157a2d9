// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// The records of a table in chains, found by a hash that only this machine knows: whoever chooses
/// addresses and ports cannot put many into one chain.
///
/// A record is in one chain at most. Those that are in none may stand in `spare`, a chain that no
/// key leads to.
struct HashChains {
  private let heads: PermanentTable<Int32>
  /// Behind each record the next of its chain; negative at the end.
  private let links: PermanentTable<Int32>
  private let seed: UInt64
  private let shift: UInt64

  /// Twice as many chains as there may be records.
  init(recordCount: Int, seed: UInt64) {
    var bits = 4
    while 1 << bits < recordCount * 2 { bits += 1 }
    heads = PermanentTable(count: (1 << bits) + 1) { _ in -1 }
    links = PermanentTable(count: recordCount) { _ in -1 }
    self.seed = seed | 1
    shift = UInt64(64 - bits)
  }

  /// The chain of a key.
  @inline(__always)
  func slot(_ high: UInt64, _ low: UInt64) -> Int {
    var value = (high ^ seed) &* 0x9e37_79b9_7f4a_7c15
    value = (value ^ (value &>> 31) ^ low) &* (seed &* 2 &+ 0xd6e8_feb8_6659_fd93)
    value = (value ^ (value &>> 29)) &* 0x9e37_79b9_7f4a_7c15
    return Int(truncatingIfNeeded: value &>> shift)
  }

  /// The chain of no key.
  var spare: Int { heads.count - 1 }

  /// Puts all records into `spare`, the first one first. They are in no chain yet.
  func spareAll() {
    for index in stride(from: links.count - 1, through: 0, by: -1) {
      insert(Int32(index), in: spare)
    }
  }

  /// The first record of a chain; negative when there is none.
  @inline(__always)
  func first(in slot: Int) -> Int32 { heads[slot] }

  /// The record behind one in its chain; negative when it is the last.
  @inline(__always)
  func next(after index: Int32) -> Int32 { links[Int(index)] }

  /// Puts a record that is in no chain at the front of one.
  func insert(_ index: Int32, in slot: Int) {
    links[Int(index)] = heads[slot]
    heads[slot] = index
  }

  /// Takes a record out of its chain.
  func remove(_ index: Int32, from slot: Int) {
    let next = links[Int(index)]
    if heads[slot] == index {
      heads[slot] = next
      return
    }
    var before = heads[slot]
    while links[Int(before)] != index { before = links[Int(before)] }
    links[Int(before)] = next
  }
}
