// SPDX-License-Identifier: BSD-3-Clause

/// Writes the head of one response, and the framing of its content, to a place of the caller's.
///
///     var writer = ResponseWriter(to: parser.head)
///     writer.start(.ok, into: &buffer)
///     writer.field("content-type", "text/html", into: &buffer)
///     writer.finish(.length(5120), into: &buffer)
///
/// It knows which content the request allows and whether the connection goes on. What does not fit,
/// or would break the framing, is not written but noted in `failure`: look at it before sending. A
/// line is written whole or not at all. No allocation but the buffer's own.
///
/// Source: RFC 9112 sections 4 and 6, RFC 9110 section 8.6.
public struct ResponseWriter: Sendable {
  /// How a response's content is framed.
  public enum Content: Equatable, Sendable {
    /// So many bytes, also when a HEAD request leaves them out.
    case length(Int)
    /// A stream whose length is not known yet: in chunks, or to a 1.0 client until the connection
    /// closes.
    case stream
  }

  /// Why a response is not fit to be sent.
  public enum Failure: Equatable, Sendable {
    /// The place for it is too small.
    case noRoom
    /// A field name that is not a token, or a value with a control character, such as the line end
    /// that would begin another field.
    case badField
  }

  /// The first thing that went wrong; nil when all was written.
  public private(set) var failure: Failure?
  /// Whether the connection may serve another request after this response: what `finish` says to
  /// the client.
  public private(set) var keepsAlive: Bool
  /// Whether content follows the head; no for HEAD, 1xx, 204 and 304. Known after `start`.
  public private(set) var hasContent: Bool
  /// Whether the content goes out in chunks. Known after `finish`.
  public private(set) var isChunked = false

  private let isOld: Bool
  private let saysKeepAlive: Bool
  private var status = StatusCode.ok

  /// A response to that request.
  public init(to head: RequestHead) {
    isOld = head.version == .http10
    keepsAlive = head.keepsAlive
    saysKeepAlive = isOld
    hasContent = head.method != .head
  }

  /// A response to what is no request: the connection closes after it.
  public init(to error: RequestError) {
    isOld = false
    keepsAlive = false
    saysKeepAlive = false
    hasContent = true
  }

  /// The connection closes after this response, whatever the request asked for. Before `finish`.
  public mutating func closeConnection() { keepsAlive = false }

  /// The status line. Servers answer with version 1.1 also to clients of 1.0.
  ///
  /// Source: RFC 9112 section 4, RFC 9110 section 2.5.
  @_lifetime(output: copy output)
  public mutating func start(
    _ status: StatusCode, into output: inout some ByteSink & ~Copyable & ~Escapable
  ) {
    self.status = status
    if status.excludesContent { hasContent = false }
    let reason = status.reason.utf8Span.span
    guard reserve(15 &+ reason.count, output.freeByteCount) else { return }
    output.append(octets: "HTTP/1.1 ".utf8Span.span)
    output.append(decimal: Int(status.rawValue))
    output.append(.space)
    output.append(octets: reason)
    endLine(&output)
  }

  /// One field line; both are literals or other trusted text, but are checked all the same.
  @_lifetime(output: copy output)
  public mutating func field(
    _ name: String, _ value: String, into output: inout some ByteSink & ~Copyable & ~Escapable
  ) {
    field(name, octets: value.utf8Span.span, into: &output)
  }

  /// One field line. A value with a control character is refused: whoever chose it would choose the
  /// rest of the response.
  @_lifetime(output: copy output)
  public mutating func field(
    _ name: String, _ value: RawSpan, into output: inout some ByteSink & ~Copyable & ~Escapable
  ) {
    field(name, octets: value.octets, into: &output)
  }

  @_lifetime(output: copy output)
  private mutating func field(
    _ name: String, octets: Span<UInt8>,
    into output: inout some ByteSink & ~Copyable & ~Escapable
  ) {
    let isClean =
      octets.end(of: ByteClass.fieldValue, from: 0, to: octets.count) == octets.count
    guard isClean, begin(name, octets.count, &output) else {
      if !isClean { fail(.badField) }
      return
    }
    output.append(octets: octets)
    endLine(&output)
  }

  /// A field whose value is a number that is not negative.
  @_lifetime(output: copy output)
  public mutating func field(
    _ name: String, decimal value: Int, into output: inout some ByteSink & ~Copyable & ~Escapable
  ) {
    guard begin(name, 19, &output) else { return }
    output.append(decimal: max(0, value))
    endLine(&output)
  }

  /// A field whose value is a date: Date, Last-Modified, Expires.
  @_lifetime(output: copy output)
  public mutating func field(
    _ name: String, date: HTTPDate, into output: inout some ByteSink & ~Copyable & ~Escapable
  ) {
    guard begin(name, HTTPDate.byteCount, &output) else { return }
    date.write(into: &output)
    endLine(&output)
  }

  /// Content-Range for a part of `length` bytes; for nil, that no part of them is to be had.
  ///
  /// Source: RFC 9110 section 14.4.
  @_lifetime(output: copy output)
  public mutating func contentRange(
    _ range: Range<Int>?, of length: Int,
    into output: inout some ByteSink & ~Copyable & ~Escapable
  ) {
    guard begin("content-range", 7 &+ 3 &* 20, &output) else { return }
    output.append(octets: "bytes ".utf8Span.span)
    if let range, !range.isEmpty {
      output.append(decimal: range.lowerBound)
      output.append(UInt8(ascii: "-"))
      output.append(decimal: range.upperBound - 1)
    } else {
      output.append(UInt8(ascii: "*"))
    }
    output.append(UInt8(ascii: "/"))
    output.append(decimal: length)
    endLine(&output)
  }

  /// The fields that frame the content and rule the connection, and the empty line.
  ///
  /// Neither Content-Length nor Transfer-Encoding stands with 1xx and 204 (RFC 9110 section 8.6,
  /// RFC 9112 section 6.1). With 304 Content-Length is left out too: it would be that of a 200.
  @_lifetime(output: copy output)
  public mutating func finish(
    _ content: Content, into output: inout some ByteSink & ~Copyable & ~Escapable
  ) {
    if !status.excludesContent {
      switch content {
      case .length(let length): field("content-length", decimal: length, into: &output)
      case .stream:
        if isOld {
          // The end of the connection is the end of the content.
          keepsAlive = false
        } else {
          isChunked = hasContent
          field("transfer-encoding", "chunked", into: &output)
        }
      }
    }
    // RFC 9112 section 9.3: 1.1 goes on unless it says close, 1.0 only when both say keep-alive.
    if status.rawValue >= 200 {
      if !keepsAlive {
        field("connection", "close", into: &output)
      } else if saysKeepAlive {
        field("connection", "keep-alive", into: &output)
      }
    }
    if reserve(2, output.freeByteCount) { endLine(&output) }
  }

  private mutating func fail(_ reason: Failure) {
    if failure == nil { failure = reason }
  }

  private mutating func reserve(_ count: Int, _ free: Int) -> Bool {
    if failure == nil, count > free { failure = .noRoom }
    return failure == nil
  }

  /// Writes `name: ` when there is room for the whole line with a value of so many bytes.
  @_lifetime(output: copy output)
  private mutating func begin(
    _ name: String, _ valueCount: Int,
    _ output: inout some ByteSink & ~Copyable & ~Escapable
  ) -> Bool {
    let octets = name.utf8Span.span
    guard !octets.isEmpty,
      octets.end(of: ByteClass.token, from: 0, to: octets.count) == octets.count
    else {
      fail(.badField)
      return false
    }
    guard reserve(octets.count &+ 4 &+ valueCount, output.freeByteCount) else { return false }
    output.append(octets: octets)
    output.append(UInt8(ascii: ":"))
    output.append(.space)
    return true
  }

  @_lifetime(output: copy output)
  private func endLine(_ output: inout some ByteSink & ~Copyable & ~Escapable) {
    output.append(.carriageReturn)
    output.append(.lineFeed)
  }
}
