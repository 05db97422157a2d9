// SPDX-License-Identifier: BSD-3-Clause

import Base
import Clock
import LinuxCore
import Memory
import VFS

/// The calls that send and receive.
enum MessageCalls {
  static func register<S: SystemCallSink>(in sink: inout S) {
    sink.add(
      .sendto,
      flags: "MSG_DONTWAIT MSG_NOSIGNAL MSG_MORE MSG_OOB MSG_CONFIRM MSG_DONTROUTE MSG_EOR", send)
    sink.add(
      .recvfrom, flags: "MSG_DONTWAIT MSG_PEEK MSG_TRUNC MSG_WAITALL MSG_OOB",
      limits: "the error queue is always empty", receive)
    sink.add(.sendmsg, flags: "as sendto; SCM_RIGHTS SCM_CREDENTIALS", sendMessage)
    sink.add(.recvmsg, flags: "as recvfrom; MSG_CMSG_CLOEXEC", receiveMessage)
    sink.add(.sendmmsg, flags: "as sendmsg", sendMessages)
    sink.add(.recvmmsg, flags: "as recvmsg; MSG_WAITFORONE", receiveMessages)
  }

  // MARK: One buffer

  /// `ssize_t sendto(int fd, const void *buf, size_t n, int flags, const struct sockaddr *, socklen_t)`
  static func send(_ call: SystemCall) throws(Errno) -> Int {
    let socket = try SocketCalls.socket(call)
    let flags = try sendFlags(call.uint32(3))
    var message = OutgoingMessage(
      UserVector(call.buffer(1, count: 2)), flags,
      to: try call.optionalSocketAddress(4, length: 5))
    return try send(&message, on: socket, call)
  }

  private static func send(
    _ message: inout OutgoingMessage, on socket: Socket, _ call: SystemCall
  ) throws(Errno) -> Int {
    do {
      return try socket.send(&message)
    } catch {
      if error == .brokenPipe, !message.flags.contains(.noSignal), socket.signalsBrokenPipe {
        call.process.post(SignalInformation(signal: .pipe, code: 0), to: call.thread)
      }
      throw Errno(error)
    }
  }

  /// Flags that are not known are passed over, as Linux does.
  private static func sendFlags(_ bits: UInt32) throws(Errno) -> MessageFlags {
    MessageFlags(rawValue: bits).intersection(.allowedToSend)
  }

  private static func receiveFlags(_ bits: UInt32) -> MessageFlags {
    MessageFlags(rawValue: bits).intersection(.allowedToReceive)
  }

  /// `ssize_t recvfrom(int fd, void *buf, size_t n, int flags, struct sockaddr *, socklen_t *)`
  static func receive(_ call: SystemCall) throws(Errno) -> Int {
    let socket = try SocketCalls.socket(call)
    var message = IncomingMessage(
      UserVector(call.buffer(1, count: 2)), receiveFlags(call.uint32(3)))
    let count = try receive(&message, on: socket)
    if let target = call.optionalAddress(4), let length = call.optionalAddress(5) {
      try (message.source ?? SocketAddress(bytes: [])).store(at: target, length: length)
    }
    return count
  }

  private static func receive(
    _ message: inout IncomingMessage, on socket: Socket
  ) throws(Errno) -> Int {
    // Nothing is ever put on the error queue.
    if message.flags.contains(.errorQueue) { throw .wouldBlock }
    do { return try socket.receive(&message) } catch { throw Errno(error) }
  }

  // MARK: struct msghdr

  /// `ssize_t sendmsg(int fd, const struct msghdr *message, int flags)`
  static func sendMessage(_ call: SystemCall) throws(Errno) -> Int {
    let socket = try SocketCalls.socket(call)
    return try send(MessageHeader(at: call.address(1)), on: socket, call, flags: call.uint32(2))
  }

  private static func send(
    _ header: MessageHeader, on socket: Socket, _ call: SystemCall, flags: UInt32
  ) throws(Errno) -> Int {
    var message = OutgoingMessage(
      try header.vector(), try sendFlags(flags), to: try header.target())
    if header.controlByteCount > 0 {
      message.control = try header.control()
      for item in message.control
      where item.level == ControlMessage.socketLevel && item.type == ControlMessage.rights {
        message.files += try ControlData.files(of: item, in: call.process)
      }
    }
    return try send(&message, on: socket, call)
  }

  /// `ssize_t recvmsg(int fd, struct msghdr *message, int flags)`
  static func receiveMessage(_ call: SystemCall) throws(Errno) -> Int {
    let socket = try SocketCalls.socket(call)
    return try receive(
      MessageHeader(at: call.address(1)), on: socket, call, flags: receiveFlags(call.uint32(2)))
  }

  private static func receive(
    _ header: MessageHeader, on socket: Socket, _ call: SystemCall, flags: MessageFlags
  ) throws(Errno) -> Int {
    var message = IncomingMessage(try header.vector(), flags)
    message.wantsControl = header.controlByteCount > 0
    let count = try receive(&message, on: socket)
    do {
      try header.store(&message, closesOnExec: flags.contains(.closesOnExec), in: call.process)
    } catch {
      for file in message.files { file.descriptorDidClose() }
      throw error
    }
    return count
  }

  // MARK: struct mmsghdr

  /// `sizeof(struct mmsghdr)`, and where `msg_len` is in it.
  private static let vectorByteCount = 64
  private static let lengthOffset = 56

  /// `int sendmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags)`
  static func sendMessages(_ call: SystemCall) throws(Errno) -> Int {
    let socket = try SocketCalls.socket(call)
    let limit = Int(min(call.uint32(2), 1024))
    var done = 0
    while done < limit {
      let place = call.address(1) + done * vectorByteCount
      do throws(Errno) {
        let count = try send(MessageHeader(at: place), on: socket, call, flags: call.uint32(3))
        try ProgramBytes.store(UInt32(count), at: place + lengthOffset)
      } catch {
        if done > 0 { return done }
        throw error
      }
      done += 1
    }
    return done
  }

  /// `int recvmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags,
  /// struct timespec *timeout)`
  static func receiveMessages(_ call: SystemCall) throws(Errno) -> Int {
    let socket = try SocketCalls.socket(call)
    let limit = Int(min(call.uint32(2), 1024))
    var flags = receiveFlags(call.uint32(3))
    let waitsForOne = flags.contains(.waitForOne)
    flags.remove(.waitForOne)
    let deadline = try deadline(call)
    var done = 0
    while done < limit {
      let place = call.address(1) + done * vectorByteCount
      do throws(Errno) {
        let count = try receive(MessageHeader(at: place), on: socket, call, flags: flags)
        try ProgramBytes.store(UInt32(truncatingIfNeeded: count), at: place + lengthOffset)
      } catch {
        if done > 0 { return done }
        throw error
      }
      done += 1
      if waitsForOne { flags.insert(.doNotWait) }
      // Looked at between messages only (recvmmsg(2), BUGS).
      if deadline != .never, deadline <= Clock.now() { break }
    }
    return done
  }

  private static func deadline(_ call: SystemCall) throws(Errno) -> Instant {
    guard let address = call.optionalAddress(4) else { return .never }
    let seconds: Int64 = try ProgramBytes.load(at: address)
    let nanoseconds: Int64 = try ProgramBytes.load(at: address + 8)
    guard seconds >= 0, nanoseconds >= 0, nanoseconds < 1_000_000_000 else {
      throw .invalidArgument
    }
    return Clock.now() + Nanoseconds(seconds: min(seconds, 1 << 32), nanoseconds: nanoseconds)
  }
}
