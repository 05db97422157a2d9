// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import NativeNetwork
import NetworkHost
import NetworkStack
import TCP

/// A port that takes connections.
///
/// ```swift
/// import Martlet
///
/// let listener = try TCPListener(port: 7)
/// var connection = try listener.accept()
/// try connection.write("hello\n")
/// ```
public struct TCPListener: ~Copyable {
  private let host: NetworkHost
  private let reservation: PortReservation
  private let listener: Listener
  private let watcher: TCPWatcher

  /// Listens on a port of all addresses of this machine, or of one.
  ///
  /// - Parameters:
  ///   - port: 0 for any that is free (`local` says which).
  ///   - backlog: how many connections may wait to be accepted.
  /// - Throws: `addressInUse`, `noNetwork`, `noMemory`.
  public init(
    port: UInt16, address: IPAddress = IPAddress(IPv6Address.any), backlog: Int = 512
  ) throws(NetworkError) {
    guard let host = NativeNetwork.host else { throw .noNetwork }
    guard address.isAny || host.stack.isLocal(address) else { throw .addressInUse }
    // All fields at once: a half-made value could not be taken apart.
    let watcher = TCPWatcher()
    let (reservation, listener) = try Self.listen(
      host, on: Endpoint(address, port), backlog, watcher)
    self.host = host
    self.reservation = reservation
    self.listener = listener
    self.watcher = watcher
  }

  private static func listen(
    _ host: NetworkHost, on local: Endpoint, _ backlog: Int, _ watcher: TCPWatcher
  ) throws(NetworkError) -> (PortReservation, Listener) {
    let now = host.enter()
    defer { host.leave(now) }
    do throws(TCPError) {
      let reservation = try host.tcp.bind(local)
      do throws(TCPError) {
        return (
          reservation,
          try host.tcp.listen(
            on: reservation, backlog: backlog, options: .native, observer: watcher)
        )
      } catch {
        host.tcp.release(reservation)
        throw error
      }
    } catch { throw NetworkError(error) }
  }

  /// The address and the port.
  public var local: Endpoint { listener.local }

  /// Waits for a connection and takes it.
  ///
  /// - Throws: `timedOut` when none has come by `deadline`.
  public func accept(deadline: Instant = .never) throws(NetworkError) -> TCPConnection {
    while true {
      if let connection = listener.accept() {
        return TCPConnection(host, connection)
      }
      guard watcher.wait(until: deadline) else { throw .timedOut }
    }
  }

  /// Takes a connection that waits; nil when none does.
  public func acceptIfReady() -> TCPConnection? {
    guard let connection = listener.accept() else { return nil }
    return TCPConnection(host, connection)
  }

  /// Tells `list` when a connection waits, under `token`; and at once.
  public func announce(on list: ReadyList, as token: Int) {
    watcher.announce(on: list, as: token)
  }

  deinit {
    watcher.withdraw()
    let now = host.enter()
    listener.close(now: now)
    host.tcp.release(reservation)
    host.leave(now)
  }
}

extension NetworkError {
  init(_ error: TCPError) {
    switch error {
    case .refused: self = .refused
    case .reset, .aborted, .notConnected, .wouldBlock: self = .reset
    case .timedOut: self = .timedOut
    case .unreachable: self = .unreachable
    case .sendingEnded: self = .writingEnded
    case .addressInUse: self = .addressInUse
    case .noPort, .noMemory: self = .noMemory
    case .invalid: self = .invalid
    }
  }
}
