// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// Values by their keys, in a fixed amount of memory: when that is full, the item that was not used
/// for the longest time makes room.
///
/// Memory is cut into chunks of one size. An item takes as many as its key and value need, so that
/// nothing is lost to fragments and no operation allocates. Time is a parameter: seconds since 1970.
public final class ItemStore {
  /// Which item; only of use until something is stored or removed.
  public typealias Item = Int32
  /// No item.
  static var none: Item { -1 }

  /// The longest key, in bytes.
  public static var keyLimit: Int { 250 }
  /// The largest value, in bytes.
  public static var valueLimit: Int { 1 << 20 }
  @inline(__always)
  static var chunkByteCount: Int { 128 }
  /// The bytes of a chunk, eight in each word, the first in the lowest place.
  typealias Chunk = InlineArray<16, UInt64>
  /// An expiry that is over at any time: 0 says "never".
  static var longAgo: UInt32 { 1 }
  /// Beyond so many seconds a time to live is a time of day.
  static var relativeLimit: Int64 { 60 * 60 * 24 * 30 }

  /// What is known of each chunk, and of the item that begins there.
  struct Record {
    /// The next chunk of the item, or of the free ones.
    var next: Item
    /// The next item of the bucket.
    var chain: Item = ItemStore.none
    var newer: Item = ItemStore.none
    var older: Item = ItemStore.none
    var hash: UInt32 = 0
    var flags: UInt32 = 0
    /// When it ends; 0 for never.
    var expiry: UInt32 = 0
    var valueByteCount: Int32 = 0
    /// How many readers are in the middle of the value.
    var holders: UInt16 = 0
    var keyByteCount: UInt8 = 0
    /// Whether it can be found.
    var isLinked = false
    /// Changes with each change of the item.
    var unique: UInt64 = 0
  }

  let records: PermanentTable<Record>
  let buckets: PermanentTable<Item>
  let memory: PermanentTable<Chunk>
  let seed: UInt64
  var firstFree: Item = 0
  var freeCount: Int
  /// The ends of the list by use.
  var newest: Item = none
  var oldest: Item = none
  var lastUnique: UInt64 = 0
  /// When everything that is there then goes; 0 for never.
  var flushTime: UInt32 = 0

  public var statistics = Statistics()
  /// When it was made, in seconds since 1970.
  let startTime: UInt32

  /// - Parameters:
  ///   - byteCount: memory for keys and values; their administration takes half as much beside it.
  ///   - seed: a number that nobody can foretell, or who chooses keys could choose ones that are
  ///     slow to find.
  ///   - now: seconds since 1970.
  public init(byteCount: Int, seed: UInt64, now: UInt32) {
    let count = max(1, min(byteCount / Self.chunkByteCount, Int(Int32.max) - 1))
    records = PermanentTable(count: count) {
      Record(next: $0 + 1 < count ? Item(truncatingIfNeeded: $0 + 1) : Self.none)
    }
    var bucketCount = 64
    while bucketCount < count { bucketCount *= 2 }
    buckets = PermanentTable(count: bucketCount) { _ in Self.none }
    memory = PermanentTable(count: count) { _ in Chunk(repeating: 0) }
    self.seed = seed
    startTime = now
    freeCount = count
    statistics.byteLimit = UInt64(count * Self.chunkByteCount)
  }

  // MARK: Times

  /// When an item ends that is given `seconds` (protocol.txt "Expiration times"): 0 is never, less
  /// is at once, more than 30 days is a time of day.
  static func expiry(after seconds: Int64, now: UInt32) -> UInt32 {
    if seconds == 0 { return 0 }
    if seconds < 0 { return longAgo }
    if seconds <= relativeLimit { return now &+ UInt32(seconds) }
    if seconds <= Int64(now) { return longAgo }
    return UInt32(clamping: seconds)
  }

  @inline(__always)
  func isOver(_ item: Item, now: UInt32) -> Bool {
    let expiry = records[Int(item)].expiry
    return expiry != 0 && expiry <= now
  }

  // MARK: Finding

  @inline(__always)
  func bucket(of hash: UInt32) -> Int { Int(hash) & (buckets.count &- 1) }

  /// The item with a key, or nil. One that is over is removed.
  func find(_ key: RawSpan, _ hash: UInt32, now: UInt32) -> Item? {
    if flushTime != 0, flushTime <= now { removeAll() }
    var item = buckets[bucket(of: hash)]
    while item != Self.none {
      if records[Int(item)].hash == hash, holdsKey(item, key) {
        if isOver(item, now: now) {
          remove(item)
          statistics.reclaimed &+= 1
          return nil
        }
        return item
      }
      item = records[Int(item)].chain
    }
    return nil
  }

  /// The same for a key that lies in one chunk, as found at the front of `input`.
  @inline(__always)
  func find(_ key: KeyScan, in input: RawSpan, now: UInt32) -> Item? {
    if flushTime != 0, flushTime <= now { removeAll() }
    var item = buckets[bucket(of: key.hash)]
    while item != Self.none {
      if records[Int(item)].hash == key.hash, holdsKey(item, key, in: input) {
        if !isOver(item, now: now) { return item }
        remove(item)
        statistics.reclaimed &+= 1
        return nil
      }
      item = records[Int(item)].chain
    }
    return nil
  }

  @inline(__always)
  private func holdsKey(_ item: Item, _ key: KeyScan, in input: RawSpan) -> Bool {
    guard Int(records[Int(item)].keyByteCount) == key.byteCount else { return false }
    let wholeCount = key.byteCount &>> 3
    var index = 0
    while index < wholeCount {
      let word = input.littleEndian(at: KeyScan.start &+ index &* 8, as: UInt64.self)
      guard memory[Int(item)][index] == word else { return false }
      index &+= 1
    }
    let bits = UInt64(truncatingIfNeeded: key.byteCount & 7) &<< 3
    return bits == 0 || memory[Int(item)][wholeCount] & ((1 &<< bits) &- 1) == key.last
  }

  private func holdsKey(_ item: Item, _ key: RawSpan) -> Bool {
    guard Int(records[Int(item)].keyByteCount) == key.byteCount else { return false }
    let first = min(key.byteCount, Self.chunkByteCount)
    let isSame = withBytes(of: item, 0..<first) {
      $0.holdsSameBytes(as: key.extracting(0..<first))
    }
    if first == key.byteCount || !isSame { return isSame }
    return withBytes(of: records[Int(item)].next, 0..<key.byteCount &- first) {
      $0.holdsSameBytes(as: key.extracting(first..<key.byteCount))
    }
  }

  /// Removes everything at once, or when `delay` has passed.
  func flush(after delay: Int64, now: UInt32) {
    let time = Self.expiry(after: delay, now: now)
    if time <= now { removeAll() } else { flushTime = time }
  }

  func removeAll() {
    flushTime = 0
    while oldest != Self.none { remove(oldest) }
  }
}
