// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import NativeNetwork
import NetworkHost
import TCP

/// A connection of TCP. It is closed when its owner lets it go: what was written still goes to the
/// other side.
///
/// ```swift
/// import Martlet
///
/// let server = Endpoint(IPAddress(IPv4Address(192, 0, 2, 80)), 80)
/// var connection = try TCPConnection(to: server, deadline: Time.now() + .seconds(5))
/// try connection.write("HEAD / HTTP/1.0\r\n\r\n")
/// var buffer = [UInt8](repeating: 0, count: 4096)
/// while case let count = try connection.read(into: &buffer), count > 0 {
///   Console.output.write(buffer[..<count])
/// }
/// ```
public struct TCPConnection: ~Copyable {
  private let host: NetworkHost
  private let connection: Connection
  private let watcher: TCPWatcher

  init(_ host: NetworkHost, _ connection: Connection) {
    self.host = host
    self.connection = connection
    watcher = TCPWatcher()
    connection.observer = watcher
  }

  /// Makes a connection.
  ///
  /// - Throws: `refused`, `unreachable`, `timedOut` when it is not made by `deadline`,
  ///   `noNetwork`, `noMemory`, `invalid`.
  public init(to remote: Endpoint, deadline: Instant = .never) throws(NetworkError) {
    guard let host = NativeNetwork.host else { throw .noNetwork }
    // All fields at once: a half-made value could not be taken apart.
    let watcher = TCPWatcher()
    connection = try Self.connect(host, to: remote, watcher, deadline)
    self.host = host
    self.watcher = watcher
  }

  private static func connect(
    _ host: NetworkHost, to remote: Endpoint, _ watcher: TCPWatcher, _ deadline: Instant
  ) throws(NetworkError) -> Connection {
    let connection = try begin(host, to: remote, watcher)
    var failure: NetworkError?
    while failure == nil,
      connection.state == .synSent || connection.state == .synReceived
    {
      if !watcher.wait(until: deadline) { failure = .timedOut }
    }
    if let error = connection.takeError() { failure = NetworkError(error) }
    guard let failure else { return connection }
    let now = host.enter()
    connection.observer = nil
    if connection.state != .closed { connection.abort(now: now) }
    connection.close(now: now)
    host.leave(now)
    throw failure
  }

  private static func begin(
    _ host: NetworkHost, to remote: Endpoint, _ watcher: TCPWatcher
  ) throws(NetworkError) -> Connection {
    let now = host.enter()
    defer { host.leave(now) }
    do throws(TCPError) {
      return try host.tcp.connect(to: remote, options: .native, observer: watcher, now: now)
    } catch { throw NetworkError(error) }
  }

  /// This machine's end.
  public var local: Endpoint { connection.tuple.local }
  /// The other side's end.
  public var remote: Endpoint { connection.tuple.remote }

  /// Reads what has come, at least one byte.
  ///
  /// - Returns: how many bytes; 0 when the other side sends no more.
  /// - Throws: `timedOut` when nothing has come by `deadline`; `reset`.
  public mutating func read(
    into bytes: inout MutableRawSpan, deadline: Instant = .never
  ) throws(NetworkError) -> Int {
    while true {
      let now = host.enter()
      do throws(TCPError) {
        let count = try connection.receive(into: &bytes, now: now)
        host.leave(now)
        return count
      } catch {
        host.leave(now)
        guard error == .wouldBlock else { throw NetworkError(error) }
      }
      guard watcher.wait(until: deadline) else { throw .timedOut }
    }
  }

  /// Writes all bytes, and waits for room where there is none.
  ///
  /// - Throws: `timedOut` when they have not all been taken by `deadline`; `reset`;
  ///   `writingEnded`.
  public mutating func write(_ bytes: RawSpan, deadline: Instant = .never) throws(NetworkError) {
    var done = 0
    while done < bytes.byteCount {
      let now = host.enter()
      do throws(TCPError) {
        done += try connection.send(bytes.extracting(done..<bytes.byteCount), now: now)
        host.leave(now)
        continue
      } catch {
        host.leave(now)
        guard error == .wouldBlock else { throw NetworkError(error) }
      }
      guard watcher.wait(until: deadline) else { throw .timedOut }
    }
  }

  /// Reads what has come, without waiting.
  ///
  /// - Returns: how many bytes; 0 when the other side sends no more; nil when nothing is there yet.
  /// - Throws: `reset`, `timedOut`, `unreachable`: how the connection has failed.
  @_optimize(speed)
  public mutating func readIfReady(
    into bytes: inout MutableRawSpan
  ) throws(NetworkError) -> Int? {
    let now = host.enter()
    do throws(TCPError) {
      let count = try connection.receive(into: &bytes, now: now)
      host.leave(now)
      return count
    } catch {
      host.leave(now)
      if error == .wouldBlock { return nil }
      throw NetworkError(error)
    }
  }

  /// Writes as many bytes as there is room for, without waiting.
  ///
  /// - Returns: how many, perhaps none. A ready list is told when there is room for more.
  /// - Throws: `reset`, `timedOut`, `unreachable`, `writingEnded`.
  @_optimize(speed)
  public mutating func writeSome(_ bytes: RawSpan) throws(NetworkError) -> Int {
    let now = host.enter()
    do throws(TCPError) {
      let count = try connection.send(bytes, now: now)
      host.leave(now)
      return count
    } catch {
      host.leave(now)
      if error == .wouldBlock { return 0 }
      throw NetworkError(error)
    }
  }

  /// Whether `readIfReady` would give something: bytes, the end, or an error. May be true too often.
  public var mayBeReadable: Bool { connection.isReadable }

  /// Gives the connection up: the other side is told that it was reset, and what was written may
  /// be lost.
  public mutating func reset() {
    let now = host.enter()
    connection.abort(now: now)
    host.leave(now)
  }

  /// Tells `list`, under `token`, when something has come or there is room to write again; and at
  /// once.
  public func announce(on list: ReadyList, as token: Int) {
    watcher.announce(on: list, as: token)
  }

  /// Says that nothing more will be written; reading goes on.
  public mutating func endWriting() throws(NetworkError) {
    let now = host.enter()
    defer { host.leave(now) }
    do throws(TCPError) { try connection.shutdownSending(now: now) } catch {
      throw NetworkError(error)
    }
  }

  deinit {
    watcher.withdraw()
    let now = host.enter()
    connection.observer = nil
    connection.close(now: now)
    host.leave(now)
  }
}

extension ConnectionOptions {
  /// Those of native applications: who writes an answer wants it sent (TCP_NODELAY).
  static var native: ConnectionOptions {
    var options = ConnectionOptions()
    options.sendsSmallAtOnce = true
    return options
  }
}
