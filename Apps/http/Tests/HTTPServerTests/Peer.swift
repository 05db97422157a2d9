// SPDX-License-Identifier: BSD-3-Clause

import HTTPCore
import HTTPServer

/// A client of one session, and the server's part around it.
final class Peer {
  let session: Session
  let handler: any TestHandler
  private let outbox = Outbox()
  /// What the session has sent since the last look.
  private var sent: [UInt8] = []

  init(
    _ handler: any TestHandler = EchoHandler(), limits: RequestLimits = RequestLimits(),
    budget: BufferBudget = BufferBudget(limit: 1 << 20)
  ) {
    self.handler = handler
    session = Session(limits: limits, budget: budget)
  }

  /// Gives the session some text, in pieces that end at `splits`, and returns what it says.
  @discardableResult
  func say(_ text: String, splits: [Int] = []) -> String {
    say(Array(text.utf8), splits: splits)
  }

  @discardableResult
  func say(_ bytes: [UInt8], splits: [Int] = []) -> String {
    var start = 0
    for end in splits + [bytes.count] where end > start {
      outbox.clear()
      receive(Array(bytes[start..<end]))
      collect()
      proceed()
      start = end
    }
    return take()
  }

  /// Time is up.
  func expire() -> String {
    outbox.clear()
    session.expire(second: 0, into: outbox)
    collect()
    return take()
  }

  private func receive(_ bytes: [UInt8]) {
    handler.receive(RawSpan(_elements: bytes.span), session, outbox)
  }

  private func proceed() {
    while session.wantsToProceed {
      outbox.clear()
      handler.proceed(session, outbox)
      collect()
    }
  }

  private func collect() {
    let bytes = outbox.bytes
    let octets = Span<UInt8>(_bytes: bytes.bytes)
    for index in octets.indices { sent.append(octets[index]) }
  }

  private func take() -> String {
    defer { sent = [] }
    return String(decoding: sent, as: UTF8.self)
  }
}

/// A handler that a test can hold without knowing its type.
protocol TestHandler: RequestHandler {
  func receive(_ bytes: RawSpan, _ session: Session, _ outbox: Outbox)
  func proceed(_ session: Session, _ outbox: Outbox)
}

extension TestHandler {
  func receive(_ bytes: RawSpan, _ session: Session, _ outbox: Outbox) {
    session.receive(bytes, self, second: 0, into: outbox)
  }

  func proceed(_ session: Session, _ outbox: Outbox) {
    session.proceed(self, second: 0, into: outbox)
  }
}

/// Says the path and the content of each request; `/stream` gives three pieces.
final class EchoHandler: TestHandler {
  func answer(_ request: borrowing Request, into outbox: Outbox) {
    if request.hasPath(Array("/stream".utf8)) {
      var writer = outbox.start(.ok, to: request)
      outbox.finish(&writer, source: ThreePieces())
      return
    }
    var text = Array("path ".utf8)
    append(request.path, to: &text)
    text += Array(" body ".utf8)
    append(request.body, to: &text)
    outbox.send(.ok, .plainText, RawSpan(_elements: text.span), to: request)
  }

  private func append(_ bytes: RawSpan, to text: inout [UInt8]) {
    let octets = Span<UInt8>(_bytes: bytes)
    for index in octets.indices { text.append(octets[index]) }
  }
}

private final class ThreePieces: BodySource {
  private var count = 0

  func produce(into bytes: inout ByteBuffer) -> Bool {
    count += 1
    for byte in "piece \(count)\n".utf8 { bytes.append(byte) }
    return count < 3
  }
}

/// Gives one file whatever is asked for.
final class FileHandler: TestHandler {
  let file: StaticFile

  init(_ file: StaticFile) { self.file = file }

  func answer(_ request: borrowing Request, into outbox: Outbox) {
    file.answer(request, into: outbox)
  }
}

extension String {
  /// How often `part` is in it.
  func count(of part: String) -> Int {
    var count = 0
    var rest = self[...]
    while let range = rest.firstRange(of: part) {
      count += 1
      rest = rest[range.upperBound...]
    }
    return count
  }

  /// What stands behind the first empty line.
  var content: String {
    firstRange(of: "\r\n\r\n").map { String(self[$0.upperBound...]) } ?? ""
  }
}
