// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxCore

/// Who a process is, as local sockets tell it (`struct ucred`, `unix(7)`).
struct LocalCredentials: Equatable, Sendable, BitwiseCopyable {
  var process: Int32
  var user: UInt32
  var group: UInt32

  /// `sizeof(struct ucred)`
  static let byteCount = 12

  /// Nobody, which is what sockets that are not connected have at their other end.
  static let none = Self(process: 0, user: .max, group: .max)

  init(process: Int32, user: UInt32, group: UInt32) {
    self.process = process
    self.user = user
    self.group = group
  }

  /// `struct ucred`. Throws `invalidArgument` when it has another size.
  init(bytes: [UInt8]) throws(SystemError) {
    guard bytes.count == Self.byteCount else { throw .invalidArgument }
    process = bytes.get(0)
    user = bytes.get(4)
    group = bytes.get(8)
  }

  var bytes: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.byteCount)
    bytes.put(process, at: 0)
    bytes.put(user, at: 4)
    bytes.put(group, at: 8)
    return bytes
  }

  /// Those of the one process at this time: real identities go with messages.
  static var current: Self {
    guard let running = Process.running.value else { return Self(process: 1, user: 0, group: 0) }
    return Self(
      process: running.identifier, user: running.credentials.user.real,
      group: running.credentials.group.real)
  }

  /// The same with effective identities, which a connection remembers (`SO_PEERCRED`).
  static var currentEffective: Self {
    var credentials = current
    guard let running = Process.running.value else { return credentials }
    credentials.user = running.credentials.user.effective
    credentials.group = running.credentials.group.effective
    return credentials
  }

  /// Those that a message says it comes from (`SCM_CREDENTIALS`), or the process's own. Throws
  /// `notPermitted` for somebody else's, `noSuchProcess` for nobody's, `invalidArgument`.
  static func claimed(in control: [ControlMessage]) throws(SystemError) -> Self {
    let own = current
    var result = own
    for item in control where item.level == ControlMessage.socketLevel {
      if item.type == ControlMessage.rights { continue }
      guard item.type == ControlMessage.credentials else { throw .invalidArgument }
      result = try Self(bytes: item.bytes)
      guard let running = Process.running.value else { continue }
      let isPrivileged = running.credentials.isPrivileged
      guard result.process == own.process else {
        throw isPrivileged ? .noSuchProcess : .notPermitted
      }
      guard result.user != .max, result.group != .max else { throw .invalidArgument }
      guard isPrivileged || result == own else { throw .notPermitted }
    }
    return result
  }
}
