// SPDX-License-Identifier: BSD-3-Clause

import HTTPCore
import Testing

/// What heads mean. What they must not be is mostly in the corpus.
@Suite struct RequestTests {
  @Test("RFC 9112 section 3: the parts of a request line")
  func line() throws {
    let parsed = try ParsedHead("DELETE /a/b?c=d?e HTTP/1.1\r\nHost: x:80\r\n\r\n")
    #expect(parsed.head.method == .delete && parsed.head.version == .http11)
    #expect(parsed.head.targetForm == .origin)
    #expect(parsed.text(parsed.head.target) == "/a/b?c=d?e")
    #expect(parsed.text(parsed.head.path) == "/a/b")
    #expect(parsed.text(parsed.head.query) == "c=d?e")
    #expect(parsed.text(parsed.head.authority) == "x:80")
    #expect(parsed.head.byteCount == parsed.bytes.count)
  }

  @Test(
    "RFC 9110 section 9.1: methods, with case",
    arguments: [
      ("GET", Method.get), ("HEAD", .head), ("POST", .post), ("PUT", .put), ("DELETE", .delete),
      ("OPTIONS", .options), ("TRACE", .trace), ("PATCH", .patch), ("get", .other), ("G", .other),
      ("PROPFIND", .other), ("PROPPATCH", .other),
    ])
  func methods(_ name: String, _ method: HTTPCore.Method) throws {
    let parsed = try ParsedHead("\(name) / HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(parsed.head.method == method && parsed.text(parsed.head.methodText) == name)
  }

  @Test("RFC 9112 section 3.2.2: the authority of an absolute target wins over Host")
  func absolute() throws {
    var parsed = try ParsedHead("GET http://b:81/x?y HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(parsed.head.targetForm == .absolute)
    #expect(parsed.text(parsed.head.authority) == "b:81")
    #expect(parsed.text(parsed.head.path) == "/x" && parsed.text(parsed.head.query) == "y")
    parsed = try ParsedHead("GET http://b?/y HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(parsed.text(parsed.head.path) == "" && parsed.text(parsed.head.query) == "/y")
    parsed = try ParsedHead("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(parsed.head.targetForm == .asterisk && parsed.text(parsed.head.authority) == "a")
  }

  @Test(
    "RFC 9112 section 9.3: which connections go on",
    arguments: [
      ("1.1", "", true), ("1.1", "Connection: close\r\n", false),
      ("1.1", "Connection: keep-alive\r\n", true), ("1.1", "Connection: x, CLOSE ,\r\n", false),
      ("1.1", "Connection: closed\r\n", true), ("1.1", "Connection: \"close\"\r\n", true),
      ("1.1", "Connection: keep-alive\r\nConnection: close\r\n", false),
      ("1.0", "", false), ("1.0", "Connection: Keep-Alive\r\n", true),
      ("1.0", "Connection: keep-alive, close\r\n", false),
    ])
  func persistence(_ version: String, _ field: String, _ keepsAlive: Bool) throws {
    let parsed = try ParsedHead("GET / HTTP/\(version)\r\nHost: x\r\n\(field)\r\n")
    #expect(parsed.head.keepsAlive == keepsAlive)
  }

  @Test("RFC 9110 section 10.1.1: who waits for 100")
  func expectation() throws {
    let length = "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    #expect(try ParsedHead("PUT / HTTP/1.1\r\nHost: x\r\n" + length).head.expectsContinue)
    #expect(try !ParsedHead("PUT / HTTP/1.0\r\nHost: x\r\n" + length).head.expectsContinue)
    let none = "PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n"
    #expect(try !ParsedHead(none).head.expectsContinue)
  }

  @Test("RFC 9110 section 5: fields in their order, known ones by name without case")
  func fields() throws {
    let parsed = try ParsedHead(
      "GET / HTTP/1.1\r\nhOsT: x\r\nrange: bytes=0-1\r\nIF-RANGE: \"a\"\r\nIf-Match: *\r\n"
        + "if-none-match: \"b\"\r\nIf-None-Match:  \"c\" \r\nif-modified-since: d\r\n"
        + "If-Unmodified-Since: e\r\nX-Other:\t f\t g \r\n\r\n")
    #expect(parsed.text(parsed.head[.range]) == "bytes=0-1")
    #expect(parsed.text(parsed.head[.ifRange]) == "\"a\"")
    #expect(parsed.text(parsed.head[.ifMatch]) == "*")
    #expect(parsed.text(parsed.head[.ifNoneMatch]) == "\"b\"")
    #expect(parsed.text(parsed.head[.ifModifiedSince]) == "d")
    #expect(parsed.text(parsed.head[.ifUnmodifiedSince]) == "e")
    #expect(parsed.head[.contentLength] == nil && parsed.head[.expect] == nil)
    #expect(parsed.head.isRepeated(.ifNoneMatch) && !parsed.head.isRepeated(.host))
    let bytes = parsed.bytes
    var iterator = parsed.head.fields(of: RawSpan(_elements: bytes.span))
    var names: [String] = []
    var last = ""
    while let field = iterator.next() {
      names.append(parsed.text(field.name)!)
      last = parsed.text(field.value)!
    }
    #expect(names.count == 9 && names.first == "hOsT" && last == "f\t g")
  }

  @Test("RFC 9112 section 9.3.2: a parser forgets the request before")
  func pipelining() throws {
    let first = "GET /1 HTTP/1.0\r\nConnection: keep-alive\r\nHost: a\r\nRange: bytes=0-\r\n\r\n"
    let conversation = Conversation(octets(first + "GET /2?q HTTP/1.0\r\n\r\nGET /3 HT"))
    #expect(conversation.requests.map(\.keepsAlive) == [true, false])
    #expect(conversation.requests[1].known.allSatisfy { $0 == nil })
    #expect(conversation.requests[1].authority.isEmpty)
    #expect(conversation.requests[1].query == octets("q"))
    #expect(conversation.ending == .inHead)
  }

  @Test(
    "RFC 9110 section 7.2: hosts", arguments: ["x", "x:", "x:65535", "[::1]", "a_b~-.c", "%41"])
  func hosts(_ host: String) {
    #expect(refusal("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n") == nil)
  }

  @Test(
    "RFC 9110 section 7.2: what is no host",
    arguments: ["", ":80", "[]", "[::1]x", "[::1]:x", "x:-1", "x:000080", "x/", "x?", "a@b", "\\"])
  func badHosts(_ host: String) {
    #expect(refusal("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n") == .badHost)
  }

  @Test("RFC 9112 section 3 and RFC 6585 section 5: limits hold exactly")
  func limits() {
    let line = "GET /abc HTTP/1.1\r\n"
    let fields = "Host: x\r\nX: y\r\n\r\n"
    var limits = RequestLimits()
    limits.requestLineByteCount = line.utf8.count
    limits.fieldsByteCount = fields.utf8.count
    limits.fieldCount = 2
    #expect(refusal(line + fields, limits: limits) == nil)
    limits.requestLineByteCount -= 1
    #expect(refusal(line + fields, limits: limits) == .longRequestLine)
    limits.requestLineByteCount += 1
    limits.fieldsByteCount -= 1
    #expect(refusal(line + fields, limits: limits) == .longFields)
    limits.fieldsByteCount += 1
    limits.fieldCount = 1
    #expect(refusal(line + fields, limits: limits) == .manyFields)
  }

  @Test("RFC 9112 section 2.2: an error says its byte, and stays")
  func errors() {
    let bytes = octets("GET / HTTP/1.1\r\nHost: a\u{1}\r\n\r\n")
    var parser = RequestParser()
    for _ in 0..<2 {
      #expect(throws: RequestError(.badFieldValue, at: 23)) {
        try parser.parse(RawSpan(_elements: bytes.span))
      }
    }
  }

  @Test("RFC 9110 section 15: each refusal has a status of its kind")
  func statuses() {
    for reason in RequestError.Reason.allCases {
      #expect([400, 413, 414, 417, 431, 501, 505].contains(reason.status.rawValue))
      #expect(!reason.status.reason.isEmpty)
    }
  }

  @Test("RFC 9110 section 5.6.2 and 5.5: the table of byte classes is the grammar")
  func classes() {
    for byte in UInt8.min...UInt8.max {
      let character = Character(Unicode.Scalar(byte))
      let isToken =
        byte < 128
        && ("!#$%&'*+-.^_`|~".contains(character)
          || character.isLetter || character.isNumber)
      func isTaken(_ before: String, _ after: String) -> Bool {
        let bytes = octets(before) + [byte] + octets(after)
        return failure(Conversation(bytes)) == nil
      }
      #expect(isTaken("GET / HTTP/1.1\r\nHost: x\r\nX", ": y\r\n\r\n") == (isToken || byte == 58))
      #expect(isTaken("G", "T / HTTP/1.1\r\nHost: x\r\n\r\n") == isToken)
      let isValue = byte == 9 || (byte >= 32 && byte != 127)
      #expect(isTaken("GET / HTTP/1.1\r\nHost: x\r\nX: a", "b\r\n\r\n") == isValue)
      let isTarget = byte > 32 && byte < 127 && !"\"#<>".contains(character)
      #expect(isTaken("GET /a", "b HTTP/1.1\r\nHost: x\r\n\r\n") == isTarget)
    }
  }
}
