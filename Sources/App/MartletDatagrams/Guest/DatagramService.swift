// SPDX-License-Identifier: BSD-3-Clause

@_exported import Base
@_exported import Bytes
import Machine
@_exported import MartletNetwork
import NativeNetwork
import NetworkHost
import NetworkStack
import Scheduling
import UDP
@_exported import UDPResponder

/// Answers the datagrams of a UDP port as they come, in poll mode.
///
/// ```swift
/// import Martlet
///
/// func echo() throws(NetworkError) {
///   let service = try DatagramService(port: 7) { request, reply in reply.append(request) }
///   service.run()
/// }
/// ```
///
/// A reply has as many datagrams as its bytes need; none when it has no bytes. The service is called
/// while packets are taken from the card: it must not wait. There is one service in a machine.
public final class DatagramService {
  private let host: NetworkHost
  private let responder: UDPResponder

  /// Rounds that find nothing before the thread sleeps.
  private static let patience = 16
  /// How long a round that found nothing waits: some microseconds.
  private static let pauseCount = 32

  /// Takes a port of all addresses of this machine.
  ///
  /// - Parameters:
  ///   - headByteCount: bytes at the front of each datagram of a reply that the service sets by
  ///     `setHeads`.
  ///   - payloadLimit: the most bytes of such a datagram; never more than the link takes.
  ///   - serve: makes the reply to a request.
  /// - Throws: `addressInUse`, also when there is a service already; `noNetwork`.
  public init(
    port: UInt16, headByteCount: Int = 0, payloadLimit: Int = 1452,
    _ serve: @escaping (_ request: RawSpan, _ reply: inout ReplyDatagrams) -> Void
  ) throws(NetworkError) {
    guard let host = NativeNetwork.host else { throw .noNetwork }
    self.host = host
    do throws(UDPError) {
      responder = try UDPResponder(
        host.stack, port: port, headByteCount: headByteCount, payloadLimit: payloadLimit, serve)
    } catch { throw .addressInUse }
  }

  /// Serves for ever: looks for packets while there are any, and lets other threads run between the
  /// batches. When nothing comes for a while the processor sleeps until an interrupt.
  public func run() -> Never {
    var idleRounds = 0
    while true {
      if host.poll() {
        idleRounds = 0
      } else if idleRounds < Self.patience {
        idleRounds += 1
        // The next round finds more then, and costs as much.
        for _ in 0..<Self.pauseCount { Processor.pause() }
      } else {
        host.waitForPackets()
        idleRounds = 0
      }
      Scheduler.yield()
    }
  }
}
