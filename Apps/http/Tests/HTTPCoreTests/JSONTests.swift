// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import HTTPCore
import Testing

@Suite struct JSONTests {
  /// The events of a text, in one letter each; strings decoded, numbers as integers.
  private func read(_ bytes: [UInt8], maximumDepth: Int = 32) throws(JSONError) -> String {
    var reader = JSONReader(RawSpan(_elements: bytes.span), maximumDepth: maximumDepth)
    var result = ""
    func decoded(_ string: JSONString, _ reader: borrowing JSONReader) -> String {
      var decoded: [UInt8] = []
      reader.append(string, to: &decoded)
      return text(decoded)
    }
    while let event = try reader.next() {
      switch event {
      case .startObject: result += "{"
      case .endObject: result += "}"
      case .startArray: result += "["
      case .endArray: result += "]"
      case .key(let key): result += decoded(key, reader) + ":"
      case .string(let string): result += "'" + decoded(string, reader) + "'"
      case .number(let number): result += reader.integer(number).map { "#\($0)" } ?? "#?"
      case .bool(let truth): result += truth ? "t" : "f"
      case .null: result += "n"
      }
    }
    return result
  }

  @Test(
    "RFC 8259: what is JSON",
    arguments: [
      ("{}", "{}"), ("[]", "[]"), (" [ 1 , -0 ] ", "[#1#0]"),
      ("{\"a\":{\"b\":[true,null]}}", "{a:{b:[tn]}}"),
      ("\"\"", "''"), ("1e5", "#?"), ("-1.5E+3", "#?"),
      ("9223372036854775807", "#9223372036854775807"),
      ("-9223372036854775808", "#-9223372036854775808"), ("9223372036854775808", "#?"),
      ("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "'\"\\/\u{8}\u{c}\n\r\t'"), ("\"\\u00e9\\u20AC\"", "'é€'"),
      ("\"\\ud83d\\ude00é😀\"", "'😀é😀'"), ("[[],{}]", "[[]{}]"), ("{\"a\":1,\"a\":2}", "{a:#1a:#2}"),
      ("\t\r\n0", "#0"), ("\"\u{7f}\"", "'\u{7f}'"), ("\"\\u0041\"", "'A'"),
    ])
  func valid(_ text: String, _ events: String) throws {
    #expect(try read(octets(text)) == events)
  }

  @Test(
    "RFC 8259: what is not",
    arguments: [
      "", " ", "{", "[", "[1", "[1,", "[1,]", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}", "{,}",
      "{a:1}", "{1:1}", "[1 2]", "1 2", "01", "+1", "-", "1.", ".1", "1e", "1e+", "tru", "True",
      "nul", "nulll", "\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\ud800\"",
      "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\n\"", "\"\t\"", "'a'", "//", "[1]]", "{}}", "]", "}",
      "[}", "{]", "NaN", "Infinity", "0x1", "\u{feff}1", "\u{a0}1", "--1", "[,1]", "{\"a\"1}",
      "{\"a\":}", "\"\0\"",
    ])
  func invalid(_ text: String) {
    #expect(throws: JSONError.self) { try read(octets(text)) }
  }

  @Test(
    "RFC 8259 section 8.1: strings are UTF-8",
    arguments: [
      [0x80], [0xc0, 0x80], [0xc3], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xf0, 0x80, 0x80, 0x80], [0xff], [0xe2, 0x82], [0xf5, 0x80, 0x80, 0x80],
    ] as [[UInt8]])
  func badUTF8(_ bytes: [UInt8]) {
    #expect(throws: JSONError.self) { try read([0x22] + bytes + [0x22]) }
  }

  @Test("RFC 8259 section 9: depth is limited")
  func depth() throws {
    let four = octets("[[{\"a\":[]}]]")
    #expect(try read(four, maximumDepth: 4) == "[[{a:[]}]]")
    #expect(throws: JSONError.self) { try read(four, maximumDepth: 3) }
    let many = [UInt8](repeating: 0x5b, count: 100_000)
    #expect(throws: JSONError.self) { try read(many, maximumDepth: .max) }
  }

  @Test func writes() throws {
    var output: [UInt8] = []
    var json = JSONWriter()
    json.startObject(into: &output)
    json.key("a\"\\\n", into: &output)
    json.startArray(into: &output)
    json.value(0, into: &output)
    json.value(Int.min, into: &output)
    json.value(Int.max, into: &output)
    json.value(true, into: &output)
    json.null(into: &output)
    json.startObject(into: &output)
    json.end(into: &output)
    json.end(into: &output)
    json.key("b", into: &output)
    json.value("é😀\u{1f}", into: &output)
    json.key("c", into: &output)
    let odd: [UInt8] = [0x61, 0xff, 0xc3]
    json.value(utf8: RawSpan(_elements: odd.span), into: &output)
    #expect(!json.isComplete)
    json.end(into: &output)
    #expect(json.isComplete)
    #expect(
      text(output)
        == "{\"a\\\"\\\\\\u000a\":[0,-9223372036854775808,9223372036854775807,true,null,{}],"
        + "\"b\":\"é😀\\u001f\",\"c\":\"a\u{fffd}\u{fffd}\"}")
    _ = try JSONSerialization.jsonObject(with: Data(output))
  }

  @Test func agreesWithItself() throws {
    var random = SeededGenerator(seed: 3)
    let seed = octets("{\"a\":[1,-2.5e3,\"x\\u0041\\n\",true,false,null,{\"b\":{}}],\"é\":\"\"}")
    let marks = octets("{}[]\",:\\0123456789eE+-.tfnu ") + [0x80, 0xc3]
    var takenCount = 0
    for _ in 0..<5000 {
      var bytes = seed
      for _ in 0..<Int.random(in: 0...2, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = marks.randomElement(
          using: &random)!
      }
      guard (try? read(bytes)) != nil else { continue }
      takenCount += 1
      #expect(throws: Never.self) {
        try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
      }
    }
    #expect(takenCount > 500)
  }
}
