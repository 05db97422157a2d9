// SPDX-License-Identifier: BSD-3-Clause

import DNSCore
import Martlet

/// Answers queries that come over TCP, each behind its length (RFC 7766).
final class StreamServer {
  private let responder: Responder
  private var connectionCount = 0

  /// Each has a thread, and so a stack of 64 KiB.
  private static let connectionLimit = 64
  /// How long a connection may be silent, and a message may take (RFC 7766 section 6.2.3).
  private static let patience = Nanoseconds(seconds: 10)

  init(_ responder: Responder) {
    self.responder = responder
  }

  /// Takes connections until the machine ends.
  func serve(_ listener: borrowing TCPListener) {
    while true {
      do throws(NetworkError) {
        let connection = try listener.accept()
        // Beyond the limit a connection is closed at once; the asker comes again.
        guard connectionCount < Self.connectionLimit else { continue }
        connectionCount += 1
        let thread = Thread.start(with: connection) { connection in
          self.converse(connection)
          self.connectionCount -= 1
        }
        if thread == nil { connectionCount -= 1 }
      } catch {
        Time.sleep(.milliseconds(10))
      }
    }
  }

  private func converse(_ connection: consuming TCPConnection) {
    var stream = MessageStream()
    var buffer = [UInt8](repeating: 0, count: 2048)
    do throws(NetworkError) {
      while true {
        let deadline = Time.now() + Self.patience
        while let message = stream.next() {
          guard let answer = responder.answer(message, over: .stream) else { return }
          try connection.write(MessageStream.framed(answer)[...], deadline: deadline)
        }
        let count = try connection.read(into: &buffer, deadline: deadline)
        if count == 0 { return }
        stream.append(buffer[..<count])
      }
    } catch {
      // The asker has gone, or says nothing any more; so does the connection.
    }
  }
}
