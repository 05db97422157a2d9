// SPDX-License-Identifier: BSD-3-Clause

import Base
import LinuxCore

/// `getsockopt` and `setsockopt`.
enum OptionCalls {
  static func register<S: SystemCallSink>(in sink: inout S) {
    sink.add(
      .getsockopt, flags: "SOL_SOCKET IPPROTO_IP IPPROTO_IPV6 IPPROTO_TCP",
      limits: "names that are not known: ENOPROTOOPT", get)
    sink.add(
      .setsockopt, flags: "SOL_SOCKET IPPROTO_IP IPPROTO_IPV6 IPPROTO_TCP",
      limits: "names that are not known: ENOPROTOOPT", set)
  }

  /// `int getsockopt(int fd, int level, int option, void *value, socklen_t *length)`
  static func get(_ call: SystemCall) throws(Errno) -> Int {
    let socket = try SocketCalls.socket(call)
    let room: Int32 = try ProgramBytes.load(at: call.address(4))
    guard room >= 0 else { throw .invalidArgument }
    let value = try value(of: socket, call.int32(1), call.int32(2))
    let count = min(value.count, Int(room))
    try ProgramBytes.copyOut([UInt8](value.prefix(count)), to: call.address(3))
    try ProgramBytes.store(Int32(count), at: call.address(4))
    return 0
  }

  private static func value(
    of socket: Socket, _ level: Int32, _ number: Int32
  ) throws(Errno) -> [UInt8] {
    if level == SocketOptions.level, let name = OptionName(rawValue: number) {
      switch name {
      case .type: return OptionValue.bytes(socket.type)
      case .domain: return OptionValue.bytes(socket.family)
      case .protocolNumber: return OptionValue.bytes(socket.protocolNumber)
      case .acceptsConnections: return OptionValue.bytes(socket.isListening)
      case .error: return OptionValue.bytes(socket.takeError().map { Errno($0).rawValue } ?? 0)
      default: if let value = socket.options.value(name) { return value }
      }
    }
    do { return try socket.option(level, number) } catch { throw Errno(error) }
  }

  /// `int setsockopt(int fd, int level, int option, const void *value, socklen_t length)`
  static func set(_ call: SystemCall) throws(Errno) -> Int {
    let socket = try SocketCalls.socket(call)
    let length = call.int32(4)
    guard length >= 0 else { throw .invalidArgument }
    let value = try value(call, byteCount: Int(length))
    do {
      if call.int32(1) == SocketOptions.level, let name = OptionName(rawValue: call.int32(2)),
        try socket.options.set(name, value)
      {
        try socket.optionsDidChange()
      } else {
        try socket.setOption(call.int32(1), call.int32(2), value)
      }
    } catch { throw Errno(error) }
    return 0
  }

  private static func value(_ call: SystemCall, byteCount: Int) throws(Errno) -> OptionValue {
    if byteCount == 4 { return OptionValue(try ProgramBytes.load(at: call.address(3))) }
    // Nothing that is known is longer.
    return OptionValue(try ProgramBytes.copyIn(call.address(3), count: min(byteCount, 4096)))
  }
}
