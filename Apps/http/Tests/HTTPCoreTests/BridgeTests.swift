// SPDX-License-Identifier: BSD-3-Clause

import HTTPCore
import HTTPTypes
import HTTPTypesBridge
import Testing

@Suite struct BridgeTests {
  @Test func request() throws {
    let parsed = try ParsedHead(
      "PATCH http://b:81?q HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nx-one: 2\r\nAccept: */*\r\n\r\n")
    let bytes = parsed.bytes
    let request = HTTPRequest(parsed.head, of: RawSpan(_elements: bytes.span), scheme: "http")
    #expect(request.method == .patch && request.scheme == "http")
    #expect(request.authority == "b:81" && request.path == "/?q")
    #expect(request.headerFields.count == 3)
    #expect(request.headerFields[values: HTTPField.Name("X-One")!] == ["1", "2"])
    #expect(request.headerFields[.accept] == "*/*")
  }

  @Test func badStatus() throws {
    var output: [UInt8] = []
    var writer = ResponseWriter(to: try ParsedHead("GET / HTTP/1.1\r\nHost: a\r\n\r\n").head)
    writer.start(HTTPResponse(status: .init(code: 99)), into: &output)
    #expect(text(output) == "HTTP/1.1 500 Internal Server Error\r\n")
  }

  @Test func response() throws {
    var response = HTTPResponse(status: .notFound)
    response.headerFields[.contentType] = "text/plain"
    response.headerFields[.contentLength] = "99"
    response.headerFields[.connection] = "close"
    var output: [UInt8] = []
    var writer = ResponseWriter(to: try ParsedHead("GET / HTTP/1.1\r\nHost: a\r\n\r\n").head)
    writer.start(response, into: &output)
    writer.finish(.length(3), into: &output)
    #expect(
      text(output)
        == "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\ncontent-length: 3\r\n\r\n")
  }
}
