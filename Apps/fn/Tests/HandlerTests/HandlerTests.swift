// SPDX-License-Identifier: BSD-3-Clause

import Testing

@testable import Handler

struct HandlerTests {
  private func answer(_ text: String) -> String? {
    switch Request.read(Array(text.utf8)[...]) {
    case .unfinished: nil
    case .whole(let request): String(decoding: Handler.answer(to: request), as: UTF8.self)
    case .refused(let status): String(decoding: Handler.refusal(status: status), as: UTF8.self)
    }
  }

  private func response(_ status: Int, _ body: String) -> String {
    "HTTP/1.1 \(status) \r\nContent-Type: application/json\r\nConnection: close\r\n"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  @Test func answersRequests() {
    #expect(
      answer("GET /hello/world HTTP/1.1\r\nHost: a\r\n\r\n")
        == response(200, "{\"hello\":\"world\"}\n"))
    #expect(
      answer("POST /count HTTP/1.1\r\ncontent-LENGTH: 10\r\n\r\none two\n\nx and more")
        == response(200, "{\"bytes\":10,\"words\":3,\"lines\":2}\n"))
    #expect(
      answer("POST /count HTTP/1.0\r\n\r\n")
        == response(200, "{\"bytes\":0,\"words\":0,\"lines\":0}\n"))
  }

  @Test func quotesWhatJSONWantsQuoted() {
    #expect(
      answer("GET /hello/a\"b\\c\u{7f}\u{1} HTTP/1.1\r\n\r\n")
        == response(200, "{\"hello\":\"a\\\"b\\\\c\\u007f\\u0001\"}\n"))
  }

  @Test(arguments: [
    ("GET /hello/ HTTP/1.1\r\n\r\n", 404), ("GET / HTTP/1.1\r\n\r\n", 404),
    ("GET /count HTTP/1.1\r\n\r\n", 405), ("PUT /hello/a HTTP/1.1\r\n\r\n", 405),
    ("\r\n\r\n", 400), ("GET\r\n\r\n", 400), ("GET /a b HTTP/1.1\r\n\r\n", 400),
    ("GET  HTTP/1.1\r\n\r\n", 400), (" /a HTTP/1.1\r\n\r\n", 400), ("GET a HTTP/1.1\r\n\r\n", 400),
    ("GET /a HTTP/2.0\r\n\r\n", 400), ("GET /a HTTP/1.12\r\n\r\n", 400),
    ("POST /count HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("POST /count HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
    ("POST /count HTTP/1.1\r\nContent-Length:\r\n\r\n", 400),
    ("POST /count HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    ("POST /count HTTP/1.1\r\nContent-Length: 9999\r\n\r\n", 413),
    ("POST /count HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
    (String(repeating: "a", count: 8192), 431),
  ])
  func refuses(_ text: String, status: Int) {
    #expect(answer(text) == response(status, "{\"error\":\(status)}\n"))
  }

  @Test func waitsForTheWholeOfIt() {
    let text = "POST /count HTTP/1.1\r\nContent-Length: 4\r\n\r\nabcd"
    for length in 0..<text.utf8.count {
      #expect(answer(String(decoding: text.utf8.prefix(length), as: UTF8.self)) == nil)
    }
    #expect(answer(text) != nil)
  }
}
