// SPDX-License-Identifier: BSD-3-Clause

import Base
import VFS

/// AF_UNIX (`unix(7)`).
final class LocalFamily: SocketFamily {
  /// The type as it is served: SOCK_RAW means datagrams, as on Linux.
  private func served(_ type: Int32, _ protocolNumber: Int32) throws(SystemError) -> Int32 {
    guard protocolNumber == 0 || protocolNumber == SocketFamilies.local else {
      throw .protocolNotSupported
    }
    switch type {
    case LocalSocket.stream, LocalSocket.datagram, LocalSocket.packets: return type
    case 3: return LocalSocket.datagram
    default: throw .socketTypeNotSupported
    }
  }

  func makeSocket(
    type: Int32, protocolNumber: Int32, flags: OpenFlags
  ) throws(SystemError) -> Socket {
    LocalSocket(type: try served(type, protocolNumber), flags: flags)
  }

  func makePair(
    type: Int32, protocolNumber: Int32, flags: OpenFlags
  ) throws(SystemError) -> (Socket, Socket) {
    LocalSocket.pair(type: try served(type, protocolNumber), flags: flags)
  }
}
