// SPDX-License-Identifier: BSD-3-Clause

import Glibc

// SAFETY (all below): a sockaddr_in6 is plain bytes; calls get variables of the size they are told, and
// spans with their own length.

/// Sockets of datagrams.
extension HostSocket {
  /// One that has a port, or any free one.
  public static func datagrams(at local: HostEndpoint) throws(HostSocketError) -> HostSocket {
    try unsafe datagrams(local, bind)
  }

  /// One that has a peer.
  public static func datagrams(to remote: HostEndpoint) throws(HostSocketError) -> HostSocket {
    try unsafe datagrams(remote, connect)
  }

  /// One whose end, this or the other, is set by `call`.
  private static func datagrams(
    _ endpoint: HostEndpoint,
    _ call: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) throws(HostSocketError) -> HostSocket {
    let socket = try make(SOCK_DGRAM)
    socket.set(SOL_SOCKET, SO_BROADCAST, 1)
    let status = unsafe withAddress(of: endpoint) {
      unsafe call(socket.descriptor, $0, addressLength)
    }
    guard status == 0 else { throw socket.closing(errno) }
    return socket
  }

  private func closing(_ code: Int32) -> HostSocketError {
    close()
    return HostSocketError(code: code)
  }

  public func receive(
    into bytes: inout MutableRawSpan, until deadline: UInt64
  ) throws(HostSocketError) -> (count: Int, from: HostEndpoint) {
    while true {
      if let datagram = try receiveIfReady(into: &bytes) { return datagram }
      try wait(for: Int16(POLLIN), until: deadline)
    }
  }

  /// Nil when no datagram has come.
  public func receiveIfReady(
    into bytes: inout MutableRawSpan
  ) throws(HostSocketError) -> (count: Int, from: HostEndpoint)? {
    while true {
      var address = sockaddr_in6()
      var length = Self.addressLength
      let count = unsafe withUnsafeMutablePointer(to: &address) {
        unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { source in
          unsafe bytes.withUnsafeMutableBytes {
            unsafe recvfrom(descriptor, $0.baseAddress, $0.count, 0, source, &length)
          }
        }
      }
      if count >= 0 { return (count, HostEndpoint(address)) }
      if errno == EINTR { continue }
      guard errno == EAGAIN else { throw HostSocketError(code: errno) }
      return nil
    }
  }

  /// Sends to `target`, or to the peer.
  public func send(_ bytes: RawSpan, to target: HostEndpoint?) throws(HostSocketError) {
    while true {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        guard let target else {
          return unsafe Glibc.send(descriptor, buffer.baseAddress, buffer.count, 0)
        }
        return unsafe Self.withAddress(of: target) {
          unsafe sendto(
            descriptor, buffer.baseAddress, buffer.count, 0, $0, Self.addressLength)
        }
      }
      if count >= 0 { return }
      if errno == EINTR { continue }
      guard errno == EAGAIN else { throw HostSocketError(code: errno) }
      try wait(for: Int16(POLLOUT), until: .max)
    }
  }
}
