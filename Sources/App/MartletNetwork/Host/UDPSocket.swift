// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine

/// One end of an exchange of datagrams (see the sibling for the guest).
public struct UDPSocket: ~Copyable {
  private let socket: HostSocket
  /// The peer, if it has one.
  public let remote: Endpoint?

  /// Takes a port of all addresses of this machine, or of one; 0 for any that is free.
  public init(
    port: UInt16 = 0, address: IPAddress = IPAddress(IPv6Address.any)
  ) throws(NetworkError) {
    do throws(HostSocketError) {
      socket = try HostSocket.datagrams(at: HostEndpoint(Endpoint(address, port)))
      remote = nil
    } catch { throw NetworkError(error) }
  }

  /// Takes a free port, and `remote` for the peer.
  public init(to remote: Endpoint) throws(NetworkError) {
    guard remote.port != 0 else { throw .invalid }
    do throws(HostSocketError) {
      socket = try HostSocket.datagrams(to: HostEndpoint(remote))
      self.remote = remote
    } catch { throw NetworkError(error) }
  }

  /// This machine's end.
  public var local: Endpoint { Endpoint(socket.local) }

  /// Waits for a datagram, and takes it.
  public mutating func receive(
    into bytes: inout MutableRawSpan, deadline: Instant = .never
  ) throws(NetworkError) -> (count: Int, from: Endpoint) {
    do throws(HostSocketError) {
      let (count, from) = try socket.receive(into: &bytes, until: deadline.nanoseconds)
      return (count, Endpoint(from))
    } catch { throw NetworkError(error) }
  }

  /// Takes a datagram that has come; nil when none has.
  public mutating func receiveIfReady(
    into bytes: inout MutableRawSpan
  ) throws(NetworkError) -> (count: Int, from: Endpoint)? {
    do throws(HostSocketError) {
      guard let (count, from) = try socket.receiveIfReady(into: &bytes) else { return nil }
      return (count, Endpoint(from))
    } catch { throw NetworkError(error) }
  }

  /// Tells `list` when a datagram has come, under `token`; and at once.
  public func announce(on list: ReadyList, as token: Int) {
    list.readiness.add(socket, token: token)
  }

  /// Sends a datagram.
  public mutating func send(_ bytes: RawSpan, to target: Endpoint) throws(NetworkError) {
    guard target.port != 0 else { throw .invalid }
    do throws(HostSocketError) { try socket.send(bytes, to: HostEndpoint(target)) } catch {
      throw NetworkError(error)
    }
  }

  /// Sends a datagram to the peer.
  public mutating func send(_ bytes: RawSpan) throws(NetworkError) {
    guard remote != nil else { throw .invalid }
    do throws(HostSocketError) { try socket.send(bytes, to: nil) } catch {
      throw NetworkError(error)
    }
  }

  deinit { socket.close() }
}
