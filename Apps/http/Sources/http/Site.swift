// SPDX-License-Identifier: BSD-3-Clause

import HTTPCore
import HTTPServer
import Martlet

/// What there is to be had: files, and what `Site+API.swift` answers.
final class Site: RequestHandler {
  let counters = Counters()
  /// Somebody has asked for the server to end.
  var wantsEnd = false

  private let files = Content.files()
  private let home: [UInt8] = [UInt8(ascii: "/")]
  /// A path without escapes and dot segments.
  private var normalized: [UInt8] = []

  func answer(_ request: borrowing Request, into outbox: Outbox) {
    if request.head.method == .options { return answerOptions(request, outbox) }
    if request.hasPath(home) { return files[0].answer(request, into: outbox) }
    for file in files where request.hasPath(file.path) {
      return file.answer(request, into: outbox)
    }
    do throws(TargetPath.Failure) {
      try TargetPath.normalize(request.path, into: &normalized)
    } catch {
      outbox.send(error == .encodedSlash ? .notFound : .badRequest, to: request)
      return
    }
    if normalized == home { return files[0].answer(request, into: outbox) }
    for file in files where file.path == normalized {
      return file.answer(request, into: outbox)
    }
    if !answerAPI(normalized, request, outbox) { outbox.send(.notFound, to: request) }
  }

  /// Source: RFC 9110 section 9.3.7.
  private func answerOptions(_ request: borrowing Request, _ outbox: Outbox) {
    var writer = outbox.start(.noContent, to: request)
    writer.field("allow", "GET, HEAD, POST, OPTIONS", into: &outbox.bytes)
    outbox.finish(&writer, content: RawSpan())
  }
}
