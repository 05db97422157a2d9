// SPDX-License-Identifier: BSD-3-Clause

import Base
import LinuxCore
import Memory
import VFS

/// The calls that make, name and connect sockets.
public enum SocketCalls: SystemCallFamily {
  public static func register<S: SystemCallSink>(in sink: inout S) {
    SocketFamilies.register(LocalFamily(), as: SocketFamilies.local)
    sink.add(
      .socket, flags: "AF_UNIX AF_INET AF_INET6 AF_NETLINK SOCK_NONBLOCK SOCK_CLOEXEC",
      limits: "other families: EAFNOSUPPORT; no raw and packet sockets", make)
    sink.add(.socketpair, flags: "AF_UNIX SOCK_NONBLOCK SOCK_CLOEXEC", pair)
    sink.add(.bind, bind)
    sink.add(.listen, listen)
    sink.add(.accept, accept)
    sink.add(.accept4, flags: "SOCK_NONBLOCK SOCK_CLOEXEC", accept4)
    sink.add(.connect, connect)
    sink.add(.getsockname, name)
    sink.add(.getpeername, peerName)
    sink.add(.shutdown, flags: "SHUT_RD SHUT_WR SHUT_RDWR", shutDown)
    OptionCalls.register(in: &sink)
    MessageCalls.register(in: &sink)
  }

  /// The flags among the bits of a type.
  struct TypeFlags {
    let type: Int32
    let flags: OpenFlags
    let closesOnExec: Bool

    private static let nonBlocking = Int32(OpenFlags.nonBlocking.rawValue)
    private static let closeOnExec = Int32(OpenFlags.closeOnExec.rawValue)

    init(_ bits: Int32) throws(Errno) {
      guard bits & ~(Self.nonBlocking | Self.closeOnExec | 0xf) == 0 else {
        throw .invalidArgument
      }
      type = bits & 0xf
      guard type >= 1, type <= 10 else { throw .invalidArgument }
      flags = bits & Self.nonBlocking != 0 ? .nonBlocking : []
      closesOnExec = bits & Self.closeOnExec != 0
    }

    /// The flags of `accept4`.
    init(flags bits: Int32) throws(Errno) {
      try self.init(bits | 1)
    }
  }

  /// The socket of a descriptor. Throws `badDescriptor`, `notSocket`.
  @inline(__always)
  static func socket(_ call: SystemCall, at position: Int = 0) throws(Errno) -> Socket {
    guard let socket = try call.file(position) as? Socket else { throw .notSocket }
    return socket
  }

  /// `int socket(int domain, int type, int protocol)`
  static func make(_ call: SystemCall) throws(Errno) -> Int {
    let flags = try TypeFlags(call.int32(1))
    let number = call.int32(0)
    let made: Socket
    do {
      made = try SocketFamilies.family(number).makeSocket(
        type: flags.type, protocolNumber: call.int32(2), flags: flags.flags)
    } catch { throw Errno(error) }
    return try add(made, closesOnExec: flags.closesOnExec, to: call)
  }

  private static func add(
    _ socket: Socket, closesOnExec: Bool, to call: SystemCall
  ) throws(Errno) -> Int {
    do {
      return Int(try call.process.descriptors.add(socket, closesOnExec: closesOnExec))
    } catch {
      socket.end()
      throw error
    }
  }

  /// `int socketpair(int domain, int type, int protocol, int sv[2])`
  static func pair(_ call: SystemCall) throws(Errno) -> Int {
    let flags = try TypeFlags(call.int32(1))
    let first: Socket
    let second: Socket
    do {
      (first, second) = try SocketFamilies.family(call.int32(0)).makePair(
        type: flags.type, protocolNumber: call.int32(2), flags: flags.flags)
    } catch { throw Errno(error) }
    let table = call.process.descriptors
    let one: Int32
    do { one = try table.add(first, closesOnExec: flags.closesOnExec) } catch {
      first.end()
      second.end()
      throw error
    }
    var other: Int32 = -1
    do {
      other = try table.add(second, closesOnExec: flags.closesOnExec)
      try ProgramBytes.store(one, at: call.address(3))
      try ProgramBytes.store(other, at: call.address(3) + 4)
    } catch {
      try table.close(one)
      if other >= 0 { try table.close(other) } else { second.end() }
      throw error
    }
    return 0
  }

  /// `int bind(int fd, const struct sockaddr *address, socklen_t length)`
  static func bind(_ call: SystemCall) throws(Errno) -> Int {
    let socket = try socket(call)
    let address = try call.socketAddress(1, length: 2)
    do { try socket.bind(to: address) } catch { throw Errno(error) }
    return 0
  }

  /// `int listen(int fd, int backlog)`
  static func listen(_ call: SystemCall) throws(Errno) -> Int {
    let socket = try socket(call)
    // A negative number is a huge one, and net.core.somaxconn bounds it.
    let backlog = Int(min(UInt32(bitPattern: call.int32(1)), 4096))
    do { try socket.listen(backlog: backlog) } catch { throw Errno(error) }
    return 0
  }

  /// `int accept(int fd, struct sockaddr *address, socklen_t *length)`
  static func accept(_ call: SystemCall) throws(Errno) -> Int {
    try accept(call, flags: TypeFlags(flags: 0))
  }

  /// `int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)`
  static func accept4(_ call: SystemCall) throws(Errno) -> Int {
    try accept(call, flags: TypeFlags(flags: call.int32(3)))
  }

  private static func accept(_ call: SystemCall, flags: TypeFlags) throws(Errno) -> Int {
    let listener = try socket(call)
    let accepted: Socket
    do {
      accepted = try listener.accept(listener.waitToReceive([]), flags: flags.flags)
    } catch { throw Errno(error) }
    let descriptor = try add(accepted, closesOnExec: flags.closesOnExec, to: call)
    guard let target = call.optionalAddress(1) else { return descriptor }
    do {
      let address = (try? accepted.peerAddress()) ?? SocketAddress(bytes: [])
      try address.store(at: target, length: call.address(2))
    } catch {
      try call.process.descriptors.close(Int32(descriptor))
      throw error
    }
    return descriptor
  }

  /// `int connect(int fd, const struct sockaddr *address, socklen_t length)`
  static func connect(_ call: SystemCall) throws(Errno) -> Int {
    let socket = try socket(call)
    let address = try call.socketAddress(1, length: 2)
    guard address.bytes.count >= 2 else { throw .invalidArgument }
    do { try socket.connect(to: address) } catch { throw Errno(error) }
    return 0
  }

  /// `int getsockname(int fd, struct sockaddr *address, socklen_t *length)`
  static func name(_ call: SystemCall) throws(Errno) -> Int {
    let socket = try socket(call)
    let address: SocketAddress
    do { address = try socket.localAddress() } catch { throw Errno(error) }
    try address.store(at: call.address(1), length: call.address(2))
    return 0
  }

  /// `int getpeername(int fd, struct sockaddr *address, socklen_t *length)`
  static func peerName(_ call: SystemCall) throws(Errno) -> Int {
    let socket = try socket(call)
    let address: SocketAddress
    do { address = try socket.peerAddress() } catch { throw Errno(error) }
    try address.store(at: call.address(1), length: call.address(2))
    return 0
  }

  /// `int shutdown(int fd, int how)`
  static func shutDown(_ call: SystemCall) throws(Errno) -> Int {
    let how = call.int32(1)
    guard how >= 0 && how <= 2 else { throw .invalidArgument }
    let socket = try socket(call)
    do { try socket.shutDown(reading: how != 1, writing: how != 0) } catch { throw Errno(error) }
    return 0
  }
}
