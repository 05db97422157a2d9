// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// `stats`.
extension Session {
  /// `stats`, `stats reset`, and the kinds of statistics that there is nothing to tell of.
  mutating func runStatistics<Sink: ReplySink & ~Copyable>(
    _ line: borrowing Words, now: UInt32, to sink: inout Sink
  ) -> Bool {
    var words = copy line
    guard let kind = words.next() else {
      tell(now: now, to: &sink)
      return true
    }
    if kind.isText("reset") {
      store.statistics.reset()
      reply("RESET\r\n", to: &sink)
      return true
    }
    // Slabs and their items are memcached's way of having memory.
    guard
      kind.isText("items") || kind.isText("slabs") || kind.isText("sizes")
        || kind.isText("settings") || kind.isText("conns")
    else { return false }
    reply("END\r\n", to: &sink)
    return true
  }

  private func tell<Sink: ReplySink & ~Copyable>(now: UInt32, to sink: inout Sink) {
    let statistics = store.statistics
    tell("pid", 1, to: &sink)
    tell("uptime", UInt64(now &- store.startTime), to: &sink)
    tell("time", UInt64(now), to: &sink)
    sink.append("STAT version 1.6.0-martlet\r\n")
    tell("pointer_size", 64, to: &sink)
    tell("curr_connections", statistics.openConnections, to: &sink)
    tell("total_connections", statistics.totalConnections, to: &sink)
    tell("cmd_get", statistics.gets, to: &sink)
    tell("cmd_set", statistics.sets, to: &sink)
    tell("cmd_flush", statistics.flushes, to: &sink)
    tell("cmd_touch", statistics.touches, to: &sink)
    tell("get_hits", statistics.getHits, to: &sink)
    tell("get_misses", statistics.gets &- statistics.getHits, to: &sink)
    tell("delete_misses", statistics.deletes &- statistics.deleteHits, to: &sink)
    tell("delete_hits", statistics.deleteHits, to: &sink)
    tell("incr_misses", statistics.increments &- statistics.incrementHits, to: &sink)
    tell("incr_hits", statistics.incrementHits, to: &sink)
    tell("decr_misses", statistics.decrements &- statistics.decrementHits, to: &sink)
    tell("decr_hits", statistics.decrementHits, to: &sink)
    let misses = statistics.swaps &- statistics.swapHits &- statistics.swapMismatches
    tell("cas_misses", misses, to: &sink)
    tell("cas_hits", statistics.swapHits, to: &sink)
    tell("cas_badval", statistics.swapMismatches, to: &sink)
    tell("touch_hits", statistics.touchHits, to: &sink)
    tell("touch_misses", statistics.touches &- statistics.touchHits, to: &sink)
    tell("limit_maxbytes", statistics.byteLimit, to: &sink)
    tell("threads", 1, to: &sink)
    tell("bytes", statistics.byteCount, to: &sink)
    tell("curr_items", statistics.itemCount, to: &sink)
    tell("total_items", statistics.totalItems, to: &sink)
    tell("evictions", statistics.evictions, to: &sink)
    tell("reclaimed", statistics.reclaimed, to: &sink)
    sink.append("END\r\n")
  }

  private func tell<Sink: ReplySink & ~Copyable>(
    _ name: StaticString, _ number: UInt64, to sink: inout Sink
  ) {
    sink.append("STAT ")
    sink.append(name)
    sink.append(" ")
    sink.append(number)
    sink.append("\r\n")
  }
}
