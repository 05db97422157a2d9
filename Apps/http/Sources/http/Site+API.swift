// SPDX-License-Identifier: BSD-3-Clause

import HTTPCore
import HTTPServer
import Martlet

/// What programs ask for, in JSON.
extension Site {
  /// Answers a request for one of the resources below `/api`; false when `path` is none.
  func answerAPI(_ path: [UInt8], _ request: borrowing Request, _ outbox: Outbox) -> Bool {
    if path.isText("/api/status") {
      guard accepts(.get, request, outbox) else { return true }
      outbox.send(.ok, .json, RawSpan(_elements: status().span), to: request)
    } else if path.isText("/api/sum") {
      guard accepts(.post, request, outbox) else { return true }
      answerSum(request, outbox)
    } else if path.isText("/api/echo") {
      guard accepts(.post, request, outbox) else { return true }
      outbox.send(.ok, .unknown, request.body, to: request)
    } else if path.isText("/api/stream") {
      guard accepts(.get, request, outbox) else { return true }
      var writer = outbox.start(.ok, to: request)
      writer.field("content-type", MediaType.json.text, into: &outbox.bytes)
      let count = min(request.number(inQuery: "count=") ?? 10, 1_000_000)
      outbox.finish(&writer, source: Squares(count: count))
    } else if path.isText("/api/end") {
      guard accepts(.post, request, outbox) else { return true }
      wantsEnd = true
      outbox.isLast = true
      outbox.send(.accepted, to: request)
    } else {
      return false
    }
    return true
  }

  /// Whether a request has the method that its resource takes (HEAD where GET does); answers it
  /// when not.
  private func accepts(
    _ method: Method, _ request: borrowing Request, _ outbox: Outbox
  ) -> Bool {
    let given = request.head.method
    if given == method || (given == .head && method == .get) { return true }
    outbox.refuseMethod(allowed: method == .get ? "GET, HEAD" : "POST", to: request)
    return false
  }

  private func status() -> [UInt8] {
    var text: [UInt8] = []
    var json = JSONWriter()
    json.startObject(into: &text)
    json.key("requests", into: &text)
    json.value(counters.requests, into: &text)
    json.key("connections", into: &text)
    json.value(counters.open, into: &text)
    json.key("accepted", into: &text)
    json.value(counters.accepted, into: &text)
    json.key("uptimeMilliseconds", into: &text)
    let span = Time.now() - counters.startedAt
    json.value(Int(span.count / 1_000_000), into: &text)
    json.key("usedBytes", into: &text)
    json.value(Memory.usedByteCount, into: &text)
    json.end(into: &text)
    return text
  }

  /// The sum of an array of integers; 422 when the content is something else.
  private func answerSum(_ request: borrowing Request, _ outbox: Outbox) {
    guard let (count, sum) = Self.sum(request.body) else {
      return outbox.send(.unprocessableContent, to: request)
    }
    var text: [UInt8] = []
    var json = JSONWriter()
    json.startObject(into: &text)
    json.key("count", into: &text)
    json.value(count, into: &text)
    json.key("sum", into: &text)
    json.value(sum, into: &text)
    json.end(into: &text)
    outbox.send(.ok, .json, RawSpan(_elements: text.span), to: request)
  }

  private static func sum(_ text: RawSpan) -> (count: Int, sum: Int)? {
    var reader = JSONReader(text, maximumDepth: 1)
    var count = 0
    var sum = 0
    do throws(JSONError) {
      guard try reader.next() == .startArray else { return nil }
      while let event = try reader.next() {
        if event == .endArray { continue }
        guard case .number(let extent) = event, let number = reader.integer(extent) else {
          return nil
        }
        let (next, overflow) = sum.addingReportingOverflow(number)
        if overflow { return nil }
        sum = next
        count += 1
      }
    } catch { return nil }
    return (count, sum)
  }
}

/// An array of the squares of 0, 1, 2 and so on, made while it is sent.
private final class Squares: BodySource {
  private let count: Int
  private var index = 0
  private var json = JSONWriter()

  private static let pieceByteCount = 4096

  init(count: Int) {
    self.count = count
  }

  func produce(into bytes: inout ByteBuffer) -> Bool {
    if index == 0 { json.startArray(into: &bytes) }
    while index < count, bytes.count < Self.pieceByteCount {
      json.value(index * index, into: &bytes)
      index += 1
    }
    guard index == count else { return true }
    json.end(into: &bytes)
    return false
  }
}
