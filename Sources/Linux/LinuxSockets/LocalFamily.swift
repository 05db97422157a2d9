// SPDX-License-Identifier: BSD-3-Clause

import Base
import VFS

/// AF_UNIX (`unix(7)`).
final class LocalFamily: SocketFamily {
  func makeSocket(
    type: Int32, protocolNumber: Int32, flags: OpenFlags
  ) throws(SystemError) -> Socket {
    LocalSocket(type: type, incoming: nil, outgoing: nil, flags: flags)
  }

  func makePair(
    type: Int32, protocolNumber: Int32, flags: OpenFlags
  ) throws(SystemError) -> (Socket, Socket) {
    guard type == 1 || type == 5 else { throw .socketTypeNotSupported }
    return LocalSocket.pair(type: type, flags: flags)
  }
}
