// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// What the function computes: `POST /count` counts a text's bytes, words and lines; `GET /hello/NAME`
/// greets. It knows no network and no clock.
public enum Handler {
  /// The whole HTTP answer to a request, which says that the connection ends with it.
  public static func answer(to request: Request) -> [UInt8] {
    let greeting: StaticString = "/hello/"
    if equal(request.target, "/count") {
      guard equal(request.method, "POST") else { return refusal(status: 405) }
      return counts(of: request.body)
    }
    guard request.target.count > 7, equal(request.target.prefix(7), greeting) else {
      return refusal(status: 404)
    }
    guard equal(request.method, "GET") else { return refusal(status: 405) }
    var body = JSONText()
    body.add("{\"hello\":")
    body.add(quoting: request.target.dropFirst(7))
    body.add("}\n")
    return response(200, body)
  }

  /// The answer to what is no request.
  public static func refusal(status: Int) -> [UInt8] {
    var body = JSONText()
    body.add("{\"error\":")
    body.add(status)
    body.add("}\n")
    return response(status, body)
  }

  private static func counts(of text: ArraySlice<UInt8>) -> [UInt8] {
    var words = 0
    var lines = 0
    var isInWord = false
    for byte in text {
      if byte == 10 { lines += 1 }
      let isSpace = byte == 32 || byte >= 9 && byte <= 13
      if !isSpace, !isInWord { words += 1 }
      isInWord = !isSpace
    }
    var body = JSONText()
    body.add("{\"bytes\":")
    body.add(text.count)
    body.add(",\"words\":")
    body.add(words)
    body.add(",\"lines\":")
    body.add(lines)
    body.add("}\n")
    return response(200, body)
  }

  private static func response(_ status: Int, _ body: JSONText) -> [UInt8] {
    var text = JSONText()
    text.add("HTTP/1.1 ")
    text.add(status)
    // The reason phrase may be empty (RFC 9112 section 4), the space before it may not.
    text.add(" \r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: ")
    text.add(body.bytes.count)
    text.add("\r\n\r\n")
    return text.bytes + body.bytes
  }

  private static func equal(_ bytes: ArraySlice<UInt8>, _ text: StaticString) -> Bool {
    let wanted = text.bytes
    guard bytes.count == wanted.byteCount else { return false }
    for offset in 0..<wanted.byteCount
    where bytes[bytes.startIndex + offset] != wanted.byte(at: offset) { return false }
    return true
  }
}
