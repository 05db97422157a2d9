// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine

/// A port that takes connections (see the sibling for the guest).
public struct TCPListener: ~Copyable {
  private let socket: HostSocket

  /// Listens on a port of all addresses of this machine, or of one; port 0 for any that is free.
  public init(
    port: UInt16, address: IPAddress = IPAddress(IPv6Address.any), backlog: Int = 512
  ) throws(NetworkError) {
    do throws(HostSocketError) {
      socket = try HostSocket.listening(
        at: HostEndpoint(Endpoint(address, port)), backlog: backlog)
    } catch { throw NetworkError(error) }
  }

  /// The address and the port.
  public var local: Endpoint { Endpoint(socket.local) }

  /// Waits for a connection and takes it.
  public func accept(deadline: Instant = .never) throws(NetworkError) -> TCPConnection {
    do throws(HostSocketError) {
      return TCPConnection(try socket.accept(until: deadline.nanoseconds))
    } catch { throw NetworkError(error) }
  }

  /// Takes a connection that waits; nil when none does.
  public func acceptIfReady() -> TCPConnection? {
    // What fails here fails for the client that has gone, not for the listener.
    guard let accepted = try? socket.acceptIfReady() else { return nil }
    return TCPConnection(accepted)
  }

  /// Tells `list` when a connection waits, under `token`; and at once.
  public func announce(on list: ReadyList, as token: Int) {
    list.readiness.add(socket, token: token)
  }

  deinit { socket.close() }
}

extension HostEndpoint {
  init(_ endpoint: Endpoint) {
    let address = endpoint.address.isAny ? IPv6Address.any : endpoint.address.mapped
    self.init(high: address.high, low: address.low, port: endpoint.port)
  }
}

extension Endpoint {
  init(_ endpoint: HostEndpoint) {
    self.init(IPAddress(IPv6Address(high: endpoint.high, low: endpoint.low)), endpoint.port)
  }
}

extension NetworkError {
  init(_ error: HostSocketError) {
    switch error {
    case .timedOut: self = .timedOut
    case .refused: self = .refused
    case .reset: self = .reset
    case .unreachable: self = .unreachable
    case .writingEnded: self = .writingEnded
    case .addressInUse: self = .addressInUse
    case .noMemory: self = .noMemory
    case .tooLong: self = .tooLong
    case .invalid: self = .invalid
    }
  }
}
