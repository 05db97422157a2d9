// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Memory
import VFS

/// Makes the sockets of one address family.
public protocol SocketFamily: AnyObject {
  /// Makes a socket. Throws `socketTypeNotSupported`, `protocolNotSupported`.
  func makeSocket(type: Int32, protocolNumber: Int32, flags: OpenFlags) throws(SystemError)
    -> Socket

  /// Makes two sockets that are connected with each other. Throws `notSupported`.
  func makePair(type: Int32, protocolNumber: Int32, flags: OpenFlags) throws(SystemError)
    -> (Socket, Socket)
}

/// Serves the requests about interfaces that sockets of all families take (`netdevice(7)`).
public protocol InterfaceRequestServer: AnyObject {
  /// Throws `notTerminal` for a request that it does not know, `noSuchDevice`.
  func serve(_ request: UInt32, at address: VirtualAddress) throws(SystemError) -> Int
}

/// The families that the image has, by their number (`AF_…`).
public enum SocketFamilies {
  /// `AF_UNIX`
  public static let local: Int32 = 1
  /// `AF_INET`
  public static let internet: Int32 = 2
  /// `AF_INET6`
  public static let internet6: Int32 = 10
  /// `AF_NETLINK`
  public static let netlink: Int32 = 16

  /// Set by whoever has interfaces.
  public static let interfaceRequests = KernelGlobal<(any InterfaceRequestServer)?>(nil)

  private static let limit = 46
  private static let table = KernelGlobal<[(any SocketFamily)?]>([])

  public static func register(_ family: any SocketFamily, as number: Int32) {
    if table.value.isEmpty {
      table.value = Array(repeating: nil, count: limit)
    }
    table.value[Int(number)] = family
  }

  static func family(_ number: Int32) throws(SystemError) -> any SocketFamily {
    guard number >= 0, Int(number) < table.value.count, let family = table.value[Int(number)] else {
      throw .addressFamilyNotSupported
    }
    return family
  }
}
