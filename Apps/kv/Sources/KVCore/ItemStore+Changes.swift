// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// Changes of items that are there.
extension ItemStore {
  /// Lends an item's key.
  func withKey<R>(of item: Item, _ body: (RawSpan) -> R) -> R {
    let count = Int(records[Int(item)].keyByteCount)
    if count <= Self.chunkByteCount { return withBytes(of: item, 0..<count, body) }
    var key = InlineArray<256, UInt8>(repeating: 0)
    var elements = key.mutableSpan
    var target = MutableRawSpan(_elements: &elements)
    withBytes(of: item, 0..<Self.chunkByteCount) { target.copy($0) }
    withBytes(of: records[Int(item)].next, 0..<count &- Self.chunkByteCount) {
      target.copy($0, at: Self.chunkByteCount)
    }
    return body(target.bytes.extracting(0..<count))
  }

  /// A new item with the key, flags and expiry of `old` and both values; nil without memory for it.
  /// It is to be released, as one of `reserve`.
  func join(_ old: Item, _ more: Item, isBehind: Bool) -> Item? {
    let size =
      Int(records[Int(old)].valueByteCount) &+ Int(records[Int(more)].valueByteCount)
    guard size <= Self.valueLimit else { return nil }
    // Making room must not take what is to be copied.
    hold(old)
    defer { release(old) }
    let record = records[Int(old)]
    let new = withKey(of: old) {
      reserve(
        $0, record.hash, flags: record.flags, expiry: record.expiry, valueByteCount: size)
    }
    guard let new else { return nil }
    guard records[Int(old)].isLinked else {
      release(new)
      return nil
    }
    var target = valueCursor(of: new)
    copyValue(of: isBehind ? old : more, to: &target)
    copyValue(of: isBehind ? more : old, to: &target)
    return new
  }

  private func copyValue(of item: Item, to target: inout Cursor) {
    var source = valueCursor(of: item)
    var left = Int(records[Int(item)].valueByteCount)
    while left > 0 {
      let count = min(left, room(at: &source), room(at: &target))
      // The two are of different items, and so are their chunks.
      withBytes(of: source.chunk, source.offset..<source.offset &+ count) {
        copy($0, to: target.chunk, at: target.offset)
      }
      source.offset &+= count
      target.offset &+= count
      left &-= count
    }
  }

  /// What an item's value is as a number (memcached lets spaces follow); nil when it is none.
  func number(of item: Item) -> UInt64? {
    var count = Int(records[Int(item)].valueByteCount)
    guard count > 0, count <= 40 else { return nil }
    var text = InlineArray<40, UInt8>(repeating: 0)
    var cursor = valueCursor(of: item)
    var place = 0
    read(count, at: &cursor) { piece in
      for offset in 0..<piece.byteCount {
        text[place] = piece.byte(at: offset)
        place &+= 1
      }
    }
    while count > 0, text[count &- 1] == 32 { count &-= 1 }
    return Decimal.parse(RawSpan(_elements: text.span).extracting(0..<count))
  }

  /// Makes an item's value a number; false without memory for it. One that gets shorter keeps its
  /// length, with spaces behind the digits, as in memcached.
  func setNumber(_ number: UInt64, of item: Item) -> Bool {
    let digits = Decimal(number)
    let count = Decimal.limit &- digits.start
    let size = Int(records[Int(item)].valueByteCount)
    if count <= size, records[Int(item)].holders == 0 {
      var cursor = valueCursor(of: item)
      write(digits, at: &cursor)
      for _ in count..<size { write(" ", at: &cursor) }
      lastUnique &+= 1
      records[Int(item)].unique = lastUnique
      return true
    }
    let record = records[Int(item)]
    hold(item)
    defer { release(item) }
    let new = withKey(of: item) {
      reserve(
        $0, record.hash, flags: record.flags, expiry: record.expiry, valueByteCount: count)
    }
    guard let new else { return false }
    var cursor = valueCursor(of: new)
    write(digits, at: &cursor)
    link(new, replacing: records[Int(item)].isLinked ? item : nil)
    release(new)
    return true
  }

  private func write(_ digits: Decimal, at cursor: inout Cursor) {
    write(
      RawSpan(_elements: digits.bytes.span).extracting(digits.start..<Decimal.limit), at: &cursor)
  }

  private func write(_ text: StaticString, at cursor: inout Cursor) {
    write(text.bytes, at: &cursor)
  }
}
