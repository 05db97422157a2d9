// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// Chunks, and the bytes in them.
extension ItemStore {
  /// A place in an item's bytes: its key, and behind it its value.
  struct Cursor {
    var chunk: Item
    var offset: Int
  }

  /// Lends bytes of one chunk.
  @inline(__always)
  func withBytes<R>(of chunk: Item, _ range: Range<Int>, _ body: (RawSpan) -> R) -> R {
    Self.lend(&memory[Int(chunk)], range, body)
  }

  // A chunk is lent to change, though nobody changes it: lent to read it would be copied.
  @inline(__always)
  private static func lend<R>(
    _ chunk: inout Chunk, _ range: Range<Int>, _ body: (RawSpan) -> R
  ) -> R {
    body(RawSpan(_elements: chunk.span).extracting(range))
  }

  /// Copies bytes into one chunk.
  @inline(__always)
  func copy(_ source: RawSpan, to chunk: Item, at offset: Int) {
    Self.copy(source, to: &memory[Int(chunk)], at: offset)
  }

  @inline(__always)
  private static func copy(_ source: RawSpan, to chunk: inout Chunk, at offset: Int) {
    var words = chunk.mutableSpan
    var target = MutableRawSpan(_elements: &words)
    target.copy(source, at: offset)
  }

  /// Where an item's value begins.
  @inline(__always)
  func valueCursor(of item: Item) -> Cursor {
    let offset = Int(records[Int(item)].keyByteCount)
    if offset < Self.chunkByteCount { return Cursor(chunk: item, offset: offset) }
    return Cursor(chunk: records[Int(item)].next, offset: offset &- Self.chunkByteCount)
  }

  /// How many bytes follow the cursor in its chunk; goes on to the next one when there are none.
  @inline(__always)
  func room(at cursor: inout Cursor) -> Int {
    if cursor.offset == Self.chunkByteCount {
      cursor = Cursor(chunk: records[Int(cursor.chunk)].next, offset: 0)
    }
    return Self.chunkByteCount &- cursor.offset
  }

  /// Writes bytes at the cursor, which moves behind them. The item has room for them.
  func write(_ source: RawSpan, at cursor: inout Cursor) {
    var done = 0
    while done < source.byteCount {
      let count = min(room(at: &cursor), source.byteCount &- done)
      copy(source.extracting(done..<done &+ count), to: cursor.chunk, at: cursor.offset)
      cursor.offset &+= count
      done &+= count
    }
  }

  /// Lends `count` bytes from the cursor on, which moves behind them, in pieces.
  @inline(__always)
  func read(_ count: Int, at cursor: inout Cursor, _ body: (RawSpan) -> Void) {
    var left = count
    while left > 0 {
      let part = min(room(at: &cursor), left)
      withBytes(of: cursor.chunk, cursor.offset..<cursor.offset &+ part, body)
      cursor.offset &+= part
      left &-= part
    }
  }

  /// An item that nobody finds yet, with its key; nil when there is no memory for it, not even
  /// after all others have made room.
  func reserve(
    _ key: RawSpan, _ hash: UInt32, flags: UInt32, expiry: UInt32, valueByteCount: Int
  ) -> Item? {
    let size = key.byteCount &+ valueByteCount
    let count = max(1, (size &+ Self.chunkByteCount &- 1) / Self.chunkByteCount)
    guard count <= records.count else { return nil }
    while freeCount < count {
      guard oldest != Self.none else { return nil }
      evict()
    }
    let item = firstFree
    var last = item
    for _ in 1..<count { last = records[Int(last)].next }
    firstFree = records[Int(last)].next
    freeCount &-= count
    records[Int(last)].next = Self.none
    records[Int(item)].hash = hash
    records[Int(item)].flags = flags
    records[Int(item)].expiry = expiry
    records[Int(item)].keyByteCount = UInt8(truncatingIfNeeded: key.byteCount)
    records[Int(item)].valueByteCount = Int32(truncatingIfNeeded: valueByteCount)
    records[Int(item)].holders = 1
    records[Int(item)].isLinked = false
    var cursor = Cursor(chunk: item, offset: 0)
    write(key, at: &cursor)
    return item
  }

  private func evict() {
    statistics.evictions &+= 1
    remove(oldest)
  }

  /// Keeps an item's bytes where they are until `release`, whatever becomes of the item.
  func hold(_ item: Item) { records[Int(item)].holders &+= 1 }

  /// Ends `hold` or `reserve`.
  func release(_ item: Item) {
    records[Int(item)].holders &-= 1
    if records[Int(item)].holders == 0, !records[Int(item)].isLinked { free(item) }
  }

  /// Gives an item's chunks back.
  func free(_ item: Item) {
    var last = item
    var count = 1
    while records[Int(last)].next != Self.none {
      last = records[Int(last)].next
      count &+= 1
    }
    records[Int(last)].next = firstFree
    firstFree = item
    freeCount &+= count
  }
}
