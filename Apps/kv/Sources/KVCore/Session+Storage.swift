// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// `set`, `add`, `replace`, `append`, `prepend` and `cas`.
extension Session {
  private static var badLine: StaticString { "CLIENT_ERROR bad command line format\r\n" }

  /// Takes the words behind the command's name, and makes room for the value. False when there are
  /// too few or too many words.
  mutating func takeStorage<Sink: ReplySink & ~Copyable>(
    _ mode: Mode, _ line: borrowing Words, now: UInt32, to sink: inout Sink
  ) -> Bool {
    var words = copy line
    let wanted = mode == .swap ? 5 : 4
    let count = words.count
    guard count == wanted || count == wanted &+ 1, let key = words.next(),
      let flagsText = words.next(), let timeText = words.next(), let countText = words.next()
    else { return false }
    guard key.byteCount <= ItemStore.keyLimit, let flags = Decimal.parse(flagsText),
      flags <= UInt64(UInt32.max), let seconds = Decimal.parseSigned(timeText),
      let size = Decimal.parse(countText), size <= UInt64(Int32.max) - 2
    else {
      reply(Self.badLine, to: &sink)
      return true
    }
    var unique: UInt64 = 0
    if mode == .swap {
      guard let text = words.next(), let number = Decimal.parse(text) else {
        reply(Self.badLine, to: &sink)
        return true
      }
      unique = number
    }
    store.statistics.sets &+= 1
    let hash = store.hash(key)
    let room = Int(size)
    guard room <= ItemStore.valueLimit,
      let item = store.reserve(
        key, hash, flags: UInt32(flags), expiry: ItemStore.expiry(after: seconds, now: now),
        valueByteCount: room)
    else {
      if room > ItemStore.valueLimit {
        reply("SERVER_ERROR object too large for cache\r\n", to: &sink)
      } else {
        reply("SERVER_ERROR out of memory storing object\r\n", to: &sink)
      }
      // The old value must not outlive a newer one that had no room.
      if mode == .set, let old = store.find(key, hash, now: now) { store.remove(old) }
      state = .unwanted(room &+ 2)
      return true
    }
    state = .value(
      Incoming(
        item: item, cursor: store.valueCursor(of: item), missing: room &+ 2, mode: mode,
        unique: unique))
    return true
  }

  /// Takes bytes of a value; false when more must come.
  mutating func takeValue<Sink: ReplySink & ~Copyable>(
    _ value: Incoming, _ input: RawSpan, _ consumed: inout Int, now: UInt32, to sink: inout Sink
  ) -> Bool {
    var value = value
    if value.missing > 2 {
      let part = min(value.missing &- 2, input.byteCount &- consumed)
      store.write(input.extracting(consumed..<consumed &+ part), at: &value.cursor)
      consumed &+= part
      value.missing &-= part
      state = .value(value)
    }
    guard value.missing == 2, input.byteCount &- consumed >= 2 else { return false }
    let isEnded = input.littleEndian(at: consumed, as: UInt16.self) == 0x0a0d
    consumed &+= 2
    state = .command
    if isEnded {
      finish(value, now: now, to: &sink)
    } else {
      reply("CLIENT_ERROR bad data chunk\r\n", to: &sink)
    }
    store.release(value.item)
    return true
  }

  /// Stores a value that is all there, if its mode allows it.
  private mutating func finish<Sink: ReplySink & ~Copyable>(
    _ value: Incoming, now: UInt32, to sink: inout Sink
  ) {
    let hash = store.records[Int(value.item)].hash
    let old = store.withKey(of: value.item) { store.find($0, hash, now: now) }
    switch value.mode {
    case .set: break
    case .add:
      // One that is there counts as used (memcached does so).
      if let old { store.touch(old) }
      guard old == nil else { return reply("NOT_STORED\r\n", to: &sink) }
    case .replace, .append, .prepend:
      guard let old else { return reply("NOT_STORED\r\n", to: &sink) }
      if value.mode != .replace {
        guard let joined = store.join(old, value.item, isBehind: value.mode == .append) else {
          return reply("SERVER_ERROR out of memory storing object\r\n", to: &sink)
        }
        store.link(joined, replacing: old)
        store.release(joined)
        return reply("STORED\r\n", to: &sink)
      }
    case .swap:
      store.statistics.swaps &+= 1
      guard let old else { return reply("NOT_FOUND\r\n", to: &sink) }
      guard store.records[Int(old)].unique == value.unique else {
        store.statistics.swapMismatches &+= 1
        return reply("EXISTS\r\n", to: &sink)
      }
      store.statistics.swapHits &+= 1
    }
    store.link(value.item, replacing: old)
    reply("STORED\r\n", to: &sink)
  }
}
