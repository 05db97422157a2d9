// SPDX-License-Identifier: BSD-3-Clause

import DNSCore
import Martlet

/// Answers queries that come in datagrams.
struct DatagramServer: ~Copyable {
  private let responder: Responder
  private var socket: UDPSocket
  private var limiter: RateLimiter
  private var buffer = [UInt8](repeating: 0, count: 4096)

  init(_ responder: Responder, _ socket: consuming UDPSocket, answersPerSecond: Int) {
    self.responder = responder
    self.socket = socket
    limiter = RateLimiter(perSecond: answersPerSecond)
  }

  /// Serves until the machine ends.
  mutating func serve() {
    while true {
      do throws(NetworkError) {
        let (count, asker) = try socket.receive(into: &buffer)
        let decision = limiter.decide(asker.address, at: Time.now())
        if decision == .drop { continue }
        let answer = responder.answer(
          Array(buffer[..<count]), over: .datagram, isLimited: decision == .truncate)
        if let answer { try socket.send(answer[...], to: asker) }
      } catch {
        // What a network says of one answer is no reason to stop; askers ask again.
      }
    }
  }
}
