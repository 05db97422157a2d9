// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import HTTPCore
import Testing

/// Dates, paths, ranges, types.
@Suite struct MeaningTests {
  private func date(_ text: String, now: Int = 1_700_000_000) -> Int? {
    let bytes = octets(text)
    return HTTPDate(parsing: RawSpan(_elements: bytes.span), now: now)?.secondsSince1970
  }

  @Test("RFC 9110 section 5.6.7: the three forms of a date")
  func dates() {
    #expect(date("Sun, 06 Nov 1994 08:49:37 GMT") == 784_111_777)
    #expect(date("Sunday, 06-Nov-94 08:49:37 GMT") == 784_111_777)
    #expect(date("Sun Nov  6 08:49:37 1994") == 784_111_777)
    #expect(date("Wednesday, 16-Nov-94 08:49:37 GMT") == 784_975_777)
    #expect(date("Wed Nov 16 08:49:37 1994") == 784_975_777)
    #expect(date("Thu, 29 Feb 2024 23:59:60 GMT") == 1_709_251_200)
  }

  @Test("RFC 9110 section 5.6.7: a year of two digits is at most 50 years ahead")
  func shortYears() {
    let now = 1_700_000_000  // 2023
    #expect(date("Tuesday, 14-Nov-73 00:00:00 GMT", now: now) == 3_277_843_200)
    #expect(date("Thursday, 14-Nov-74 00:00:00 GMT", now: now) == 153_619_200)
  }

  @Test(
    "RFC 9110 section 5.6.7: what is no date",
    arguments: [
      "", "0", "Sun", "Sun,", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
      "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 6 Nov 1994 08:49:37 GMT",
      "sun, 06 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
      "Sun, 29 Feb 2023 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
      "Sun, 06 Nov 0000 08:49:37 GMT", "Satday, 06-Nov-94 08:49:37 GMT",
      "Sun, 06 Nov +994 08:49:37 GMT", "Sun Nov 6 08:49:37 1994",
    ])
  func badDates(_ text: String) { #expect(date(text) == nil) }

  @Test("RFC 9110 section 5.6.7: IMF-fixdate, compared with Foundation")
  func writtenDates() {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(identifier: "GMT")
    formatter.calendar = Calendar(identifier: .gregorian)
    formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    var random = SeededGenerator(seed: 1)
    let edges = [0, -1, 951_782_399, 951_782_400, 4_107_542_399, 253_402_300_799, -5_000_000_000]
    let others = (0..<300).map { _ in
      Int.random(in: -8_000_000_000...253_402_300_799, using: &random)
    }
    for seconds in edges + others {
      var output: [UInt8] = []
      #expect(HTTPDate(secondsSince1970: seconds).write(into: &output))
      #expect(text(output) == formatter.string(from: Date(timeIntervalSince1970: Double(seconds))))
      #expect(output.count == HTTPDate.byteCount && date(text(output)) == seconds)
    }
    var last: [UInt8] = []
    HTTPDate(secondsSince1970: .max).write(into: &last)
    HTTPDate(secondsSince1970: .min).write(into: &last)
    #expect(text(last) == "Fri, 31 Dec 9999 23:59:59 GMTMon, 01 Jan 0001 00:00:00 GMT")
  }

  private func path(_ text: String, _ slash: TargetPath.EncodedSlash = .refused) throws -> String {
    let bytes = octets(text)
    var result = octets("old")
    try TargetPath.normalize(
      RawSpan(_elements: bytes.span), into: &result, encodedSlash: slash)
    return HTTPCoreTests.text(result)
  }

  @Test(
    "RFC 3986 sections 5.2.4 and 6.2.2: paths",
    arguments: [
      ("", "/"), ("/", "/"), ("/a", "/a"), ("/a/", "/a/"), ("/a/./b", "/a/b"), ("/a/../b", "/b"),
      ("/a/..", "/"), ("/a/b/..", "/a/"), ("/a/.", "/a/"), ("/..", "/"), ("/../../etc", "/etc"),
      ("/a/../../../b", "/b"), ("//", "/"), ("//a///b", "/a/b"), ("/%2e%2E/a", "/a"),
      ("/a/%2e%2e/%2e./b", "/b"), ("/...", "/..."), ("/.a", "/.a"), ("/a..", "/a.."),
      ("/a%20b", "/a b"), ("/%C3%A9", "/é"), ("/a%25b", "/a%b"), ("/%252e%252e/a", "/%2e%2e/a"),
      ("/a/..//../b/", "/b/"), ("/a+b", "/a+b"), ("/..a/", "/..a/"),
    ])
  func paths(_ raw: String, _ normal: String) throws { #expect(try path(raw) == normal) }

  @Test("RFC 3986 section 2.1: paths that are refused")
  func badPaths() throws {
    #expect(throws: TargetPath.Failure.notAbsolute) { try path("*") }
    #expect(throws: TargetPath.Failure.notAbsolute) { try path("a/b") }
    for text in ["/%", "/%4", "/%4g", "/%-1", "/%%41"] {
      #expect(throws: TargetPath.Failure.badEncoding) { try path(text) }
    }
    for text in ["/%00", "/a%0a", "/%7f", "/\u{1}"] {
      #expect(throws: TargetPath.Failure.controlCharacter) { try path(text) }
    }
    #expect(throws: TargetPath.Failure.encodedSlash) { try path("/a%2fb") }
    #expect(try path("/..%2F..%2fa", .kept) == "/..%2F..%2fa")
  }

  @Test("RFC 3986 section 5.2.4: no path leaves the root")
  func escapes() throws {
    var random = SeededGenerator(seed: 2)
    let parts = ["/", "..", ".", "%2e", "%2E", "a", "//", "/../", "%2e%2e/", "bc"]
    for _ in 0..<5000 {
      let raw = "/" + (0..<8).map { _ in parts.randomElement(using: &random)! }.joined()
      let normal = try path(raw)
      let segments = normal.split(separator: "/", omittingEmptySubsequences: false)
      #expect(normal.hasPrefix("/") && !segments.contains("..") && !segments.contains("."))
      #expect(segments.dropFirst().dropLast().allSatisfy { !$0.isEmpty })
    }
    let target = octets("/a?b?c")
    let split = TargetPath.split(RawSpan(_elements: target.span))
    #expect(split.path == Extent(0..<2) && split.query == Extent(3..<6))
  }

  @Test(
    "RFC 9110 section 14.1.2: ranges of 10 bytes",
    arguments: [
      ("bytes=0-4", ByteRange.part(0..<5)), ("bytes=3-3", .part(3..<4)),
      ("bytes=5-", .part(5..<10)),
      ("bytes=-3", .part(7..<10)), ("bytes=-100", .part(0..<10)), ("bytes=0-100", .part(0..<10)),
      ("BYTES=9-9", .part(9..<10)), ("bytes= 1-2 ", .part(1..<3)), ("bytes=10-", .unsatisfiable),
      ("bytes=10-20", .unsatisfiable), ("bytes=-0", .unsatisfiable),
      ("bytes=99999999999999999999-", .unsatisfiable),
      ("bytes=1-99999999999999999999", .part(1..<10)),
      ("bytes=-99999999999999999999", .part(0..<10)), ("bytes=5-4", .ignored),
      ("bytes=0-1,3-4", .ignored), ("bytes=", .ignored), ("bytes=-", .ignored),
      ("bytes=a-b", .ignored), ("bytes=1", .ignored), ("bytes=+1-2", .ignored),
      ("bytes=1--2", .ignored), ("items=0-1", .ignored), ("bytes 0-1", .ignored), ("", .ignored),
      ("bytes=0 -1", .ignored),
    ])
  func ranges(_ text: String, _ range: ByteRange) {
    let bytes = octets(text)
    #expect(ByteRange(parsing: RawSpan(_elements: bytes.span), length: 10) == range)
    if range != .ignored {
      #expect(ByteRange(parsing: RawSpan(_elements: bytes.span), length: 0) == .unsatisfiable)
    }
  }

  @Test(
    "RFC 9110 section 8.3.1: types by name",
    arguments: [
      ("/index.html", MediaType.html), ("a.HTM", .html), ("/x.y/z", .unknown),
      ("/a.js", .javascript),
      ("a.tar.gz", .gzip), (".html", .unknown), ("/.css", .unknown), ("/a.css", .css),
      ("", .unknown),
      ("a.webmanifest", .webManifest), ("a.webmaniffoo", .unknown), ("a.woff2", .woff2),
      ("a.htmlx", .unknown), ("a.", .unknown), ("/", .unknown),
      ("a.jpgjpgjpgjpgjpgjpgjpgjpgjpgjpg", .unknown),
    ])
  func types(_ path: String, _ type: MediaType) {
    let bytes = octets(path)
    #expect(MediaType(path: RawSpan(_elements: bytes.span)) == type)
    #expect(type.text.contains("/"))
  }
}
