// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxSockets
import NetworkHost
import VFS

/// AF_INET or AF_INET6.
public final class InternetFamily: SocketFamily {
  private let number: Int32

  private init(number: Int32) {
    self.number = number
  }

  /// Adds both families.
  public static func register() {
    for number in [SocketFamilies.internet, SocketFamilies.internet6] {
      SocketFamilies.register(InternetFamily(number: number), as: number)
    }
    SocketFamilies.interfaceRequests.value = InterfaceRequests.Server()
  }

  private static let stream: Int32 = 1
  private static let datagram: Int32 = 2
  private static let raw: Int32 = 3
  private static let tcp: Int32 = 6
  private static let udp: Int32 = 17
  private static let icmp: Int32 = 1
  private static let icmp6: Int32 = 58

  public func makeSocket(
    type: Int32, protocolNumber: Int32, flags: OpenFlags
  ) throws(SystemError) -> Socket {
    guard let host = NetworkHost.shared else { throw .noBuffers }
    switch (type, protocolNumber) {
    case (Self.stream, 0), (Self.stream, Self.tcp):
      return StreamSocket(host, family: number, flags: flags)
    case (Self.datagram, 0), (Self.datagram, Self.udp):
      return DatagramSocket(host, family: number, isEcho: false, flags: flags)
    case (Self.datagram, number == SocketFamilies.internet ? Self.icmp : Self.icmp6):
      return DatagramSocket(host, family: number, isEcho: true, flags: flags)
    case (Self.raw, _): throw .protocolNotSupported
    case (Self.stream, _), (Self.datagram, _): throw .protocolNotSupported
    default: throw .socketTypeNotSupported
    }
  }

  public func makePair(
    type: Int32, protocolNumber: Int32, flags: OpenFlags
  ) throws(SystemError) -> (Socket, Socket) {
    throw .notSupported
  }
}
