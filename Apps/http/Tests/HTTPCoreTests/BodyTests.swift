// SPDX-License-Identifier: BSD-3-Clause

import HTTPCore
import Testing

@Suite struct BodyTests {
  private let post = "POST / HTTP/1.1\r\nHost: x\r\n"
  private var chunked: String { post + "Transfer-Encoding: chunked\r\n\r\n" }

  @Test("RFC 9112 section 7.1: content without its chunks, and what follows stays")
  func chunks() {
    let body = "5\r\nhello\r\n1;x=\"y\"\r\n \r\n00A\r\n0123456789\r\n0\r\nA: b\r\n\r\n"
    let conversation = Conversation(octets(chunked + body + "GET /2 "))
    #expect(text(conversation.requests[0].body) == "hello 0123456789")
    #expect(conversation.ending == .inHead)
    #expect(conversation.consumedByteCount == (chunked + body).utf8.count)
  }

  @Test("RFC 9112 section 6.3: a body is as long as it says, and no body is none")
  func length() {
    let conversation = Conversation(octets(post + "Content-Length: 4\r\n\r\nGETx"))
    #expect(text(conversation.requests[0].body) == "GETx")
    #expect(conversation.ending == .betweenRequests)
    #expect(Conversation(octets(post + "\r\n")).requests[0].framing == .none)
    #expect(Conversation(octets(post + "Content-Length: 5\r\n\r\nabcd")).ending == .inBody)
  }

  @Test("RFC 9110 section 15.5.14: the limit counts content, summed, and holds exactly")
  func limit() {
    var limits = RequestLimits()
    limits.bodyByteCount = 8
    #expect(refusal(chunked + "4\r\nabcd\r\n4\r\nefgh\r\n0\r\n\r\n", limits: limits) == nil)
    #expect(refusal(chunked + "4\r\nabcd\r\n5\r\n", limits: limits) == .longBody)
    #expect(refusal(post + "Content-Length: 8\r\n\r\n", limits: limits) == nil)
    #expect(refusal(post + "Content-Length: 9\r\n\r\n", limits: limits) == .longBody)
    #expect(refusal(chunked + "fffffffffffffff\r\n", limits: limits) == .longBody)
  }

  @Test("RFC 9112 section 7.1.1: extensions of all chunks are limited together")
  func extensions() {
    var limits = RequestLimits()
    limits.chunkExtensionByteCount = 6
    #expect(refusal(chunked + "1;abc\r\nx\r\n1;abc\r\nx\r\n0\r\n\r\n", limits: limits) == nil)
    #expect(
      refusal(chunked + "1;abc\r\nx\r\n1;abc\r\nx\r\n0;d\r\n\r\n", limits: limits)
        == .longChunkExtensions)
  }

  @Test("RFC 9110 section 6.5: trailers are limited, and may not frame the message")
  func trailers() {
    var limits = RequestLimits()
    limits.fieldCount = 3
    let last = chunked + "0\r\n"
    #expect(refusal(last + "A: 1\r\nB: 2\r\nC: 3\r\n\r\n", limits: limits) == nil)
    #expect(refusal(last + "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n", limits: limits) == .manyFields)
    limits.fieldsByteCount = chunked.utf8.count
    let long = last + "A: " + String(repeating: "b", count: 100) + "\r\n\r\n"
    #expect(refusal(long, limits: limits) == .longFields)
    #expect(refusal(last + "content-LENGTH: 1\r\n\r\n") == .forbiddenTrailer)
    #expect(refusal(last + "content-lengths: 1\r\n\r\n") == nil)
  }

  @Test("RFC 9112 section 7.1: an error says its byte in the body, and stays")
  func errors() throws {
    let bytes = octets("3\r\nabc\r\nx")
    var decoder = try BodyDecoder(.chunked)
    let piece = try decoder.decode(RawSpan(_elements: bytes.span))
    #expect(piece.consumedByteCount == 6 && piece.content == Extent(3..<6))
    for _ in 0..<2 {
      #expect(throws: RequestError(.badChunkSize, at: 8)) {
        let rest = Array(bytes[6...])
        return try decoder.decode(RawSpan(_elements: rest.span))
      }
    }
  }
}
