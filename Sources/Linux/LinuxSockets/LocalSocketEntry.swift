// SPDX-License-Identifier: BSD-3-Clause

import Base
import VFS

/// A local socket as `/proc/net/unix` shows it.
public struct LocalSocketEntry {
  public let type: Int32
  public let isListening: Bool
  public let isConnected: Bool
  /// Whether a program has it, and not only the list of connections that wait.
  public let isAccepted: Bool
  /// The number of its node.
  public let number: UInt64
  /// The name: with a zero byte in front for an abstract one; empty for none.
  public let name: [UInt8]

  /// Calls `body` with every local socket, in no order.
  public static func forEach(_ body: (LocalSocketEntry) -> Void) {
    for socket in LocalSocket.all {
      var name = socket.name.map { [UInt8]($0.bytes.dropFirst(2)) } ?? []
      if let first = name.first, first != 0 { name = [UInt8](name.prefix { $0 != 0 }) }
      body(
        LocalSocketEntry(
          type: socket.type, isListening: socket.backlog != nil,
          isConnected: socket.isConnected || socket.isDatagram && socket.peer != nil,
          isAccepted: socket.descriptorCount > 0, number: socket.node.number, name: name))
    }
  }
}
