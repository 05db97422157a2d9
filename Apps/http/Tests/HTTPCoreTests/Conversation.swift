// SPDX-License-Identifier: BSD-3-Clause

import HTTPCore

/// What a server would have understood of some bytes: the requests, and how it ended.
///
/// It uses only what is public, and the fuzz target is compiled with it.
struct Conversation: Equatable {
  struct Request: Equatable {
    var method: [UInt8]
    var target: [UInt8]
    var path: [UInt8]
    var query: [UInt8]?
    var authority: [UInt8]
    var isOld: Bool
    var framing: BodyFraming
    var keepsAlive: Bool
    var expectsContinue: Bool
    var fields: [[UInt8]] = []
    var known: [[UInt8]?] = []
    var body: [UInt8] = []
  }

  enum Ending: Equatable {
    /// Behind a request, or within one.
    case betweenRequests, inHead, inBody
    case failed(RequestError)
  }

  private(set) var requests: [Request] = []
  private(set) var ending = Ending.betweenRequests
  /// Bytes of whole heads and of bodies.
  private(set) var consumedByteCount = 0

  private var parser: RequestParser
  private var decoder: BodyDecoder?
  private var buffer: [UInt8] = []
  private let limits: RequestLimits

  init(limits: RequestLimits = RequestLimits()) {
    self.limits = limits
    parser = RequestParser(limits: limits)
  }

  /// All of `bytes`, in pieces that end at `splits`, which ascend.
  init(_ bytes: [UInt8], splits: [Int] = [], limits: RequestLimits = RequestLimits()) {
    self.init(limits: limits)
    var start = 0
    for end in splits + [bytes.count] {
      receive(bytes[start..<end])
      start = end
    }
  }

  /// Of a body that is refused, one that came in pieces has been consumed up to the last piece.
  static func == (one: Self, other: Self) -> Bool {
    if one.requests != other.requests || one.ending != other.ending { return false }
    if case .failed = one.ending { return true }
    return one.consumedByteCount == other.consumedByteCount
  }

  /// More bytes have come.
  mutating func receive(_ bytes: ArraySlice<UInt8>) {
    if case .failed = ending { return }
    buffer += bytes
    do throws(RequestError) {
      while try advance() {}
    } catch {
      ending = .failed(error)
    }
  }

  /// One head or one piece of a body; false when more bytes are needed.
  private mutating func advance() throws(RequestError) -> Bool {
    // A reference of its own: a span of `buffer` would keep the parser from changing.
    let bytes = buffer
    if decoder != nil {
      let piece = try decoder!.decode(RawSpan(_elements: bytes.span))
      precondition(piece.consumedByteCount <= buffer.count)
      precondition(piece.content.end <= piece.consumedByteCount)
      requests[requests.count - 1].body += buffer[piece.content.offset..<piece.content.end]
      drop(piece.consumedByteCount)
      if piece.isComplete { decoder = nil }
      ending = piece.isComplete ? .betweenRequests : .inBody
      return piece.isComplete || !buffer.isEmpty
    }
    guard try parser.parse(RawSpan(_elements: bytes.span)) == .complete else {
      if !buffer.isEmpty { ending = .inHead }
      return false
    }
    let head = parser.head
    precondition(head.byteCount > 0 && head.byteCount <= buffer.count)
    requests.append(summary(head))
    drop(head.byteCount)
    if head.framing == .none {
      ending = .betweenRequests
    } else {
      decoder = try BodyDecoder(head.framing, limits: limits)
      ending = .inBody
    }
    return true
  }

  private mutating func drop(_ count: Int) {
    buffer.removeFirst(count)
    consumedByteCount += count
  }

  private func summary(_ head: RequestHead) -> Request {
    func text(_ extent: Extent) -> [UInt8] { Array(buffer[extent.offset..<extent.end]) }
    var request = Request(
      method: text(head.methodText), target: text(head.target), path: text(head.path),
      query: head.query.map(text), authority: text(head.authority),
      isOld: head.version == .http10, framing: head.framing, keepsAlive: head.keepsAlive,
      expectsContinue: head.expectsContinue)
    var fields = head.fields(of: RawSpan(_elements: buffer.span))
    while let field = fields.next() {
      request.fields.append(text(field.name))
      request.fields.append(text(field.value))
    }
    request.known = KnownField.allCases.map { head[$0].map(text) }
    return request
  }
}
