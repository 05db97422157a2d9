// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Internet
import NativeNetwork
import NetworkHost
import NetworkStack
import Packets
import UDP

/// One end of an exchange of datagrams (RFC 768), over IPv4 and IPv6.
///
/// ```swift
/// import Martlet
///
/// var socket = try UDPSocket(port: 7)
/// var buffer = [UInt8](repeating: 0, count: 1500)
/// while true {
///   let (count, from) = try socket.receive(into: &buffer)
///   try socket.send(buffer[..<count], to: from)
/// }
/// ```
///
/// A datagram may be lost on its way, or come twice; what comes is whole.
public struct UDPSocket: ~Copyable {
  private let host: NetworkHost
  private let endpoint: UDPEndpoint
  private let watcher: UDPWatcher

  /// Takes a port of all addresses of this machine, or of one.
  ///
  /// - Parameter port: 0 for any that is free (`local` says which).
  /// - Throws: `addressInUse`, `noNetwork`.
  public init(
    port: UInt16 = 0, address: IPAddress = IPAddress(IPv6Address.any)
  ) throws(NetworkError) {
    guard let host = NativeNetwork.host else { throw .noNetwork }
    // All fields at once: a half-made value could not be taken apart.
    let endpoint = Self.makeEndpoint(host)
    do throws(UDPError) {
      try host.stack.udp.bind(endpoint, to: Endpoint(address, port), sink: host.stack)
    } catch { throw NetworkError(error) }
    self.init(host, endpoint)
  }

  /// Takes a free port, and `remote` for the peer: what others send is dropped, and an error that
  /// the peer's machine reports is told.
  ///
  /// - Throws: `unreachable`, `invalid`, `noNetwork`.
  public init(to remote: Endpoint) throws(NetworkError) {
    guard remote.port != 0 else { throw .invalid }
    guard let host = NativeNetwork.host else { throw .noNetwork }
    let endpoint = Self.makeEndpoint(host)
    do throws(UDPError) {
      try host.stack.udp.connect(endpoint, to: remote, sink: host.stack)
    } catch {
      host.stack.udp.close(endpoint)
      throw NetworkError(error)
    }
    self.init(host, endpoint)
  }

  private init(_ host: NetworkHost, _ endpoint: UDPEndpoint) {
    self.host = host
    self.endpoint = endpoint
    watcher = UDPWatcher()
    endpoint.observer = watcher
  }

  private static func makeEndpoint(_ host: NetworkHost) -> UDPEndpoint {
    let endpoint = host.stack.udp.makeEndpoint(isIPv6: true)
    endpoint.options.allowsBroadcast = true
    return endpoint
  }

  /// This machine's end.
  public var local: Endpoint { endpoint.local }
  /// The peer, if it has one.
  public var remote: Endpoint? { endpoint.remote }

  /// Waits for a datagram, and takes it. What does not fit into `bytes` is lost: the longest has
  /// 65,527 bytes.
  ///
  /// - Returns: how many bytes, also 0, and from whom.
  /// - Throws: `timedOut` when none has come by `deadline`; `refused` when nobody listens at the
  ///   peer; `unreachable`.
  public mutating func receive(
    into bytes: inout MutableRawSpan, deadline: Instant = .never
  ) throws(NetworkError) -> (count: Int, from: Endpoint) {
    while true {
      if let datagram = try receiveIfReady(into: &bytes) { return datagram }
      guard watcher.wait(until: deadline) else { throw .timedOut }
    }
  }

  /// Takes a datagram that has come; nil when none has.
  ///
  /// - Throws: as `receive(into:deadline:)`.
  public mutating func receiveIfReady(
    into bytes: inout MutableRawSpan
  ) throws(NetworkError) -> (count: Int, from: Endpoint)? {
    do throws(UDPError) {
      guard let datagram = try host.stack.udp.receive(on: endpoint) else { return nil }
      let room = bytes.byteCount
      let count = datagram.packet.withBytes { payload in
        let count = min(payload.byteCount, room)
        bytes.copy(payload.extracting(first: count))
        return count
      }
      return (count, datagram.source)
    } catch { throw NetworkError(error) }
  }

  /// Tells `list` when a datagram has come, under `token`; and at once.
  public func announce(on list: ReadyList, as token: Int) {
    watcher.announce(on: list, as: token)
  }

  /// Sends a datagram. It is gone when this returns, though nobody knows whether it arrives.
  ///
  /// - Throws: `tooLong`, `unreachable`, `invalid`, `noMemory`; `refused` and `unreachable` for
  ///   what the peer's machine said to an earlier one.
  public mutating func send(_ bytes: RawSpan, to target: Endpoint) throws(NetworkError) {
    guard target.port != 0 else { throw .invalid }
    try transmit(bytes, to: target)
  }

  /// Sends a datagram to the peer.
  ///
  /// - Throws: as `send(_:to:)`; `invalid` when there is no peer.
  public mutating func send(_ bytes: RawSpan) throws(NetworkError) {
    try transmit(bytes, to: nil)
  }

  private func transmit(_ bytes: RawSpan, to target: Endpoint?) throws(NetworkError) {
    do throws(UDPError) {
      var frame = try host.stack.udp.makePayload(byteCount: bytes.byteCount)
      var offset = 0
      frame.forEachMutableBytes { part in
        let end = offset + part.byteCount
        part.copy(bytes.extracting(offset..<end))
        offset = end
      }
      let now = host.enter()
      defer { host.leave(now) }
      try host.stack.udp.send(frame, on: endpoint, to: target, sink: host.stack)
    } catch { throw NetworkError(error) }
  }

  deinit {
    watcher.withdraw()
    host.stack.udp.close(endpoint)
  }
}

/// Tells when an endpoint can be read.
final class UDPWatcher: ReadySource, UDPObserver {
  func changed(_ endpoint: UDPEndpoint) {
    signal()
  }
}

extension NetworkError {
  init(_ error: UDPError) {
    switch error {
    case .addressInUse, .addressNotAvailable: self = .addressInUse
    case .refused: self = .refused
    case .wrongVersion, .noRoute, .hostUnreachable, .protocolUnreachable: self = .unreachable
    case .messageTooLong: self = .tooLong
    case .noBuffers: self = .noMemory
    case .invalid, .notConnected, .broadcastNotAllowed: self = .invalid
    }
  }
}
