// SPDX-License-Identifier: BSD-3-Clause

import Bytes
public import HTTPCore

/// What the server does with one connection: requests in, answers out, one after the other.
///
/// Its owner gives it what came (`receive`), sends what is then in the outbox, and only when all of
/// that is sent gives it more, or lets it go on (`proceed`) while `wantsToProceed`. It says by
/// `phase` what is waited for.
public final class Session {
  /// What the session waits for.
  public enum Phase: UInt8, Sendable {
    /// The next request.
    case idle
    /// The rest of a head.
    case head
    /// The rest of a body.
    case body
    /// An answer that is made piece by piece goes out.
    case producing
    /// Nothing; what still comes is thrown away until the client ends its side.
    case lingering
    /// Nothing: the connection is to be closed when everything is sent.
    case over
  }

  public internal(set) var phase = Phase.idle
  /// How many requests were answered, also those that were refused.
  public internal(set) var requestCount = 0
  /// Whether the connection is to end after the request in hand: the server is about to.
  public var endsSoon = false

  private let limits: RequestLimits
  private let budget: BufferBudget
  private var parser: RequestParser
  /// What came and could not be used yet.
  private var input = ByteBuffer()
  /// The head of the request whose body comes, its body's decoder, and what came of the body.
  private var pendingHead = ByteBuffer()
  private var decoder: BodyDecoder?
  private var body = ByteBuffer()
  /// The answer that goes out piece by piece.
  private var source: (any BodySource)?
  private var isChunked = false
  private var endsAfterSource = false
  /// What the budget knows of.
  private var heldByteCount = 0

  /// Pipelined requests are left alone while so many bytes of answers wait.
  private static let outboxLimit = 16 << 10

  public init(limits: RequestLimits, budget: BufferBudget) {
    self.limits = limits
    self.budget = budget
    parser = RequestParser(limits: limits)
  }

  deinit { _ = budget.change(from: heldByteCount, to: 0) }

  /// Whether `proceed` has something to do although nothing came.
  public var wantsToProceed: Bool { source != nil || (!input.isEmpty && phase == .idle) }

  /// Whether the connection is to be closed now, if all is sent.
  public var isOver: Bool { phase == .over }

  /// Takes what came, and answers what is complete.
  ///
  /// - Parameter second: the time of day, in seconds since 1970.
  @_optimize(speed)
  public func receive<Handler: RequestHandler>(
    _ bytes: RawSpan, _ handler: Handler, second: Int, into outbox: Outbox
  ) {
    if phase == .lingering || phase == .over { return }
    if input.isEmpty, source == nil {
      let used = serve(bytes, handler, second, outbox)
      keep(bytes.extracting(used..<bytes.byteCount), second, outbox)
    } else {
      input.append(bytes)
      serveInput(handler, second, outbox)
    }
  }

  /// Goes on with an answer that is made piece by piece, or with requests that came before.
  public func proceed<Handler: RequestHandler>(
    _ handler: Handler, second: Int, into outbox: Outbox
  ) {
    if let source { return produce(source, outbox) }
    serveInput(handler, second, outbox)
  }

  /// The client sends no more. What it has asked for is still answered.
  public func receiveEnd() {
    switch phase {
    case .idle, .head, .body, .lingering: phase = .over
    case .producing: endsAfterSource = true
    case .over: break
    }
  }

  /// Time is up: 408 to a request that has begun (RFC 9110 section 15.5.9).
  public func expire(second: Int, into outbox: Outbox) {
    switch phase {
    case .head, .body: refuse(.requestTimeout, second, outbox)
    default: phase = .over
    }
  }

  // MARK: Requests

  private func serveInput<Handler: RequestHandler>(
    _ handler: Handler, _ second: Int, _ outbox: Outbox
  ) {
    guard source == nil, phase != .over, phase != .lingering else { return }
    var bytes = ByteBuffer()
    swap(&bytes, &input)
    let span = bytes.bytes
    let used = serve(span, handler, second, outbox)
    if used == 0, phase == .head {
      // The usual case of a head in many pieces: nothing is copied.
      input = bytes
      account(second, outbox)
    } else {
      keep(span.extracting(used..<span.byteCount), second, outbox)
    }
  }

  /// Keeps what could not be used.
  private func keep(_ rest: RawSpan, _ second: Int, _ outbox: Outbox) {
    if phase != .over, phase != .lingering, rest.byteCount > 0 { input.append(rest) }
    if heldByteCount > 0 || !input.isEmpty || phase == .body { account(second, outbox) }
  }

  /// Tells the budget what is held; refuses the request in hand when it is too much.
  private func account(_ second: Int, _ outbox: Outbox) {
    let held = input.count + body.count + pendingHead.count
    let isWithin = budget.change(from: heldByteCount, to: held)
    heldByteCount = held
    if !isWithin { refuse(.serviceUnavailable, second, outbox) }
  }

  /// Answers the requests in `bytes`, and returns how many bytes are done with.
  @_optimize(speed)
  private func serve<Handler: RequestHandler>(
    _ bytes: RawSpan, _ handler: Handler, _ second: Int, _ outbox: Outbox
  ) -> Int {
    var start = 0
    while start < bytes.byteCount {
      switch phase {
      case .idle, .head:
        guard outbox.bytes.count < Self.outboxLimit else { return start }
        let rest = bytes.extracting(start..<bytes.byteCount)
        do throws(RequestError) {
          guard try parser.parse(rest) == .complete else {
            phase = .head
            return start
          }
        } catch {
          refuse(error.status, second, outbox)
          return bytes.byteCount
        }
        let byteCount = parser.head.byteCount
        start &+= byteCount
        if parser.head.framing == .none {
          answer(rest, RawSpan(), handler, second, outbox)
        } else {
          beginBody(
            rest.extracting(0..<byteCount), isAlone: start == bytes.byteCount, second, outbox)
          // A body without bytes is complete although none come.
          if phase == .body, decoder?.isComplete == true {
            _ = takeBody(rest.extracting(0..<0), &start, handler, second, outbox)
          }
        }
      case .body:
        guard
          takeBody(bytes.extracting(start..<bytes.byteCount), &start, handler, second, outbox)
        else { return start }
      case .producing: return start
      case .lingering, .over: return bytes.byteCount
      }
    }
    return start
  }

  @_optimize(speed)
  private func answer<Handler: RequestHandler>(
    _ head: RawSpan, _ body: RawSpan, _ handler: Handler, _ second: Int, _ outbox: Outbox
  ) {
    requestCount &+= 1
    phase = .idle
    outbox.isLast = endsSoon
    handler.answer(Request(parser.head, of: head, body: body, second: second), into: outbox)
    if let source = outbox.source {
      outbox.source = nil
      self.source = source
      isChunked = outbox.isChunked
      endsAfterSource = !outbox.keepsAlive
      phase = .producing
    } else if !outbox.keepsAlive {
      phase = .lingering
    }
  }

  /// Answers what is no request, or none that can be served; nothing more is read.
  private func refuse(_ status: StatusCode, _ second: Int, _ outbox: Outbox) {
    guard phase != .lingering, phase != .over else { return }
    requestCount &+= 1
    var writer = ResponseWriter(to: RequestError(.badMethod, at: 0))
    outbox.begin(status, &writer, second)
    outbox.finish(status, &writer)
    phase = .lingering
    input = ByteBuffer()
    dropBody()
    _ = budget.change(from: heldByteCount, to: 0)
    heldByteCount = 0
  }

  // MARK: Bodies

  /// - Parameter isAlone: nothing of the body has come yet.
  private func beginBody(
    _ head: RawSpan, isAlone: Bool, _ second: Int, _ outbox: Outbox
  ) {
    do throws(RequestError) {
      decoder = try BodyDecoder(parser.head.framing, limits: limits)
    } catch {
      return refuse(error.status, second, outbox)
    }
    pendingHead = ByteBuffer()
    pendingHead.append(head)
    phase = .body
    // RFC 9110 section 10.1.1: not to a client that sends already.
    if parser.head.expectsContinue, isAlone {
      let answer: StaticString = "HTTP/1.1 100 Continue\r\n\r\n"
      outbox.append(answer.bytes)
    }
  }

  /// Takes what there is of the body. False when more has to come.
  private func takeBody<Handler: RequestHandler>(
    _ bytes: RawSpan, _ start: inout Int, _ handler: Handler, _ second: Int, _ outbox: Outbox
  ) -> Bool {
    var used = 0
    var isComplete = decoder?.isComplete ?? true
    while !isComplete, used < bytes.byteCount {
      let rest = bytes.extracting(used..<bytes.byteCount)
      do throws(RequestError) {
        guard let piece = try decoder?.decode(rest) else { break }
        if !piece.content.isEmpty { body.append(piece.content.bytes(of: rest)) }
        used &+= piece.consumedByteCount
        isComplete = piece.isComplete
        if piece.consumedByteCount == 0 { break }
      } catch {
        start &+= bytes.byteCount
        refuse(error.status, second, outbox)
        return false
      }
    }
    start &+= used
    guard isComplete else { return false }
    var head = ByteBuffer()
    var content = ByteBuffer()
    swap(&head, &pendingHead)
    swap(&content, &body)
    dropBody()
    answer(head.bytes, content.bytes, handler, second, outbox)
    return true
  }

  private func dropBody() {
    decoder = nil
    pendingHead = ByteBuffer()
    body = ByteBuffer()
  }

  // MARK: Answers in pieces

  private func produce(_ source: any BodySource, _ outbox: Outbox) {
    var isEnd = false
    if isChunked {
      var piece = ByteBuffer()
      isEnd = !source.produce(into: &piece)
      if !piece.isEmpty {
        _ = ChunkWriter.start(byteCount: piece.count, into: &outbox.bytes)
        outbox.bytes.append(piece.bytes)
        _ = ChunkWriter.end(into: &outbox.bytes)
      }
      if isEnd { _ = ChunkWriter.finish(into: &outbox.bytes) }
    } else {
      isEnd = !source.produce(into: &outbox.bytes)
    }
    guard isEnd else { return }
    self.source = nil
    phase = endsAfterSource ? .lingering : .idle
  }
}
