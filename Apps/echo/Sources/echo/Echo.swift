// SPDX-License-Identifier: BSD-3-Clause

import Martlet

/// Gives back what it is sent, to any number of clients at a time (RFC 862).
@main
struct Echo {
  static func main() throws(NetworkError) {
    let listener = try TCPListener(port: 7)
    Console.output.write("listening on port 7\n")
    while true {
      let connection = try listener.accept()
      Thread.start(with: connection) { serve($0) }
    }
  }

  static func serve(_ connection: consuming TCPConnection) {
    var buffer = [UInt8](repeating: 0, count: 4096)
    do throws(NetworkError) {
      while case let count = try connection.read(into: &buffer), count > 0 {
        try connection.write(buffer[..<count])
      }
    } catch {
      // The client has gone; so does the connection.
    }
  }
}
