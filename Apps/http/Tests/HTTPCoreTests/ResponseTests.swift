// SPDX-License-Identifier: BSD-3-Clause

import HTTPCore
import Testing

@Suite struct ResponseTests {
  private func respond(
    to request: String, _ status: StatusCode = .ok, _ content: ResponseWriter.Content = .length(5),
    _ more: (inout ResponseWriter, inout [UInt8]) -> Void = { _, _ in }
  ) throws -> (ResponseWriter, String) {
    var output: [UInt8] = []
    var writer = ResponseWriter(to: try ParsedHead(request).head)
    writer.start(status, into: &output)
    more(&writer, &output)
    writer.finish(content, into: &output)
    return (writer, text(output))
  }

  private let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
  private let oldGet = "GET / HTTP/1.0\r\n\r\n"

  @Test("RFC 9112 section 4: a status line, fields, an empty line")
  func plain() throws {
    let (writer, head) = try respond(to: get) { writer, output in
      writer.field("content-type", "text/plain", into: &output)
      writer.field("age", decimal: 10, into: &output)
      writer.field("date", date: HTTPDate(secondsSince1970: 0), into: &output)
    }
    #expect(
      head == "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nage: 10\r\n"
        + "date: Thu, 01 Jan 1970 00:00:00 GMT\r\ncontent-length: 5\r\n\r\n")
    #expect(writer.hasContent && writer.keepsAlive && writer.failure == nil)
  }

  @Test("RFC 9112 section 9.3: what is said about the connection")
  func connection() throws {
    #expect(try respond(to: oldGet).1.contains("\r\nconnection: close\r\n"))
    let old = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    #expect(try respond(to: old).1.contains("\r\nconnection: keep-alive\r\n"))
    let close = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    #expect(try respond(to: close).1.contains("\r\nconnection: close\r\n"))
    let closed = try respond(to: get) { writer, _ in writer.closeConnection() }
    #expect(closed.1.contains("\r\nconnection: close\r\n") && !closed.0.keepsAlive)
  }

  @Test("RFC 9110 section 9.3.2: HEAD has the fields of GET and no content")
  func head() throws {
    let (writer, head) = try respond(to: "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(!writer.hasContent && head.contains("\r\ncontent-length: 5\r\n"))
    let stream = try respond(to: "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", .ok, .stream)
    #expect(!stream.0.isChunked && stream.1.contains("\r\ntransfer-encoding: chunked\r\n"))
  }

  @Test(
    "RFC 9112 section 6.3: 1xx, 204 and 304 have no content and no framing",
    arguments: [StatusCode.continue, .noContent, .notModified])
  func empty(_ status: StatusCode) throws {
    for content in [ResponseWriter.Content.length(0), .stream] {
      let (writer, head) = try respond(to: get, status, content)
      #expect(!writer.hasContent && !writer.isChunked && writer.keepsAlive)
      #expect(!head.contains("content-length") && !head.contains("transfer-encoding"))
    }
  }

  @Test("RFC 9112 section 7.1: a stream goes in chunks, to a 1.0 client until the end")
  func stream() throws {
    let (writer, head) = try respond(to: get, .ok, .stream)
    #expect(writer.isChunked && head.contains("\r\ntransfer-encoding: chunked\r\n"))
    let old = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    let (oldWriter, oldHead) = try respond(to: old, .ok, .stream)
    #expect(!oldWriter.isChunked && !oldWriter.keepsAlive && oldWriter.hasContent)
    #expect(oldHead == "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
    var output: [UInt8] = []
    #expect(ChunkWriter.start(byteCount: 0x1f2, into: &output))
    #expect(ChunkWriter.end(into: &output) && ChunkWriter.finish(into: &output))
    #expect(text(output) == "1f2\r\n\r\n0\r\n\r\n")
  }

  @Test("RFC 9110 section 5.5: nobody smuggles a field into a response")
  func injection() throws {
    for (name, value) in [
      ("location", "/\r\nset-cookie: a=b"), ("x", "a\nb"), ("x", "a\rb"), ("x", "\0"), ("", "a"),
      ("x y", "a"), ("x:", "a"), ("x\r\ny", "a"),
    ] {
      let (writer, head) = try respond(to: get) { writer, output in
        writer.field(name, value, into: &output)
      }
      #expect(writer.failure == .badField)
      #expect(!head.contains("set-cookie") && !head.contains("y:"))
    }
  }

  @Test func smallPlace() throws {
    var writer = ResponseWriter(to: try ParsedHead(get).head)
    var whole: [UInt8] = []
    writer.start(.ok, into: &whole)
    writer.field("a", "b", into: &whole)
    writer.finish(.length(1), into: &whole)
    for capacity in 0...(whole.count + 20) {
      var writer = ResponseWriter(to: try ParsedHead(get).head)
      var copy: [UInt8] = []
      withUnsafeTemporaryAllocation(byteCount: capacity, alignment: 1) { place in
        var output = OutputRawSpan(buffer: place, initializedCount: 0)
        writer.start(.ok, into: &output)
        writer.field("a", "b", into: &output)
        writer.finish(.length(1), into: &output)
        for offset in 0..<output.byteCount {
          copy.append(output.bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self))
        }
        _ = output.finalize(for: place)
      }
      if writer.failure == nil {
        #expect(copy == whole)
      } else {
        // Room for the longest number is asked for, so a little more than needed.
        #expect(writer.failure == .noRoom && capacity < whole.count + 19)
        #expect(whole.starts(with: copy))
      }
    }
  }

  @Test("RFC 9110 section 14.4: Content-Range")
  func contentRange() throws {
    let (_, head) = try respond(to: get, .partialContent) { writer, output in
      writer.contentRange(2..<10, of: 100, into: &output)
      writer.contentRange(nil, of: 7, into: &output)
    }
    #expect(head.contains("\r\ncontent-range: bytes 2-9/100\r\n"))
    #expect(head.contains("\r\ncontent-range: bytes */7\r\n"))
  }

  @Test("RFC 9112 section 9.6: what is no request is answered once")
  func toError() {
    var output: [UInt8] = []
    let error = RequestError(.longRequestLine, at: 0)
    var writer = ResponseWriter(to: error)
    writer.start(error.status, into: &output)
    writer.finish(.length(0), into: &output)
    #expect(
      text(output)
        == "HTTP/1.1 414 URI Too Long\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
  }
}
