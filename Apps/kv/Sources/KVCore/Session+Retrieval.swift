// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// `get`, `gets`, `gat` and `gats`.
extension Session {
  /// Serves the next key of a retrieval; false when it is not all there.
  @inline(__always)
  mutating func takeKey<Sink: ReplySink & ~Copyable>(
    _ input: RawSpan, _ consumed: inout Int, now: UInt32, to sink: inout Sink
  ) -> Bool {
    var start = consumed
    while start < input.byteCount, input.byte(at: start) == 32 { start &+= 1 }
    consumed = start
    var end = start
    while end < input.byteCount, input.byte(at: end) != 32, input.byte(at: end) != 10 { end &+= 1 }
    guard end < input.byteCount else {
      if end &- start > ItemStore.keyLimit &+ 1 { refuseKey(to: &sink) }
      return end &- start > ItemStore.keyLimit &+ 1
    }
    let isLast = input.byte(at: end) == 10
    var last = end
    if isLast, last > start, input.byte(at: last &- 1) == 13 { last &-= 1 }
    if last > start {
      guard last &- start <= ItemStore.keyLimit else {
        refuseKey(to: &sink)
        return true
      }
      retrieval.keyCount &+= 1
      serve(input.extracting(start..<last), now: now, to: &sink)
    }
    // The line's end is served when the value is out, in a turn of its own.
    consumed = isLast && last > start ? end : end &+ (isLast ? 1 : 0)
    if isLast, last == start {
      endRetrieval(to: &sink)
    } else if isLast, outgoing == nil {
      consumed = end &+ 1
      endRetrieval(to: &sink)
    }
    return true
  }

  private mutating func endRetrieval<Sink: ReplySink & ~Copyable>(to sink: inout Sink) {
    state = .command
    if retrieval.keyCount == 0 { sink.append("ERROR\r\n") } else { sink.append("END\r\n") }
  }

  private mutating func refuseKey<Sink: ReplySink & ~Copyable>(to sink: inout Sink) {
    sink.append("CLIENT_ERROR bad command line format\r\n")
    state = .unwantedLine
  }

  /// Looks a key up, and tells its value.
  @inline(__always)
  private mutating func serve<Sink: ReplySink & ~Copyable>(
    _ key: RawSpan, now: UInt32, to sink: inout Sink
  ) {
    store.statistics.gets &+= 1
    guard let item = store.find(key, store.hash(key), now: now) else { return }
    store.statistics.getHits &+= 1
    store.touch(item)
    if retrieval.touches {
      store.statistics.touches &+= 1
      store.statistics.touchHits &+= 1
      store.records[Int(item)].expiry = ItemStore.expiry(after: retrieval.seconds, now: now)
    }
    let count = Int(store.records[Int(item)].valueByteCount)
    // "VALUE ", three numbers, their spaces and two line ends are less than 80 bytes.
    let limit = key.byteCount &+ count &+ 80
    var cursor = store.valueCursor(of: item)
    if limit <= sink.contiguousRoom {
      sink.fill(limit) { target in
        var place = writeHead(item, key, in: &target)
        store.read(count, at: &cursor) { piece in
          target.copy(piece, at: place)
          place &+= piece.byteCount
        }
        target.storeLittleEndian(UInt16(0x0a0d), at: place)
        return place &+ 2
      }
      return
    }
    var head = InlineArray<330, UInt8>(repeating: 0)
    var elements = head.mutableSpan
    var target = MutableRawSpan(_elements: &elements)
    let headCount = writeHead(item, key, in: &target)
    sink.append(target.bytes.extracting(0..<headCount))
    store.hold(item)
    outgoing = Outgoing(item: item, cursor: cursor, missing: count)
  }

  /// Writes "VALUE key flags bytes [unique]" with its line end; returns its length.
  @inline(__always)
  private func writeHead(
    _ item: ItemStore.Item, _ key: RawSpan, in target: inout MutableRawSpan
  ) -> Int {
    // "VALUE " and two bytes that the key covers.
    target.storeLittleEndian(UInt64(0x2020_2045_554c_4156), at: 0)
    target.copy(key, at: 6)
    var place = 6 &+ key.byteCount
    target.storeLittleEndian(UInt8(32), at: place)
    place = Decimal.write(UInt64(store.records[Int(item)].flags), in: &target, at: place &+ 1)
    target.storeLittleEndian(UInt8(32), at: place)
    let count = store.records[Int(item)].valueByteCount
    place = Decimal.write(
      UInt64(truncatingIfNeeded: count), in: &target, at: place &+ 1)
    if retrieval.isUnique {
      target.storeLittleEndian(UInt8(32), at: place)
      place = Decimal.write(store.records[Int(item)].unique, in: &target, at: place &+ 1)
    }
    target.storeLittleEndian(UInt16(0x0a0d), at: place)
    return place &+ 2
  }

  /// Sends on the value that is on its way, as far as there is room; false when some is left.
  mutating func sendValue<Sink: ReplySink & ~Copyable>(to sink: inout Sink) -> Bool {
    guard var value = outgoing else { return true }
    let part = min(value.missing, sink.room)
    store.read(part, at: &value.cursor) { sink.append($0) }
    value.missing &-= part
    outgoing = value
    guard value.missing == 0, sink.room >= 2 else { return false }
    sink.append("\r\n")
    store.release(value.item)
    outgoing = nil
    return true
  }
}
