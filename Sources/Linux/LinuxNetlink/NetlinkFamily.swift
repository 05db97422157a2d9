// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxSockets
import NetworkHost
import ProcFS
import VFS

/// AF_NETLINK (`netlink(7)`).
public final class NetlinkFamily: SocketFamily {
  private init() {}

  /// Adds the family, and what `/proc` and `/sys` tell of the network.
  public static func register() {
    SocketFamilies.register(NetlinkFamily(), as: SocketFamilies.netlink)
    ProcFS.networkInformation.value = NetworkFacts()
  }

  private static let datagram: Int32 = 2
  private static let raw: Int32 = 3

  public func makeSocket(
    type: Int32, protocolNumber: Int32, flags: OpenFlags
  ) throws(SystemError) -> Socket {
    guard type == Self.datagram || type == Self.raw else { throw .socketTypeNotSupported }
    switch protocolNumber {
    case NetlinkSocket.route, NetlinkSocket.events:
      return NetlinkSocket(type: type, protocolNumber: protocolNumber, flags: flags)
    default: throw .protocolNotSupported
    }
  }

  public func makePair(
    type: Int32, protocolNumber: Int32, flags: OpenFlags
  ) throws(SystemError) -> (Socket, Socket) {
    throw .notSupported
  }
}
