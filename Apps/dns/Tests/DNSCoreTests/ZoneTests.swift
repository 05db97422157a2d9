// SPDX-License-Identifier: BSD-3-Clause

import Testing

@testable import DNSCore

/// Zone files: what they mean, and what is said of mistakes.
@Suite struct ZoneTests {
  static let start = "$ORIGIN z.\n$TTL 60\n@ SOA a b 1 2 3 4 5\n@ NS a\n"

  func refusal(_ text: String, origin: String? = nil) -> String? {
    do {
      _ = try zone(text, origin: origin)
      return nil
    } catch let error as ZoneError {
      var bytes: [UInt8] = []
      error.appendText(to: &bytes)
      return String(decoding: bytes, as: UTF8.self)
    } catch {
      return "\(error)"
    }
  }

  @Test("all of RFC 1035 section 5.1: origins, owners, times, parentheses, comments, escapes")
  func everything() throws {
    let text = """
      ; a comment
      $TTL 1h30m
      @ IN 86400 SOA ns hostmaster (1 ; serial (with a parenthesis
        2h 30m 1w 1d)

      \t 60 IN NS ns ; the class behind the time
      \t IN 61 NS ns.elsewhere.
      ns A 192.0.2.1
      $ORIGIN sub
      x 1H TXT ( "one"
           two ) "th\\"ree" fo\\;ur "\\065\\092" ""
      dot\\.ted A 192.0.2.2
      \\042 A 192.0.2.3
      @ A 192.0.2.4
      www.example. A 192.0.2.5
      UPPER a 192.0.2.6
      """
    let zone = try zone(text, origin: "example")
    #expect(zone.origin == DomainName(text: Array("example".utf8)))
    let responder = Responder(zone)
    let texts = try ask("x.sub.example", 16, in: responder)
    #expect(texts.answers[0].lifetime == 3600)
    // The reader shows the first length's content, the others' lengths are in between.
    #expect(texts.answers[0].data == "one\u{3}two\u{6}th\"ree\u{5}fo;ur\u{2}A\\\u{0}")
    #expect(try ask("example", 2, in: responder).answers.map(\.lifetime) == [60, 60])
    #expect(try ask("example", 6, in: responder).answers[0].lifetime == 86_400)
    #expect(try ask("ns.example", 1, in: responder).answers[0].lifetime == 5400)
    #expect(try ask("*.sub.example", 1, in: responder).answers[0].data == "192.0.2.3")
    #expect(try ask("sub.example", 1, in: responder).answers[0].data == "192.0.2.4")
    #expect(try ask("www.example", 1, in: responder).answers[0].data == "192.0.2.5")
    #expect(try ask("upper.sub.example", 1, in: responder).answers[0].data == "192.0.2.6")
  }

  @Test("names as the file shows them, with dots in labels")
  func names() throws {
    var parser = ZoneParser(Array((Self.start + "a\\.b.c A 192.0.2.1\n").utf8))
    let zone = try parser.parse()
    let name = DomainName(wire: [3, 0x61, 0x2e, 0x62, 1, 0x63, 1, 0x7a, 0])
    #expect(zone.answer(name, .a).answers.count == 1)
    var text: [UInt8] = []
    name.appendText(to: &text)
    #expect(String(decoding: text, as: UTF8.self) == "a\\046b.c.z.")
    text = []
    DomainName.root.appendText(to: &text)
    #expect(text == [0x2e])
    #expect(DomainName(text: Array("a..b".utf8)) == nil)
  }

  @Test("times that are left out are the last one's, or the SOA record's")
  func times() throws {
    let last = Responder(
      try zone(
        "$ORIGIN z.\n@ 77 SOA a b 1 2 3 4 5\n NS a\na A 192.0.2.1\n"
          + "b 5 A 192.0.2.1\nc A 192.0.2.1"))
    #expect(try ask("a.z", 1, in: last).answers[0].lifetime == 77)
    #expect(try ask("c.z", 1, in: last).answers[0].lifetime == 5)
    let start = Responder(try zone("$ORIGIN z.\n@ SOA a b 1 2 3 4 9\n@ 3 NS a\n"))
    #expect(try ask("z", 6, in: start).answers[0].lifetime == 9)
  }

  @Test("a record twice is one; records outside are left out with a word")
  func oddities() throws {
    var parser = ZoneParser(
      Array((Self.start + "x A 192.0.2.1\nx A 192.0.2.1\nother. A 192.0.2.1\n").utf8))
    let zone = try parser.parse()
    #expect(zone.recordCount == 3 && parser.warnings.count == 1)
    #expect(parser.warnings[0].line == 7 && parser.warnings[0].problem == .outside)
  }

  @Test(arguments: [
    ("", "1: the zone has no SOA record"),
    ("$ORIGIN z.\n@ SOA a b 1 2 3 4 5\n", "2: the zone's own name has no NS record"),
    ("@ SOA a b 1 2 3 4 5\n", "1: '@': a name without a dot at its end needs $ORIGIN"),
    ("a. NS b\n", "1: 'b': a name without a dot at its end needs $ORIGIN"),
    (start + "$INCLUDE other\n", "5: $INCLUDE is not supported; put the other"),
    (start + "$GENERATE 1-3 a A 1\n", "5: '$GENERATE': there are $ORIGIN and $TTL"),
    (start + "x A (192.0.2.1\n\n", "5: '(': this parenthesis is not closed"),
    (start + "x A 192.0.2.1)\n", "5: ')': no parenthesis is open"),
    (start + "x TXT \"abc\ny A 192.0.2.1", "5: 'abc': the quotation does not end"),
    (start + "x TXT \"\\300\"", "5: '\\300': behind a backslash"),
    (start + "x TXT \\", "5: '\\': behind a backslash"),
    ("   A 192.0.2.1\n", "1: the first record has no name"),
    (start + "x..y A 192.0.2.1", "5: 'x..y': two dots"),
    (start + "x SOA", "5: the record's data ends too early"),
    (start + "x 5", "5: the record has no type"),
    (start + "x 5 IN BLAH 3", "5: 'BLAH': the types are SOA"),
    (start + "x CH TXT a", "5: 'CH': only the class IN"),
    (start + "x CLASS3 TXT a", "5: 'CLASS3': only the class IN"),
    (start + "x ANY a", "5: 'ANY': the types are"),
    (start + "x TYPE255 \\# 0", "5: 'TYPE255': no record can have this type"),
    (start + "x TYPE99999 \\# 0", "5: 'TYPE99999': the types are"),
    (start + "x A 192.0.2.256", "5: '192.0.2.256': write an address"),
    (start + "x A 192.0.2.1 192.0.2.2", "5: '192.0.2.2': the record's data ends before"),
    (start + "x AAAA 2001:db8:::1", "5: '2001:db8:::1': write an address such as 2001"),
    (start + "x MX 70000 a", "5: '70000': this is no number"),
    (start + "x MX a", "5: 'a': this is no number"),
    (start + "x 3000000000 A 192.0.2.1", "5: '3000000000': a time is"),
    (start + "x 1x A 192.0.2.1", "5: '1x': a time is"),
    (start + "x CAA 0 is-sue a", "5: 'is-sue': a CAA tag"),
    (start + "x TYPE65280 \\# 2 01", "5: write \\#, the number of bytes"),
    (start + "x TYPE65280 \\# 1 0g", "5: '0g': write \\#"),
    (start + "x TYPE65280 hello", "5: 'hello': write \\#"),
    (start + "x A \\# 3 010203", "5: write \\#"),
    (start + "x NS \\# 2 c00c", "5: write \\#"),
    (start + "x CNAME a\nx A 192.0.2.1", "6: 'x.z.': a name with a CNAME record"),
    (start + "x A 192.0.2.1\nx CNAME a", "6: 'x.z.': a name with a CNAME record"),
    (start + "x CNAME a\nx CNAME b", "6: 'x.z.': a name has one CNAME"),
    (start + "@ SOA a b 2 2 3 4 5", "5: 'z.': the zone has a SOA record already"),
    (start + "x SOA a b 2 2 3 4 5", "5: 'x.z.': a SOA record belongs"),
    ("$ORIGIN z.\n@ SOA a b 1 2 3 4 5\n@ NS a\nx A 192.0.2.1", "3: the record has no time"),
  ])
  func mistakesAreNamed(_ text: String, _ message: String) {
    let refusal = refusal(text) ?? "taken"
    #expect(refusal.hasPrefix(message), "\(refusal)")
  }

  @Test func longThings() {
    let label = String(repeating: "l", count: 64)
    let long = refusal(Self.start + "\(label) A 192.0.2.1")
    #expect(long?.contains("a label has at most 63") == true)
    let name = Array(repeating: String(repeating: "l", count: 60), count: 5).joined(separator: ".")
    #expect(refusal(Self.start + "\(name) A 192.0.2.1")?.contains("a name 255") == true)
    let text = String(repeating: "t", count: 256)
    #expect(refusal(Self.start + "x TXT \(text)")?.contains("at most 255 bytes") == true)
  }

  @Test("any change of a zone file: it is taken or refused, and what is taken is served")
  func mutations() throws {
    var random = SeededGenerator(seed: 9)
    let seed = Array(exampleZone.utf8)
    let marks = Array("\n\n\"();\\@.$* 0123456789aAINS#".utf8) + [0, 0x80, 0xff]
    var taken = 0
    for _ in 0..<6000 {
      var text = seed
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        let place = Int.random(in: 0..<text.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: text[place] = marks.randomElement(using: &random)!
        case 1: text.insert(marks.randomElement(using: &random)!, at: place)
        case 2: text.removeSubrange(place..<min(text.count, place + 12))
        default: text.insert(contentsOf: text[place..<min(text.count, place + 40)], at: place)
        }
      }
      var parser = ZoneParser(text)
      do throws(ZoneError) {
        let responder = Responder(try parser.parse())
        for (name, type) in [
          ("example.org", 15), ("www.example.org", 1), ("x.wild.example.org", 1),
          ("a.child.example.org", 1), ("no.example.org", 1),
        ] as [(String, UInt16)] {
          #expect(Reply(responder.answer(query(name, type), over: .datagram)) != nil)
        }
        taken += 1
      } catch {
        #expect(error.line >= 1 && error.line <= text.count { $0 == 10 } + 1)
      }
    }
    #expect(taken > 1000)
  }
}
