// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// Command lines.
extension Session {
  /// The first four bytes of a name, as one number.
  private static func name(_ text: StaticString) -> UInt32 {
    text.bytes.littleEndian(at: 0)
  }

  /// Begins the command at `consumed`; false when its line is not all there.
  @inline(__always)
  mutating func takeCommand<Sink: ReplySink & ~Copyable>(
    _ input: RawSpan, _ consumed: inout Int, now: UInt32, to sink: inout Sink
  ) -> Bool {
    // The most usual one needs no whole line: its keys are served as they come.
    if input.byteCount &- consumed >= 4,
      input.littleEndian(at: consumed, as: UInt32.self) == 0x2074_6567  // "get "
    {
      consumed &+= 4
      return begin(Retrieval())
    }
    return takeLine(input, &consumed, now: now, to: &sink)
  }

  mutating func begin(_ retrieval: Retrieval) -> Bool {
    self.retrieval = retrieval
    state = .keys
    return true
  }

  private mutating func takeLine<Sink: ReplySink & ~Copyable>(
    _ input: RawSpan, _ consumed: inout Int, now: UInt32, to sink: inout Sink
  ) -> Bool {
    let start = consumed
    if let retrieval = Words.retrieval(input, &consumed) { return begin(retrieval) }
    consumed = start
    guard let end = Self.lineEnd(input, from: start) else {
      guard input.byteCount &- start > Self.lineLimit else { return false }
      sink.append("CLIENT_ERROR line too long\r\n")
      state = .over
      return true
    }
    consumed = end &+ 1
    var last = end
    if last > start, input.byte(at: last &- 1) == 13 { last &-= 1 }
    guard last &- start <= Self.lineLimit else {
      sink.append("CLIENT_ERROR line too long\r\n")
      state = .over
      return true
    }
    run(input.extracting(start..<last), now: now, to: &sink)
    return true
  }

  /// Serves a command line without its end.
  private mutating func run<Sink: ReplySink & ~Copyable>(
    _ line: RawSpan, now: UInt32, to sink: inout Sink
  ) {
    var words = Words(line)
    guard let name = words.next() else { return sink.append("ERROR\r\n") }
    let rest = words
    isSilent = words.lastIs("noreply")
    let isKnown =
      switch name.byteCount {
      case 3: run3(name, rest, now: now, to: &sink)
      case 4: run4(name, rest, now: now, to: &sink)
      case 5: run5(name, rest, now: now, to: &sink)
      default: runLong(name, rest, now: now, to: &sink)
      }
    if !isKnown {
      isSilent = false
      sink.append("ERROR\r\n")
    }
  }

  private mutating func run3<Sink: ReplySink & ~Copyable>(
    _ name: RawSpan, _ words: borrowing Words, now: UInt32, to sink: inout Sink
  ) -> Bool {
    if name.isText("set") { return takeStorage(.set, words, now: now, to: &sink) }
    if name.isText("add") { return takeStorage(.add, words, now: now, to: &sink) }
    if name.isText("cas") { return takeStorage(.swap, words, now: now, to: &sink) }
    return false
  }

  private mutating func run4<Sink: ReplySink & ~Copyable>(
    _ name: RawSpan, _ words: borrowing Words, now: UInt32, to sink: inout Sink
  ) -> Bool {
    if name.isText("incr") { return runStep(adds: true, words, now: now, to: &sink) }
    if name.isText("decr") { return runStep(adds: false, words, now: now, to: &sink) }
    if name.isText("quit"), words.count == 0 {
      state = .over
      return true
    }
    return false
  }

  private mutating func run5<Sink: ReplySink & ~Copyable>(
    _ name: RawSpan, _ words: borrowing Words, now: UInt32, to sink: inout Sink
  ) -> Bool {
    if name.isText("touch") { return runTouch(words, now: now, to: &sink) }
    if name.isText("stats") { return runStatistics(words, now: now, to: &sink) }
    return false
  }

  private mutating func runLong<Sink: ReplySink & ~Copyable>(
    _ name: RawSpan, _ words: borrowing Words, now: UInt32, to sink: inout Sink
  ) -> Bool {
    if name.isText("delete") { return runDelete(words, now: now, to: &sink) }
    if name.isText("replace") { return takeStorage(.replace, words, now: now, to: &sink) }
    if name.isText("append") { return takeStorage(.append, words, now: now, to: &sink) }
    if name.isText("prepend") { return takeStorage(.prepend, words, now: now, to: &sink) }
    if name.isText("flush_all") { return runFlush(words, now: now, to: &sink) }
    if name.isText("version") {
      // Clients read three numbers: those of the protocol that is spoken.
      reply("VERSION 1.6.0-martlet\r\n", to: &sink)
      return true
    }
    if name.isText("verbosity") {
      guard words.count > 0 else { return false }
      reply("OK\r\n", to: &sink)
      return true
    }
    return false
  }
}
