// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// `delete`, `incr`, `decr`, `touch` and `flush_all`.
extension Session {
  private static var badLine: StaticString { "CLIENT_ERROR bad command line format\r\n" }

  /// `delete key [0] [noreply]`; false when there is no key, or there are too many words.
  mutating func runDelete<Sink: ReplySink & ~Copyable>(
    _ line: borrowing Words, now: UInt32, to sink: inout Sink
  ) -> Bool {
    var words = copy line
    let count = words.count
    guard count >= 1, count <= 3, let key = words.next() else { return false }
    if count > 1 {
      let isZero = words.next()?.isText("0") ?? false
      guard count == 2 ? isZero || isSilent : isZero && isSilent else {
        isSilent = false
        sink.append(
          "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n")
        return true
      }
    }
    guard key.byteCount <= ItemStore.keyLimit else {
      reply(Self.badLine, to: &sink)
      return true
    }
    store.statistics.deletes &+= 1
    guard let item = store.find(key, store.hash(key), now: now) else {
      reply("NOT_FOUND\r\n", to: &sink)
      return true
    }
    store.statistics.deleteHits &+= 1
    store.remove(item)
    reply("DELETED\r\n", to: &sink)
    return true
  }

  /// `incr key number [noreply]`, `decr …`.
  mutating func runStep<Sink: ReplySink & ~Copyable>(
    adds: Bool, _ line: borrowing Words, now: UInt32, to sink: inout Sink
  ) -> Bool {
    var words = copy line
    let count = words.count
    guard count == 2 || count == 3, let key = words.next(), let text = words.next() else {
      return false
    }
    guard key.byteCount <= ItemStore.keyLimit else {
      reply(Self.badLine, to: &sink)
      return true
    }
    guard let step = Decimal.parse(text) else {
      reply("CLIENT_ERROR invalid numeric delta argument\r\n", to: &sink)
      return true
    }
    if adds { store.statistics.increments &+= 1 } else { store.statistics.decrements &+= 1 }
    guard let item = store.find(key, store.hash(key), now: now) else {
      reply("NOT_FOUND\r\n", to: &sink)
      return true
    }
    guard let old = store.number(of: item) else {
      reply("CLIENT_ERROR cannot increment or decrement non-numeric value\r\n", to: &sink)
      return true
    }
    if adds { store.statistics.incrementHits &+= 1 } else { store.statistics.decrementHits &+= 1 }
    store.touch(item)
    let new = adds ? old &+ step : old < step ? 0 : old &- step
    guard store.setNumber(new, of: item) else {
      reply("SERVER_ERROR out of memory in incr\r\n", to: &sink)
      return true
    }
    if !isSilent {
      sink.append(new)
      sink.append("\r\n")
    }
    return true
  }

  /// `touch key seconds [noreply]`
  mutating func runTouch<Sink: ReplySink & ~Copyable>(
    _ line: borrowing Words, now: UInt32, to sink: inout Sink
  ) -> Bool {
    var words = copy line
    let count = words.count
    guard count == 2 || count == 3, let key = words.next(), let text = words.next() else {
      return false
    }
    guard key.byteCount <= ItemStore.keyLimit else {
      reply(Self.badLine, to: &sink)
      return true
    }
    guard let seconds = Decimal.parseSigned(text) else {
      reply("CLIENT_ERROR invalid exptime argument\r\n", to: &sink)
      return true
    }
    store.statistics.touches &+= 1
    guard let item = store.find(key, store.hash(key), now: now) else {
      reply("NOT_FOUND\r\n", to: &sink)
      return true
    }
    store.statistics.touchHits &+= 1
    store.touch(item)
    store.records[Int(item)].expiry = ItemStore.expiry(after: seconds, now: now)
    reply("TOUCHED\r\n", to: &sink)
    return true
  }

  /// `flush_all [delay] [noreply]`
  mutating func runFlush<Sink: ReplySink & ~Copyable>(
    _ line: borrowing Words, now: UInt32, to sink: inout Sink
  ) -> Bool {
    var words = copy line
    let count = words.count
    guard count <= 2 else { return false }
    var delay: Int64 = -1
    if let text = words.next(), !text.isText("noreply") {
      guard let seconds = Decimal.parseSigned(text) else {
        reply(Self.badLine, to: &sink)
        return true
      }
      delay = seconds == 0 ? -1 : seconds
    }
    store.statistics.flushes &+= 1
    store.flush(after: delay, now: now)
    reply("OK\r\n", to: &sink)
    return true
  }
}
