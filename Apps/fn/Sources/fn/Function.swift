// SPDX-License-Identifier: BSD-3-Clause

import Handler
import Martlet

/// Answers one HTTP request on port 80, and ends.
@main
struct Function {
  /// How long one client may take for its request, and for taking the answer.
  private static let patience = Nanoseconds.milliseconds(10_000)

  static func main() throws(NetworkError) {
    let listener = try TCPListener(port: 80)
    // A client that goes away without a request does not count.
    while true {
      let connection = try listener.accept()
      if serve(connection) { return }
    }
  }

  /// Answers the connection's request; false when the client was gone before.
  private static func serve(_ connection: consuming TCPConnection) -> Bool {
    let deadline = Time.now() + patience
    do throws(NetworkError) {
      guard let answer = try answer(to: &connection, by: deadline) else { return false }
      try connection.write(answer[...], deadline: deadline)
    } catch {
      return false
    }
    waitForEnd(of: connection, by: deadline)
    return true
  }

  /// Waits for the client to have the answer; the machine must not end before.
  ///
  /// A client that has read what it wanted may as well reset the connection: it is answered.
  private static func waitForEnd(of connection: consuming TCPConnection, by deadline: Instant) {
    do throws(NetworkError) {
      try connection.endWriting()
      var rest = [UInt8](repeating: 0, count: 256)
      while try connection.read(into: &rest, deadline: deadline) > 0 {}
    } catch {}
  }

  private static func answer(
    to connection: inout TCPConnection, by deadline: Instant
  ) throws(NetworkError) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: Request.limit)
    var count = 0
    while true {
      var part = [UInt8](repeating: 0, count: Request.limit - count)
      let more = try connection.read(into: &part, deadline: deadline)
      guard more > 0 else { return nil }
      for index in 0..<more { bytes[count + index] = part[index] }
      count += more
      switch Request.read(bytes[..<count]) {
      case .unfinished: continue
      case .whole(let request): return Handler.answer(to: request)
      case .refused(let status): return Handler.refusal(status: status)
      }
    }
  }
}
