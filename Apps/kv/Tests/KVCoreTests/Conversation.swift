// SPDX-License-Identifier: BSD-3-Clause

import Bytes

@testable import KVCore

/// A sink that gives away what it has whenever it is full.
struct TestSink: ReplySink, ~Copyable {
  var said: [UInt8] = []
  var limit: Int
  var held = 0

  init(limit: Int) { self.limit = limit }

  var room: Int { limit - held }
  var contiguousRoom: Int { room }

  mutating func append(_ bytes: RawSpan) {
    precondition(bytes.byteCount <= room, "more than there is room for")
    for offset in 0..<bytes.byteCount { said.append(bytes.byte(at: offset)) }
    held += bytes.byteCount
  }

  mutating func fill(_ limit: Int, _ body: (inout MutableRawSpan) -> Int) {
    precondition(limit <= contiguousRoom, "more than there is room for")
    var part = [UInt8](repeating: 0xee, count: limit)
    var elements = part.mutableSpan
    var target = MutableRawSpan(_elements: &elements)
    let count = body(&target)
    said += part[..<count]
    held += count
  }
}

/// Two sides of a session, whose bytes come in pieces of a size and go out through a sink of a size.
struct Conversation: ~Copyable {
  let store: ItemStore
  var session: Session
  var sink: TestSink
  var now: UInt32 = 1_800_000_000
  var waiting: [UInt8] = []
  var isOver = false

  init(_ store: ItemStore, sinkLimit: Int = 1 << 21) {
    self.store = store
    session = Session(store)
    sink = TestSink(limit: sinkLimit)
  }

  /// What the server answers to bytes.
  mutating func say(_ bytes: [UInt8], pieces: Int = .max) -> [UInt8] {
    sink.said = []
    var rest = bytes[...]
    while !rest.isEmpty, !isOver {
      waiting += rest.prefix(pieces)
      rest = rest.dropFirst(pieces)
      var consumed = 0
      let input = waiting
      serving: while true {
        switch session.advance(RawSpan(_elements: input.span), &consumed, now: now, to: &sink) {
        case .needsInput: break serving
        case .needsOutput: sink.held = 0
        case .isOver:
          isOver = true
          break serving
        }
      }
      waiting.removeFirst(consumed)
      sink.held = 0
    }
    return sink.said
  }

  mutating func say(_ text: String, pieces: Int = .max) -> String {
    String(decoding: say(Array(text.utf8), pieces: pieces), as: UTF8.self)
  }
}

extension ItemStore {
  static func test(kibibytes: Int = 1024) -> ItemStore {
    ItemStore(byteCount: kibibytes << 10, seed: 0x1234_5678_9abc_def0, now: 1_800_000_000)
  }

  /// What is wrong with the lists and counts; nil when they agree.
  var contradiction: String? {
    var freeChunks = 0
    var chunk = firstFree
    while chunk != Self.none {
      freeChunks += 1
      chunk = records[Int(chunk)].next
    }
    if freeChunks != freeCount { return "\(freeChunks) chunks are free, not \(freeCount)" }
    var used = 0
    var items: Set<Item> = []
    var item = oldest
    while item != Self.none {
      items.insert(item)
      var part = item
      var count = 0
      while part != Self.none {
        count += 1
        part = records[Int(part)].next
      }
      let record = records[Int(item)]
      let size = Int(record.keyByteCount) + Int(record.valueByteCount)
      if count != max(1, (size + 127) / 128) { return "an item has \(count) chunks" }
      if !record.isLinked { return "an item is in use, but cannot be found" }
      used += count
      item = record.newer
    }
    if items.count != Int(statistics.itemCount) { return "the count of items is wrong" }
    var found = 0
    for bucket in 0..<buckets.count {
      var item = buckets[bucket]
      while item != Self.none {
        if !items.contains(item) { return "a bucket has an item that is not in use" }
        found += 1
        item = records[Int(item)].chain
      }
    }
    if found != items.count { return "the buckets have \(found) items" }
    if used + freeChunks != records.count { return "chunks are lost" }
    return nil
  }
}
