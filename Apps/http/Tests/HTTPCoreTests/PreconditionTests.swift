// SPDX-License-Identifier: BSD-3-Clause

import HTTPCore
import Testing

@Suite struct PreconditionTests {
  /// The representation was changed on 1994-11-06 08:49:37 and has the tag `"v1"` or another.
  private func evaluate(
    _ fields: String, method: String = "GET", tag: String? = "\"v1\"", exists: Bool = true,
    now: Int = 1_700_000_000
  ) throws -> Preconditions {
    let parsed = try ParsedHead("\(method) / HTTP/1.1\r\nHost: x\r\n\(fields)\r\n")
    let bytes = parsed.bytes
    let tagBytes = octets(tag ?? "")
    return Preconditions.evaluate(
      parsed.head, of: RawSpan(_elements: bytes.span),
      Preconditions.Validators(
        entityTag: tag == nil ? nil : RawSpan(_elements: tagBytes.span),
        lastModified: HTTPDate(secondsSince1970: 784_111_777), exists: exists),
      now: now)
  }

  private let same = "Sun, 06 Nov 1994 08:49:37 GMT"
  private let before = "Sun, 06 Nov 1994 08:49:36 GMT"
  private let go = Preconditions.proceed(mayUseRange: false)
  private let part = Preconditions.proceed(mayUseRange: true)

  @Test("RFC 9110 section 13.1.1: If-Match compares strongly")
  func ifMatch() throws {
    #expect(try evaluate("If-Match: \"v1\"\r\n", method: "PUT") == go)
    #expect(try evaluate("If-Match: \"v0\", \"v1\"\r\n", method: "PUT") == go)
    #expect(try evaluate("If-Match: *\r\n", method: "PUT") == go)
    #expect(try evaluate("If-Match: *\r\n", method: "PUT", tag: nil, exists: false) == .failed)
    #expect(try evaluate("If-Match: \"v0\"\r\n", method: "PUT") == .failed)
    #expect(try evaluate("If-Match: W/\"v1\"\r\n", method: "PUT") == .failed)
    #expect(try evaluate("If-Match: W/\"v1\"\r\n", tag: "W/\"v1\"") == .failed)
    #expect(try evaluate("If-Match: \"v0\"\r\nIf-Match: \"v1\"\r\n") == go)
  }

  @Test("RFC 9110 section 13.1.2: If-None-Match compares weakly, 304 or 412")
  func ifNoneMatch() throws {
    #expect(try evaluate("If-None-Match: \"v1\"\r\n") == .notModified)
    #expect(try evaluate("If-None-Match: \"v1\"\r\n", method: "HEAD") == .notModified)
    #expect(try evaluate("If-None-Match: \"v1\"\r\n", method: "PUT") == .failed)
    #expect(try evaluate("If-None-Match: W/\"v1\"\r\n") == .notModified)
    #expect(try evaluate("If-None-Match: \"v1\"\r\n", tag: "W/\"v1\"") == .notModified)
    #expect(try evaluate("If-None-Match: \"a,b\" ,, \"v1\"\r\n") == .notModified)
    #expect(try evaluate("If-None-Match: \"a\"\r\nIf-None-Match: \"v1\"\r\n") == .notModified)
    #expect(try evaluate("If-None-Match: \"v2\"\r\n") == go)
    #expect(try evaluate("If-None-Match: v1\r\n") == go)
    #expect(try evaluate("If-None-Match: *\r\n", method: "PUT") == .failed)
    #expect(try evaluate("If-None-Match: *\r\n", method: "PUT", tag: nil, exists: false) == go)
  }

  @Test("RFC 9110 sections 13.1.3 and 13.1.4: dates")
  func dates() throws {
    #expect(try evaluate("If-Modified-Since: \(same)\r\n") == .notModified)
    #expect(try evaluate("If-Modified-Since: \(before)\r\n") == go)
    #expect(try evaluate("If-Modified-Since: \(same)\r\n", method: "POST") == go)
    #expect(try evaluate("If-Modified-Since: yesterday\r\n") == go)
    #expect(try evaluate("If-Unmodified-Since: \(same)\r\n", method: "PUT") == go)
    #expect(try evaluate("If-Unmodified-Since: \(before)\r\n", method: "PUT") == .failed)
  }

  @Test("RFC 9110 section 13.2.2: tags go before dates, If-Match before If-None-Match")
  func precedence() throws {
    #expect(try evaluate("If-None-Match: \"v2\"\r\nIf-Modified-Since: \(same)\r\n") == go)
    #expect(try evaluate("If-Match: \"v1\"\r\nIf-Unmodified-Since: \(before)\r\n") == go)
    #expect(try evaluate("If-Match: \"v2\"\r\nIf-None-Match: \"v1\"\r\n") == .failed)
    #expect(try evaluate("If-Match: \"v1\"\r\nIf-None-Match: \"v1\"\r\n") == .notModified)
    #expect(try evaluate("Range: bytes=0-\r\nIf-None-Match: \"v1\"\r\n") == .notModified)
  }

  @Test("RFC 9110 section 13.1.5: If-Range needs a strong validator")
  func ifRange() throws {
    let range = "Range: bytes=0-1\r\n"
    #expect(try evaluate(range) == part)
    #expect(try evaluate(range, method: "HEAD") == go)
    #expect(try evaluate(range + range) == go)
    #expect(try evaluate("If-Range: \"v1\"\r\n") == go)
    #expect(try evaluate(range + "If-Range: \"v1\"\r\n") == part)
    #expect(try evaluate(range + "If-Range: \"v2\"\r\n") == go)
    #expect(try evaluate(range + "If-Range: W/\"v1\"\r\n") == go)
    #expect(try evaluate(range + "If-Range: W/\"v1\"\r\n", tag: "W/\"v1\"") == go)
    #expect(try evaluate(range + "If-Range: \(same)\r\n") == part)
    #expect(try evaluate(range + "If-Range: \(before)\r\n") == go)
    #expect(try evaluate(range + "If-Range: \(same)\r\n", now: 784_111_777) == go)
    #expect(try evaluate(range + "If-Range: nonsense\r\n") == go)
  }

  @Test(
    "RFC 9110 section 8.8.3: what is no tag",
    arguments: ["", "v1", "\"", "\"v1", "v1\"", "w/\"v1\"", "W/", "W/v1", "\"a b\"", "\"a\"b"])
  func badTags(_ text: String) {
    let bytes = octets(text)
    let isTag = EntityTag(parsing: RawSpan(_elements: bytes.span)) != nil
    #expect(!isTag)
  }
}
