// SPDX-License-Identifier: BSD-3-Clause

import Glibc

/// Why a call on a socket failed.
public enum HostSocketError: Error, Sendable {
  case timedOut, refused, reset, unreachable, writingEnded, addressInUse, noMemory, invalid
  case tooLong

  init(code: Int32) {
    switch code {
    case ECONNREFUSED: self = .refused
    case ETIMEDOUT: self = .timedOut
    case ENETUNREACH, EHOSTUNREACH, ENOPROTOOPT: self = .unreachable
    case EMSGSIZE: self = .tooLong
    case EPIPE: self = .writingEnded
    case EADDRINUSE, EADDRNOTAVAIL, EACCES: self = .addressInUse
    case ENOMEM, ENOBUFS, EMFILE, ENFILE: self = .noMemory
    case ECONNRESET, ECONNABORTED, ENOTCONN: self = .reset
    default: self = .invalid
    }
  }
}

// SAFETY (all below): a sockaddr_in6 is plain bytes; calls get variables of the size they are told, and
// spans with their own length.

/// An address, as an IPv6 one (IPv4 is mapped, RFC 4291 section 2.5.5.2), and a port.
public struct HostEndpoint: Sendable {
  public let high: UInt64
  public let low: UInt64
  public let port: UInt16

  public init(high: UInt64, low: UInt64, port: UInt16) {
    self.high = high
    self.low = low
    self.port = port
  }

  init(_ address: sockaddr_in6) {
    let bytes = unsafe withUnsafeBytes(of: address.sin6_addr) { unsafe Array($0) }
    high = bytes[0..<8].reduce(0) { $0 << 8 | UInt64($1) }
    low = bytes[8..<16].reduce(0) { $0 << 8 | UInt64($1) }
    port = UInt16(bigEndian: address.sin6_port)
  }

  var address: sockaddr_in6 {
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = port.bigEndian
    let (high, low) = (high, low)
    unsafe withUnsafeMutableBytes(of: &address.sin6_addr) {
      unsafe $0.storeBytes(of: high.bigEndian, as: UInt64.self)
      unsafe $0.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
    }
    return address
  }
}

/// A socket of the host, for applications that run on it. Waiting lets other threads run.
///
/// A descriptor and nothing else: who holds it calls `close` once.
public struct HostSocket: Sendable {
  let descriptor: Int32

  static let addressLength = socklen_t(MemoryLayout<sockaddr_in6>.size)

  static func make(_ type: __socket_type = SOCK_STREAM) throws(HostSocketError) -> HostSocket {
    let flags = Int32(type.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor = socket(AF_INET6, flags, 0)
    guard descriptor >= 0 else { throw HostSocketError(code: errno) }
    let result = HostSocket(descriptor: descriptor)
    result.set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0)
    return result
  }

  func set(_ level: Int32, _ name: Int32, _ value: Int32) {
    var value = value
    unsafe setsockopt(descriptor, level, name, &value, 4)
  }

  /// Lends the address to a call.
  static func withAddress<Result>(
    of endpoint: HostEndpoint, _ body: (UnsafePointer<sockaddr>) -> Result
  ) -> Result {
    var address = endpoint.address
    return unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0) }
    }
  }

  public static func listening(
    at endpoint: HostEndpoint, backlog: Int
  ) throws(HostSocketError) -> HostSocket {
    let socket = try make()
    socket.set(SOL_SOCKET, SO_REUSEADDR, 1)
    let status = unsafe withAddress(of: endpoint) {
      unsafe bind(socket.descriptor, $0, addressLength)
    }
    guard status == 0, listen(socket.descriptor, Int32(backlog)) == 0 else {
      let error = HostSocketError(code: errno)
      socket.close()
      throw error
    }
    return socket
  }

  public static func connected(
    to endpoint: HostEndpoint, until deadline: UInt64
  ) throws(HostSocketError) -> HostSocket {
    let socket = try make()
    let status = unsafe withAddress(of: endpoint) {
      unsafe connect(socket.descriptor, $0, addressLength)
    }
    do throws(HostSocketError) {
      if status != 0 {
        guard errno == EINPROGRESS else { throw HostSocketError(code: errno) }
        try socket.wait(for: Int16(POLLOUT), until: deadline)
        var code: Int32 = 0
        var length = socklen_t(4)
        unsafe getsockopt(socket.descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
        if code != 0 { throw HostSocketError(code: code) }
      }
    } catch {
      socket.close()
      throw error
    }
    socket.set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    return socket
  }

  public func accept(until deadline: UInt64) throws(HostSocketError) -> HostSocket {
    while true {
      if let socket = try acceptIfReady() { return socket }
      try wait(for: Int16(POLLIN), until: deadline)
    }
  }

  /// Nil when no connection waits.
  public func acceptIfReady() throws(HostSocketError) -> HostSocket? {
    while true {
      let accepted = Glibc.accept(descriptor, nil, nil)
      if accepted >= 0 {
        _ = fcntl(accepted, F_SETFL, O_NONBLOCK)
        _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
        let socket = HostSocket(descriptor: accepted)
        socket.set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        return socket
      }
      if errno == EINTR || errno == ECONNABORTED { continue }
      guard errno == EAGAIN else { throw HostSocketError(code: errno) }
      return nil
    }
  }

  public func read(
    into bytes: inout MutableRawSpan, until deadline: UInt64
  ) throws(HostSocketError) -> Int {
    while true {
      if let count = try readIfReady(into: &bytes) { return count }
      try wait(for: Int16(POLLIN), until: deadline)
    }
  }

  /// Nil when nothing is there to read; 0 at the end.
  public func readIfReady(into bytes: inout MutableRawSpan) throws(HostSocketError) -> Int? {
    while true {
      let count = unsafe bytes.withUnsafeMutableBytes {
        unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
      }
      if count >= 0 { return count }
      if errno == EINTR { continue }
      guard errno == EAGAIN else { throw HostSocketError(code: errno) }
      return nil
    }
  }

  public func write(_ bytes: RawSpan, until deadline: UInt64) throws(HostSocketError) {
    var done = 0
    while done < bytes.byteCount {
      let count = try writeSome(bytes.extracting(done..<bytes.byteCount))
      done += count
      if count == 0 { try wait(for: Int16(POLLOUT), until: deadline) }
    }
  }

  /// How many bytes were taken; 0 when there is no room.
  public func writeSome(_ bytes: RawSpan) throws(HostSocketError) -> Int {
    while true {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count >= 0 { return count }
      if errno == EINTR { continue }
      guard errno == EAGAIN else { throw HostSocketError(code: errno) }
      return 0
    }
  }

  public func endWriting() throws(HostSocketError) {
    guard shutdown(descriptor, Int32(SHUT_WR)) == 0 else { throw HostSocketError(code: errno) }
  }

  /// Has the other side told, at `close`, that the connection was reset.
  public func reset() {
    var option = linger(l_onoff: 1, l_linger: 0)
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(8))
  }

  public func close() {
    _ = Glibc.close(descriptor)
  }

  public var local: HostEndpoint { endpoint(ofPeer: false) }

  public var remote: HostEndpoint { endpoint(ofPeer: true) }

  private func endpoint(ofPeer isPeer: Bool) -> HostEndpoint {
    var address = sockaddr_in6()
    var length = Self.addressLength
    unsafe withUnsafeMutablePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ =
          unsafe isPeer
          ? getpeername(descriptor, $0, &length) : getsockname(descriptor, $0, &length)
      }
    }
    return HostEndpoint(address)
  }

  func wait(for events: Int16, until deadline: UInt64) throws(HostSocketError) {
    while true {
      var item = pollfd(fd: descriptor, events: events, revents: 0)
      var milliseconds: Int32 = -1
      if deadline != .max {
        let now = HostClock.monotonicNanoseconds
        let rest = deadline > now ? (deadline - now + 999_999) / 1_000_000 : 0
        milliseconds = Int32(min(rest, 1_000_000))
      }
      let count = HostThreads.waiting { unsafe poll(&item, 1, milliseconds) }
      if count > 0 { return }
      if deadline != .max, HostClock.monotonicNanoseconds >= deadline { throw .timedOut }
    }
  }
}
