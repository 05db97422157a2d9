// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine

/// A connection of TCP (see the sibling for the guest).
public struct TCPConnection: ~Copyable {
  private let socket: HostSocket

  init(_ socket: HostSocket) {
    self.socket = socket
  }

  /// Makes a connection.
  public init(to remote: Endpoint, deadline: Instant = .never) throws(NetworkError) {
    do throws(HostSocketError) {
      socket = try HostSocket.connected(to: HostEndpoint(remote), until: deadline.nanoseconds)
    } catch { throw NetworkError(error) }
  }

  /// This machine's end.
  public var local: Endpoint { Endpoint(socket.local) }
  /// The other side's end.
  public var remote: Endpoint { Endpoint(socket.remote) }

  /// Reads what has come, at least one byte; 0 when the other side sends no more.
  public mutating func read(
    into bytes: inout MutableRawSpan, deadline: Instant = .never
  ) throws(NetworkError) -> Int {
    do throws(HostSocketError) {
      return try socket.read(into: &bytes, until: deadline.nanoseconds)
    } catch { throw NetworkError(error) }
  }

  /// Writes all bytes, and waits for room where there is none.
  public mutating func write(_ bytes: RawSpan, deadline: Instant = .never) throws(NetworkError) {
    do throws(HostSocketError) {
      try socket.write(bytes, until: deadline.nanoseconds)
    } catch { throw NetworkError(error) }
  }

  /// Reads what has come, without waiting; 0 when the other side sends no more, nil when nothing is
  /// there yet.
  public mutating func readIfReady(
    into bytes: inout MutableRawSpan
  ) throws(NetworkError) -> Int? {
    do throws(HostSocketError) { return try socket.readIfReady(into: &bytes) } catch {
      throw NetworkError(error)
    }
  }

  /// Writes as many bytes as there is room for, without waiting; perhaps none.
  public mutating func writeSome(_ bytes: RawSpan) throws(NetworkError) -> Int {
    do throws(HostSocketError) { return try socket.writeSome(bytes) } catch {
      throw NetworkError(error)
    }
  }

  /// Whether `readIfReady` would give something; the host does not tell, so it may be.
  public var mayBeReadable: Bool { true }

  /// Gives the connection up: the other side is told that it was reset.
  public mutating func reset() { socket.reset() }

  /// Tells `list`, under `token`, when something has come or there is room to write again; and at
  /// once.
  public func announce(on list: ReadyList, as token: Int) {
    list.readiness.add(socket, token: token)
  }

  /// Says that nothing more will be written; reading goes on.
  public mutating func endWriting() throws(NetworkError) {
    do throws(HostSocketError) { try socket.endWriting() } catch { throw NetworkError(error) }
  }

  deinit { socket.close() }
}
