// SPDX-License-Identifier: BSD-3-Clause

public import HTTPCore

/// Where answers are written. One for all sessions of a server: what a connection does not take at
/// once, its owner keeps.
public final class Outbox {
  /// What is to be sent, in that order.
  public var bytes = ByteBuffer()
  /// What follows `bytes`, and whether it goes out in chunks.
  var source: (any BodySource)?
  var isChunked = false
  /// Whether the connection goes on after the last answer.
  var keepsAlive = true
  /// Whether the connection is to end after the answer in hand, whatever the client asked for.
  public var isLast = false

  public init() {}

  /// Forgets everything, but keeps the storage.
  public func clear() {
    bytes.removeAll()
    if source != nil { source = nil }
  }

  /// Begins an answer: the status line and Date.
  public func start(
    _ status: StatusCode, to request: borrowing Request
  ) -> ResponseWriter {
    var writer = ResponseWriter(to: request.head)
    begin(status, &writer, request.second)
    return writer
  }

  func begin(_ status: StatusCode, _ writer: inout ResponseWriter, _ second: Int) {
    if isLast { writer.closeConnection() }
    writer.start(status, into: &bytes)
    writer.field("date", date: HTTPDate(secondsSince1970: second), into: &bytes)
  }

  /// Ends an answer with its content, which is left out where the request allows none.
  public func finish(_ writer: inout ResponseWriter, content: RawSpan) {
    writer.finish(.length(content.byteCount), into: &bytes)
    if writer.hasContent { append(content) }
    keepsAlive = writer.keepsAlive
  }

  /// Ends an answer with content that comes piece by piece.
  ///
  /// - Parameter length: how much in all; nil when that is not known.
  public func finish(_ writer: inout ResponseWriter, source: any BodySource, length: Int? = nil) {
    writer.finish(length.map { .length($0) } ?? .stream, into: &bytes)
    keepsAlive = writer.keepsAlive
    guard writer.hasContent else { return }
    self.source = source
    isChunked = writer.isChunked
  }

  /// A whole answer with content that is at hand.
  public func send(
    _ status: StatusCode, _ type: MediaType, _ content: RawSpan, to request: borrowing Request
  ) {
    var writer = start(status, to: request)
    writer.field("content-type", type.text, into: &bytes)
    finish(&writer, content: content)
  }

  /// A whole answer that says its status in words.
  public func send(_ status: StatusCode, to request: borrowing Request) {
    var writer = start(status, to: request)
    finish(status, &writer)
  }

  /// 405, with the methods that there are, such as `GET, HEAD`.
  ///
  /// Source: RFC 9110 section 15.5.6.
  public func refuseMethod(allowed: String, to request: borrowing Request) {
    var writer = start(.methodNotAllowed, to: request)
    writer.field("allow", allowed, into: &bytes)
    finish(.methodNotAllowed, &writer)
  }

  func finish(_ status: StatusCode, _ writer: inout ResponseWriter) {
    writer.field("content-type", MediaType.plainText.text, into: &bytes)
    let reason = status.reason.utf8Span.span
    writer.finish(.length(reason.count + 1), into: &bytes)
    if writer.hasContent {
      for index in reason.indices { bytes.append(reason[index]) }
      bytes.append(UInt8(ascii: "\n"))
    }
    keepsAlive = writer.keepsAlive
  }

  /// Appends bytes as they are.
  public func append(_ content: RawSpan) {
    bytes.append(content)
  }
}
