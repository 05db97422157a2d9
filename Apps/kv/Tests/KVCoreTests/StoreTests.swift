// SPDX-License-Identifier: BSD-3-Clause

import Testing

@testable import KVCore

/// The same numbers in each run.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return value ^ value >> 31
  }
}

@Suite struct StoreTests {
  @Test func expires() {
    var conversation = Conversation(.test())
    let now = conversation.now
    _ = conversation.say("set a 0 10 1\r\nx\r\nset b 0 \(now + 20) 1\r\ny\r\nset c 0 2592001 1\r\nz\r\n")
    #expect(conversation.say("get a b c\r\n") == "VALUE a 0 1\r\nx\r\nVALUE b 0 1\r\ny\r\nEND\r\n")
    conversation.now = now + 9
    #expect(conversation.say("get a\r\n") == "VALUE a 0 1\r\nx\r\nEND\r\n")
    conversation.now = now + 10
    #expect(conversation.say("get a b\r\ntouch b 100\r\n") == "VALUE b 0 1\r\ny\r\nEND\r\nTOUCHED\r\n")
    conversation.now = now + 109
    #expect(conversation.say("get b\r\n") == "VALUE b 0 1\r\ny\r\nEND\r\n")
    conversation.now = now + 110
    #expect(conversation.say("get b\r\n") == "END\r\n")
    #expect(conversation.store.contradiction == nil)
  }

  @Test func flushesLater() {
    var conversation = Conversation(.test())
    _ = conversation.say("set a 0 0 1\r\nx\r\nflush_all 5\r\nset b 0 0 1\r\ny\r\n")
    #expect(conversation.say("get a b\r\n") == "VALUE a 0 1\r\nx\r\nVALUE b 0 1\r\ny\r\nEND\r\n")
    conversation.now += 5
    #expect(conversation.say("set c 0 0 1\r\nz\r\nget a b c\r\n") == "STORED\r\nVALUE c 0 1\r\nz\r\nEND\r\n")
  }

  @Test func makesRoomByTheOrderOfUse() {
    let store = ItemStore(byteCount: 128 * 10, seed: 1, now: 0)
    var conversation = Conversation(store)
    for number in 0..<10 { _ = conversation.say("set k\(number) 0 0 1\r\n\(number)\r\n") }
    #expect(conversation.say("get k0\r\n") == "VALUE k0 0 1\r\n0\r\nEND\r\n")
    _ = conversation.say("set new 0 0 200\r\n\(String(repeating: "n", count: 200))\r\n")
    #expect(
      conversation.say("get k0 k1 k2 k3\r\n") == "VALUE k0 0 1\r\n0\r\nVALUE k3 0 1\r\n3\r\nEND\r\n")
    #expect(store.statistics.evictions == 2)
    #expect(store.contradiction == nil)
  }

  @Test func keepsAValueThatIsBeingRead() {
    let store = ItemStore.test(kibibytes: 64)
    var reader = Session(store)
    var sink = TestSink(limit: Session.replyLimit)
    var writer = Conversation(store)
    let value = String(repeating: "abcdefgh", count: 1000)
    _ = writer.say("set a 0 0 8000\r\n\(value)\r\n")
    let command = Array("get a\r\n".utf8)
    var consumed = 0
    var changes = 0
    loop: while true {
      switch reader.advance(
        RawSpan(_elements: command.span), &consumed, now: writer.now, to: &sink)
      {
      case .needsOutput:
        sink.held = 0
        // Replaced, thrown away, and all other memory written over.
        _ = writer.say("set a 0 0 1\r\nx\r\ndelete a\r\n")
        for number in 0..<600 { _ = writer.say("set f\(number) 0 0 90\r\n\(String(repeating: "f", count: 90))\r\n") }
        changes += 1
      case .needsInput, .isOver: break loop
      }
    }
    #expect(changes > 2)
    #expect(String(decoding: sink.said, as: UTF8.self) == "VALUE a 0 8000\r\n\(value)\r\nEND\r\n")
    #expect(store.contradiction == nil)
  }

  /// Random commands against a dictionary.
  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func agreesWithAModel(_ seed: UInt64) {
    var random = SeededGenerator(state: seed)
    let store = ItemStore.test(kibibytes: 2048)
    var conversation = Conversation(store, sinkLimit: 3000)
    var model: [String: (flags: Int, value: String, end: UInt32)] = [:]
    func live(_ key: String, _ now: UInt32) -> Bool {
      model[key].map { $0.end == 0 || $0.end > now } ?? false
    }
    for _ in 0..<4000 {
      let now = conversation.now
      let key = "key\(Int.random(in: 0..<60, using: &random))"
      let size = Int.random(in: 0...Int.random(in: 1...700, using: &random), using: &random)
      let value = String(repeating: Character(UnicodeScalar(UInt8.random(in: 97...122, using: &random))), count: size)
      let flags = Int.random(in: 0...70_000, using: &random)
      let time = Int.random(in: 0...3, using: &random) == 0 ? Int.random(in: 1...20, using: &random) : 0
      let end = time == 0 ? 0 : now + UInt32(time)
      let there = live(key, now)
      var wanted = ""
      var said = ""
      switch Int.random(in: 0..<9, using: &random) {
      case 0, 1:
        said = "set \(key) \(flags) \(time) \(size)\r\n\(value)\r\n"
        model[key] = (flags, value, end)
        wanted = "STORED\r\n"
      case 2:
        said = "add \(key) \(flags) \(time) \(size)\r\n\(value)\r\n"
        if !there { model[key] = (flags, value, end) }
        wanted = there ? "NOT_STORED\r\n" : "STORED\r\n"
      case 3:
        said = "replace \(key) \(flags) \(time) \(size)\r\n\(value)\r\n"
        if there { model[key] = (flags, value, end) }
        wanted = there ? "STORED\r\n" : "NOT_STORED\r\n"
      case 4:
        let isBehind = Bool.random(using: &random)
        said = "\(isBehind ? "append" : "prepend") \(key) 0 0 \(size)\r\n\(value)\r\n"
        if there, let old = model[key] {
          model[key] = (old.flags, isBehind ? old.value + value : value + old.value, old.end)
        }
        wanted = there ? "STORED\r\n" : "NOT_STORED\r\n"
      case 5:
        said = "delete \(key)\r\n"
        model[key] = nil
        wanted = there ? "DELETED\r\n" : "NOT_FOUND\r\n"
      case 6:
        conversation.now += UInt32.random(in: 0...2, using: &random)
        said = "touch \(key) \(time)\r\n"
        let isThere = live(key, conversation.now)
        if isThere { model[key]?.end = time == 0 ? 0 : conversation.now + UInt32(time) }
        wanted = isThere ? "TOUCHED\r\n" : "NOT_FOUND\r\n"
      default:
        let keys = [key, "key\(Int.random(in: 0..<60, using: &random))"]
        said = "get \(keys.joined(separator: " "))\r\n"
        for key in keys where live(key, now) {
          wanted += "VALUE \(key) \(model[key]!.flags) \(model[key]!.value.utf8.count)\r\n\(model[key]!.value)\r\n"
        }
        wanted += "END\r\n"
      }
      let answer = conversation.say(said, pieces: Int.random(in: 1...900, using: &random))
      guard answer == wanted else {
        Issue.record("\(said.prefix(60)): \(answer.prefix(100)) instead of \(wanted.prefix(100))")
        return
      }
    }
    #expect(store.contradiction == nil)
    #expect(store.statistics.evictions == 0)
  }

  /// What comes whole is served in another way than what comes in pieces: each must find what the
  /// other has stored, whatever the lengths of key and value.
  @Test func servesWholeCommandsAndPiecesAlike() {
    let store = ItemStore.test()
    for keyCount in 1...131 {
      var conversation = Conversation(store)
      // Of neighbouring keys one is the beginning of the other.
      let key = String((0..<keyCount).map { Character(UnicodeScalar(UInt8(97 + $0 * 7 % 26))) })
      for (valueCount, pieces) in [(0, 1), (1, .max), (17, 1), (96, .max), (97, 3), (200, .max)] {
        let value = String(repeating: "v", count: valueCount)
        let expected = "VALUE \(key) \(valueCount) \(valueCount)\r\n\(value)\r\nEND\r\n"
        let set = "set \(key) \(valueCount) 0 \(valueCount)\r\n\(value)\r\n"
        #expect(conversation.say(set, pieces: pieces) == "STORED\r\n")
        #expect(conversation.say("get \(key)\r\n") == expected)
        #expect(conversation.say("get \(key)\r\n", pieces: 1) == expected)
      }
    }
    #expect(store.statistics.itemCount == 131 && store.statistics.totalItems == 131 * 6)
    #expect(store.lastUnique == 131 * 6 && store.statistics.gets == store.statistics.getHits)
    #expect(store.contradiction == nil)
  }

  /// Bytes that nobody would send, in a store that is much too small.
  @Test(arguments: 0..<40 as Range<UInt64>)
  func survivesAnything(_ seed: UInt64) {
    var random = SeededGenerator(state: seed &+ 99)
    let store = ItemStore(byteCount: 128 * 40, seed: seed, now: 0)
    let words = [
      "get", "gets", "gat", "set", "add", "cas", "append", "prepend", "replace", "incr", "decr",
      "delete", "touch", "flush_all", "stats", "verbosity", "noreply", "a", "b", "c", "0", "1", "7",
      "300", "-1", "4294967295", "18446744073709551615", "99999999999999999999999", "\r\n", "\r\n",
      "\n", "\r", " ", "\0", String(repeating: "k", count: 251), String(repeating: "9", count: 140),
    ]
    for _ in 0..<6 {
      var conversation = Conversation(store, sinkLimit: Session.replyLimit + Int(seed))
      conversation.now = UInt32(seed)
      var said: [UInt8] = []
      for _ in 0..<300 {
        said += Array(words.randomElement(using: &random)!.utf8)
        said.append(UInt8.random(in: 0..<20, using: &random) == 0 ? UInt8.random(in: 0...255, using: &random) : 32)
        if Bool.random(using: &random) { said += [13, 10] }
      }
      let whole = conversation.say(said, pieces: Int.random(in: 1...64, using: &random))
      _ = whole
    }
    #expect(store.contradiction == nil)
  }
}
