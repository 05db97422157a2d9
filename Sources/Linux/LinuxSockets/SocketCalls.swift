// SPDX-License-Identifier: BSD-3-Clause

import Base
import LinuxCore
import Memory
import VFS

/// The family of socket calls, as far as there are sockets without a network.
public enum SocketCalls {
  public static func register<S: SystemCallSink>(in sink: inout S) {
    sink.add(
      .socket, flags: "AF_UNIX SOCK_STREAM SOCK_NONBLOCK SOCK_CLOEXEC",
      limits: "other families: EAFNOSUPPORT", socket)
    sink.add(
      .socketpair, flags: "AF_UNIX SOCK_STREAM SOCK_NONBLOCK SOCK_CLOEXEC",
      limits: "stream sockets only", pair)
    sink.add(.connect, limits: "nobody listens: ENOENT or ECONNREFUSED", connect)
    sink.add(.getsockname, limits: "local sockets have no names", name)
    sink.add(.getpeername, limits: "local sockets have no names", peerName)
    sink.add(.sendto, flags: "MSG_DONTWAIT MSG_NOSIGNAL", limits: "no addresses", send)
    sink.add(.recvfrom, flags: "MSG_DONTWAIT", limits: "no addresses, no MSG_PEEK", receive)
    sink.add(.shutdown, flags: "SHUT_RD SHUT_WR SHUT_RDWR", shutDown)
    sink.add(.getsockopt, flags: "SO_TYPE SO_ERROR SO_DOMAIN SO_ACCEPTCONN", option)
    sink.add(.setsockopt, limits: "accepted at SOL_SOCKET, without effect", setOption)
  }

  private static let localFamily: Int32 = 1
  private static let streamType: Int32 = 1

  private static func flags(_ type: Int32) throws(Errno) -> OpenFlags {
    let nonBlocking = Int32(OpenFlags.nonBlocking.rawValue)
    let closeOnExec = Int32(OpenFlags.closeOnExec.rawValue)
    guard type & ~(nonBlocking | closeOnExec | 0xf) == 0 else { throw .invalidArgument }
    guard type & 0xf == streamType || type & 0xf == 5 else { throw .socketTypeNotSupported }
    return type & nonBlocking != 0 ? .nonBlocking : []
  }

  private static func closesOnExec(_ type: Int32) -> Bool {
    type & Int32(OpenFlags.closeOnExec.rawValue) != 0
  }

  private static func local(_ call: SystemCall) throws(Errno) -> LocalSocket {
    guard let socket = try call.file(0) as? LocalSocket else { throw .notSocket }
    return socket
  }

  /// `int socket(int domain, int type, int protocol)`
  static func socket(_ call: SystemCall) throws(Errno) -> Int {
    guard call.int32(0) == localFamily else { throw .addressFamilyNotSupported }
    let type = call.int32(1)
    if type & 0xf == 2 {
      // A datagram socket nobody can be reached by: syslog(3) copes with a refused connect.
      return Int(
        try call.process.descriptors.add(
          LocalSocket(incoming: nil, outgoing: nil, flags: []), closesOnExec: closesOnExec(type)))
    }
    let socket = LocalSocket(incoming: nil, outgoing: nil, flags: try flags(type))
    return Int(try call.process.descriptors.add(socket, closesOnExec: closesOnExec(type)))
  }

  /// `int socketpair(int domain, int type, int protocol, int sv[2])`
  static func pair(_ call: SystemCall) throws(Errno) -> Int {
    guard call.int32(0) == localFamily else { throw .addressFamilyNotSupported }
    let type = call.int32(1)
    let (first, second) = LocalSocket.pair(flags: try flags(type))
    let table = call.process.descriptors
    let one = try table.add(first, closesOnExec: closesOnExec(type))
    var other: Int32 = -1
    do {
      other = try table.add(second, closesOnExec: closesOnExec(type))
      try ProgramBytes.store(one, at: call.address(3))
      try ProgramBytes.store(other, at: call.address(3) + 4)
    } catch {
      try table.close(one)
      if other >= 0 { try table.close(other) }
      throw error
    }
    return 0
  }

  /// `int connect(int fd, const struct sockaddr *address, socklen_t length)`
  static func connect(_ call: SystemCall) throws(Errno) -> Int {
    let socket = try local(call)
    guard !socket.isConnected else { throw .alreadyConnected }
    guard call.uint32(2) >= 3, call.uint32(2) <= 110 else { throw .invalidArgument }
    let address = try ProgramBytes.copyIn(call.address(1), count: Int(call.uint32(2)))
    guard address[0] == 1, address[1] == 0 else { throw .addressFamilyNotSupported }
    let path = [UInt8](address[2...].prefix { $0 != 0 })
    guard !path.isEmpty else { throw .connectionRefused }
    do {
      _ = try call.process.namespace.lookup(RawSpan(_elements: path.span))
    } catch { throw Errno(error) }
    throw .connectionRefused
  }

  /// `int getsockname(int fd, struct sockaddr *address, socklen_t *length)`
  static func name(_ call: SystemCall) throws(Errno) -> Int {
    _ = try local(call)
    return try storeFamily(call)
  }

  /// `int getpeername(int fd, struct sockaddr *address, socklen_t *length)`
  static func peerName(_ call: SystemCall) throws(Errno) -> Int {
    guard try local(call).isConnected else { throw .notConnected }
    return try storeFamily(call)
  }

  /// An unnamed local address is its family alone (`unix(7)`).
  private static func storeFamily(_ call: SystemCall) throws(Errno) -> Int {
    let room: UInt32 = try ProgramBytes.load(at: call.address(2))
    if room >= 2 { try ProgramBytes.store(UInt16(1), at: call.address(1)) }
    try ProgramBytes.store(UInt32(2), at: call.address(2))
    return 0
  }

  private static let doNotWait: UInt32 = 0x40
  private static let noSignal: UInt32 = 0x4000

  /// `ssize_t sendto(int fd, const void *buf, size_t n, int flags, const struct sockaddr *, socklen_t)`
  static func send(_ call: SystemCall) throws(Errno) -> Int {
    let socket = try local(call)
    guard call.optionalAddress(4) == nil || !socket.isConnected else { throw .alreadyConnected }
    let flags = call.uint32(3)
    guard flags & ~(doNotWait | noSignal) == 0 else { throw .notSupported }
    do {
      return try socket.send(
        from: call.buffer(1, count: 2),
        blocking: flags & doNotWait == 0 && !socket.isNonBlocking)
    } catch {
      if error == .brokenPipe && flags & noSignal == 0 {
        call.process.post(SignalInformation(signal: .pipe, code: 0), to: call.thread)
      }
      throw Errno(error)
    }
  }

  /// `ssize_t recvfrom(int fd, void *buf, size_t n, int flags, struct sockaddr *, socklen_t *)`
  static func receive(_ call: SystemCall) throws(Errno) -> Int {
    let socket = try local(call)
    let flags = call.uint32(3)
    guard flags & ~(doNotWait | noSignal) == 0 else { throw .notSupported }
    let count: Int
    do {
      count = try socket.receive(
        into: call.buffer(1, count: 2),
        blocking: flags & doNotWait == 0 && !socket.isNonBlocking)
    } catch { throw Errno(error) }
    if call.optionalAddress(4) != nil, let length = call.optionalAddress(5) {
      try ProgramBytes.store(UInt32(0), at: length)
    }
    return count
  }

  /// `int shutdown(int fd, int how)`
  static func shutDown(_ call: SystemCall) throws(Errno) -> Int {
    let how = call.int32(1)
    guard how >= 0 && how <= 2 else { throw .invalidArgument }
    let socket = try local(call)
    guard socket.isConnected else { throw .notConnected }
    socket.shutDown(reading: how != 1, writing: how != 0)
    return 0
  }

  /// `int getsockopt(int fd, int level, int option, void *value, socklen_t *length)`
  static func option(_ call: SystemCall) throws(Errno) -> Int {
    _ = try local(call)
    guard call.int32(1) == 1 else { throw .notSupported }
    let value: Int32 =
      switch call.int32(2) {
      case 3: streamType
      case 4, 30: 0
      case 39: localFamily
      default: throw .invalidArgument
      }
    let room: UInt32 = try ProgramBytes.load(at: call.address(4))
    guard room >= 4 else { throw .invalidArgument }
    try ProgramBytes.store(value, at: call.address(3))
    try ProgramBytes.store(UInt32(4), at: call.address(4))
    return 0
  }

  /// `int setsockopt(int fd, int level, int option, const void *value, socklen_t length)`
  static func setOption(_ call: SystemCall) throws(Errno) -> Int {
    _ = try local(call)
    guard call.int32(1) == 1 else { throw .notSupported }
    return 0
  }
}
