// SPDX-License-Identifier: BSD-3-Clause

import Bytes
public import HTTPCore

/// A file whose content does not change while the server runs.
///
/// Its usual answer, to a GET of version 1.1 without conditions, is made once and then copied; only
/// the date in it is written anew, once a second.
public final class StaticFile {
  /// Its path in requests, such as `/index.html`.
  public let path: [UInt8]
  private let content: StaticString
  private let type: MediaType
  /// With its quotes: a strong validator, made of the content.
  private let entityTag: [UInt8]
  /// The usual answer, where the date is in it, and which date.
  private var prepared = ByteBuffer()
  private var dateOffset = 0
  private var preparedSecond = Int.min

  /// Content up to this is sent with its head; more goes out piece by piece.
  private static let wholeLimit = 16 << 10

  /// - Parameters:
  ///   - path: Absolute, decoded and without dot segments.
  ///   - type: Nil for what the path's end tells.
  public init(_ path: StaticString, _ content: StaticString, type: MediaType? = nil) {
    self.path = path.byteArray
    self.content = content
    self.type = type ?? MediaType(path: path.bytes)
    entityTag = Self.tag(content.bytes)
  }

  /// Answers a request for this file.
  public func answer(_ request: borrowing Request, into outbox: Outbox) {
    let head = request.head
    if head.method == .get, head.keepsAlive, head.version == .http11, !outbox.isLast,
      !head.hasConditions, content.utf8CodeUnitCount <= Self.wholeLimit
    {
      if preparedSecond != request.second { prepare(request) }
      if outbox.bytes.isEmpty {
        // Shared, not copied, until somebody appends.
        outbox.bytes = prepared
      } else {
        let prepared = prepared
        outbox.bytes.append(prepared.bytes)
      }
      outbox.keepsAlive = true
      return
    }
    guard head.method == .get || head.method == .head else {
      return outbox.refuseMethod(allowed: "GET, HEAD", to: request)
    }
    answerSlowly(request, outbox)
  }

  /// Makes the usual answer, or only its date.
  private func prepare(_ request: borrowing Request) {
    preparedSecond = request.second
    let date = HTTPDate(secondsSince1970: request.second)
    if prepared.isEmpty {
      var writer = ResponseWriter(to: request.head)
      writer.start(.ok, into: &prepared)
      dateOffset = prepared.count + 6
      writer.field("date", date: date, into: &prepared)
      addFields(to: &writer, into: &prepared)
      writer.finish(.length(content.utf8CodeUnitCount), into: &prepared)
      prepared.append(content.bytes)
      return
    }
    var text: [UInt8] = []
    date.write(into: &text)
    prepared.replace(at: dateOffset, with: RawSpan(_elements: text.span))
  }

  private func addFields(to writer: inout ResponseWriter, into bytes: inout ByteBuffer) {
    writer.field("content-type", type.text, into: &bytes)
    let tag = entityTag
    writer.field("etag", RawSpan(_elements: tag.span), into: &bytes)
    writer.field("accept-ranges", "bytes", into: &bytes)
  }

  // MARK: Conditions and ranges

  private func answerSlowly(_ request: borrowing Request, _ outbox: Outbox) {
    let tag = entityTag
    let validators = Preconditions.Validators(
      entityTag: RawSpan(_elements: tag.span), lastModified: nil)
    switch Preconditions.evaluate(
      request.head, of: request.bytes, validators, now: request.second)
    {
    case .notModified:
      var writer = outbox.start(.notModified, to: request)
      writer.field("etag", RawSpan(_elements: tag.span), into: &outbox.bytes)
      outbox.finish(&writer, content: RawSpan())
    case .failed: outbox.send(.preconditionFailed, to: request)
    case .proceed(let mayUseRange):
      var range = ByteRange.ignored
      if mayUseRange, let extent = request.head[.range] {
        range = ByteRange(
          parsing: extent.bytes(of: request.bytes), length: content.utf8CodeUnitCount)
      }
      send(range, to: request, outbox)
    }
  }

  private func send(_ range: ByteRange, to request: borrowing Request, _ outbox: Outbox) {
    let byteCount = content.utf8CodeUnitCount
    switch range {
    case .ignored:
      var writer = outbox.start(.ok, to: request)
      addFields(to: &writer, into: &outbox.bytes)
      send(0..<byteCount, &writer, outbox)
    case .part(let part):
      var writer = outbox.start(.partialContent, to: request)
      addFields(to: &writer, into: &outbox.bytes)
      writer.contentRange(part, of: byteCount, into: &outbox.bytes)
      send(part, &writer, outbox)
    case .unsatisfiable:
      var writer = outbox.start(.rangeNotSatisfiable, to: request)
      writer.contentRange(nil, of: byteCount, into: &outbox.bytes)
      outbox.finish(.rangeNotSatisfiable, &writer)
    }
  }

  private func send(_ part: Range<Int>, _ writer: inout ResponseWriter, _ outbox: Outbox) {
    if part.count <= Self.wholeLimit {
      outbox.finish(&writer, content: content.bytes.extracting(part))
    } else {
      outbox.finish(&writer, source: FilePart(content, part), length: part.count)
    }
  }

  /// FNV-1a of the content, in quotes: equal bytes have equal tags over restarts too.
  ///
  /// Source: RFC 9110 section 8.8.3.
  private static func tag(_ content: RawSpan) -> [UInt8] {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    let octets = Span<UInt8>(_bytes: content)
    for index in octets.indices { hash = (hash ^ UInt64(octets[index])) &* 0x0000_0100_0000_01b3 }
    var tag: [UInt8] = [UInt8(ascii: "\"")]
    for shift in stride(from: UInt64(60), through: 0, by: -4) {
      let digit = UInt8(truncatingIfNeeded: hash &>> shift) & 15
      tag.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }
    tag.append(UInt8(ascii: "\""))
    return tag
  }
}

extension RequestHead {
  /// Whether the answer depends on more than the target.
  fileprivate var hasConditions: Bool {
    self[.range] != nil || self[.ifNoneMatch] != nil || self[.ifModifiedSince] != nil
      || self[.ifMatch] != nil || self[.ifUnmodifiedSince] != nil || self[.ifRange] != nil
  }
}

/// A part of a file, piece by piece.
private final class FilePart: BodySource {
  private let content: StaticString
  private var rest: Range<Int>

  private static let pieceByteCount = 16 << 10

  init(_ content: StaticString, _ part: Range<Int>) {
    self.content = content
    rest = part
  }

  func produce(into bytes: inout ByteBuffer) -> Bool {
    let end = min(rest.upperBound, rest.lowerBound + Self.pieceByteCount)
    bytes.append(content.bytes.extracting(rest.lowerBound..<end))
    rest = end..<rest.upperBound
    return !rest.isEmpty
  }
}
