// SPDX-License-Identifier: BSD-3-Clause

import Testing

@testable import KVCore

/// The words of memcached's doc/protocol.txt, and what memcached 1.6.18 answers to wrong ones.
@Suite struct ProtocolTests {
  static let conversations: [(String, String)] = [
    ("get a\r\n", "END\r\n"),
    ("set a 5 0 3\r\nabc\r\nget a\r\n", "STORED\r\nVALUE a 5 3\r\nabc\r\nEND\r\n"),
    ("set a 0 0 0\r\n\r\nget a\n", "STORED\r\nVALUE a 0 0\r\n\r\nEND\r\n"),
    (
      "set a 4294967295 0 1\r\nx\r\nset b 1 0 2\r\n\r\n\r\nget  b  a  c \r\n",
      "STORED\r\nSTORED\r\nVALUE b 1 2\r\n\r\n\r\nVALUE a 4294967295 1\r\nx\r\nEND\r\n"
    ),
    ("set a 0 0 1 noreply\r\nx\r\nget a\r\n", "VALUE a 0 1\r\nx\r\nEND\r\n"),
    (
      "add a 0 0 1\r\n1\r\nadd a 0 0 1\r\n2\r\nreplace a 7 0 1\r\n3\r\nreplace b 0 0 1\r\n4\r\nget a b\r\n",
      "STORED\r\nNOT_STORED\r\nSTORED\r\nNOT_STORED\r\nVALUE a 7 1\r\n3\r\nEND\r\n"
    ),
    (
      "append a 0 0 1\r\nx\r\nset a 3 0 2\r\nbc\r\nappend a 9 9 1\r\nd\r\nprepend a 0 0 1\r\na\r\nget a\r\n",
      "NOT_STORED\r\nSTORED\r\nSTORED\r\nSTORED\r\nVALUE a 3 4\r\nabcd\r\nEND\r\n"
    ),
    (
      "cas a 0 0 1 1\r\nx\r\nset a 0 0 1\r\n1\r\ngets a\r\ncas a 0 0 1 1\r\n2\r\ncas a 0 0 1 1\r\n3\r\ngets a\r\n",
      "NOT_FOUND\r\nSTORED\r\nVALUE a 0 1 1\r\n1\r\nEND\r\nSTORED\r\nEXISTS\r\nVALUE a 0 1 2\r\n2\r\nEND\r\n"
    ),
    (
      "delete a\r\nset a 0 0 1\r\nx\r\ndelete a\r\nget a\r\nset a 0 0 1\r\nx\r\ndelete a 0\r\ndelete a noreply\r\n",
      "NOT_FOUND\r\nSTORED\r\nDELETED\r\nEND\r\nSTORED\r\nDELETED\r\n"
    ),
    (
      "delete a 1\r\ndelete\r\ndelete a 0 x\r\n",
      "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\nERROR\r\n"
        + "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n"
    ),
    (
      "incr n 1\r\nset n 0 0 2\r\n10\r\nincr n 5\r\ndecr n 6\r\nget n\r\ndecr n 100\r\n",
      "NOT_FOUND\r\nSTORED\r\n15\r\n9\r\nVALUE n 0 2\r\n9 \r\nEND\r\n0\r\n"
    ),
    (
      "set n 0 0 20\r\n18446744073709551615\r\nincr n 1\r\nincr n x\r\nincr n -1\r\nincr n\r\n",
      "STORED\r\n0\r\nCLIENT_ERROR invalid numeric delta argument\r\n"
        + "CLIENT_ERROR invalid numeric delta argument\r\nERROR\r\n"
    ),
    (
      "set n 0 0 1\r\n9\r\nincr n 91\r\nget n\r\nset n 0 0 1\r\nx\r\nincr n 1\r\nincr n 1 noreply\r\n",
      "STORED\r\n100\r\nVALUE n 0 3\r\n100\r\nEND\r\nSTORED\r\n"
        + "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n"
    ),
    (
      "touch a 1\r\nset a 0 0 1\r\nx\r\ntouch a 100\r\ntouch a x\r\ntouch a\r\ngat 5 a b\r\ngats 0 a\r\n",
      "NOT_FOUND\r\nSTORED\r\nTOUCHED\r\nCLIENT_ERROR invalid exptime argument\r\nERROR\r\n"
        + "VALUE a 0 1\r\nx\r\nEND\r\nVALUE a 0 1 1\r\nx\r\nEND\r\n"
    ),
    (
      "set a 0 0 1\r\nx\r\nflush_all\r\nget a\r\nset a 0 0 1\r\ny\r\nget a\r\nflush_all noreply\r\nflush_all x\r\n",
      "STORED\r\nOK\r\nEND\r\nSTORED\r\nVALUE a 0 1\r\ny\r\nEND\r\nCLIENT_ERROR bad command line format\r\n"
    ),
    ("set a 0 -1 1\r\nx\r\nget a\r\n", "STORED\r\nEND\r\n"),
    ("version\r\nverbosity 1\r\nverbosity\r\n", "VERSION 1.6.0-martlet\r\nOK\r\nERROR\r\n"),
    ("\r\nfoo\r\nGET a\r\nget\r\ngets\r\nget \r\ngat 1\r\n", String(repeating: "ERROR\r\n", count: 7)),
    ("set a 0 0\r\nset a 0 0 1 2 3\r\n", "ERROR\r\nERROR\r\n"),
    (
      "set a x 0 1\r\nset a 0 x 1\r\nset a 0 0 x\r\nset a 0 0 -1\r\nset a -1 0 1\r\nset a 4294967296 0 1\r\ncas a 0 0 1 x\r\n",
      String(repeating: "CLIENT_ERROR bad command line format\r\n", count: 7)
    ),
    // Two bytes are read behind the value, whatever they are.
    ("set a 0 0 3\r\nabcdef\r\nget a\r\n", "CLIENT_ERROR bad data chunk\r\nERROR\r\nEND\r\n"),
    (
      "set \(String(repeating: "k", count: 250)) 0 0 1\r\nx\r\nget \(String(repeating: "k", count: 250))\r\n",
      "STORED\r\nVALUE \(String(repeating: "k", count: 250)) 0 1\r\nx\r\nEND\r\n"
    ),
    (
      "set \(String(repeating: "k", count: 251)) 0 0 1\r\n",
      "CLIENT_ERROR bad command line format\r\n"
    ),
    (
      "get a \(String(repeating: "k", count: 251)) b\r\nget a\r\n",
      "CLIENT_ERROR bad command line format\r\nEND\r\n"
    ),
    ("quit\r\nget a\r\n", ""),
    ("stats reset\r\nstats items\r\nstats what\r\n", "RESET\r\nEND\r\nERROR\r\n"),
    (String(repeating: "x", count: 3000), "CLIENT_ERROR line too long\r\n"),
  ]

  @Test(arguments: conversations)
  func answers(_ said: String, _ wanted: String) {
    var conversation = Conversation(.test())
    #expect(conversation.say(said) == wanted)
    #expect(conversation.store.contradiction == nil)
  }

  @Test(arguments: conversations)
  func answersAlikeWhenBytesComeOneByOne(_ said: String, _ wanted: String) {
    for (pieces, limit) in [(1, Session.replyLimit), (7, Session.replyLimit + 3)] {
      var conversation = Conversation(.test(), sinkLimit: limit)
      #expect(conversation.say(said, pieces: pieces) == wanted)
      #expect(conversation.store.contradiction == nil)
    }
  }

  @Test func keepsLargeValues() {
    var conversation = Conversation(.test(kibibytes: 4096), sinkLimit: 5000)
    let value = (0..<ItemStore.valueLimit).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    let head = Array("set big 0 0 \(value.count)\r\n".utf8)
    let end = Array("\r\n".utf8)
    #expect(conversation.say(head + value + end, pieces: 1460) == Array("STORED\r\n".utf8))
    let wanted = Array("VALUE big 0 \(value.count)\r\n".utf8) + value + Array("\r\nEND\r\n".utf8)
    #expect(conversation.say(Array("get big\r\n".utf8)) == wanted)
  }

  @Test func refusesWhatIsTooLarge() {
    let store = ItemStore.test(kibibytes: 16)
    var conversation = Conversation(store)
    _ = conversation.say("set a 0 0 1\r\nx\r\n")
    let size = ItemStore.valueLimit + 1
    let value = String(repeating: "v", count: size)
    #expect(
      conversation.say("set a 0 0 \(size)\r\n\(value)\r\nget a\r\n", pieces: 10_000)
        == "SERVER_ERROR object too large for cache\r\nEND\r\n")
    let half = String(repeating: "v", count: 20_000)
    #expect(
      conversation.say("set b 0 0 20000\r\n\(half)\r\nget b\r\n")
        == "SERVER_ERROR out of memory storing object\r\nEND\r\n")
    #expect(store.contradiction == nil)
  }

  @Test func servesMoreKeysThanALineHolds() {
    var conversation = Conversation(.test())
    _ = conversation.say("set k 0 0 1\r\nx\r\n")
    let keys = String(repeating: "k ", count: 20_000)
    let wanted = String(repeating: "VALUE k 0 1\r\nx\r\n", count: 20_000) + "END\r\n"
    #expect(conversation.say("get \(keys)\r\n", pieces: 1000) == wanted)
  }

  @Test func tellsStatistics() {
    var conversation = Conversation(.test())
    let said = conversation.say("set a 0 0 1\r\nx\r\nget a b\r\ndelete c\r\nstats\r\n")
    for line in [
      "cmd_get 2", "cmd_set 1", "get_hits 1", "get_misses 1", "delete_misses 1", "curr_items 1",
      "bytes 2", "limit_maxbytes 1048576",
    ] {
      #expect(said.contains("STAT \(line)\r\n"))
    }
    #expect(said.hasSuffix("END\r\n"))
  }

  @Test func gathersDatagrams() {
    let store = ItemStore.test()
    func ask(_ text: String, count: UInt8 = 1) -> String {
      let bytes = [0x12, 0x34, 0, 0, 0, count, 0, 0] + Array(text.utf8)
      var sink = TestSink(limit: 1 << 20)
      let span = RawSpan(_elements: bytes.span)
      Session.serve(
        datagram: span, DatagramFrame(parsing: span)!, store, now: 1_800_000_000, to: &sink)
      return String(decoding: sink.said, as: UTF8.self)
    }
    #expect(ask("set a 0 0 1\r\nx\r\nget a\r\n") == "STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n")
    #expect(ask("get a") == "", "the line has no end")
    #expect(ask("set a 0 0 9\r\nxy\r\n") == "CLIENT_ERROR bad data chunk\r\n")
    #expect(ask("get a\r\n", count: 2) == "SERVER_ERROR multi-packet request not supported\r\n")
    #expect(store.contradiction == nil)
    let short = [UInt8](repeating: 1, count: 7)
    #expect(DatagramFrame(parsing: RawSpan(_elements: short.span)) == nil)
  }
}
