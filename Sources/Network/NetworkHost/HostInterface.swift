// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Internet
import IPv4
import NetworkStack

/// One interface as programs see it: `lo` is number 1 and the card, `eth0`, number 2.
public struct HostInterface {
  public let number: Int32
  public let name: [UInt8]
  /// `IFF_…` (`netdevice(7)`).
  public let flags: UInt16
  public let mtu: Int
  public let hardwareAddress: MACAddress
  /// Its first IPv4 address.
  public let address: IPv4Prefix?

  /// The interfaces that there are.
  public static func all(_ host: NetworkHost) -> [HostInterface] {
    var interfaces = [HostInterface(loopbackOf: host)]
    if let card = host.card {
      interfaces.append(HostInterface(cardOf: host, card))
    }
    return interfaces
  }

  private init(loopbackOf host: NetworkHost) {
    number = 1
    name = StaticString("lo").byteArray
    // UP, LOOPBACK, RUNNING.
    flags = 0x1 | 0x8 | 0x40
    mtu = 65_536
    hardwareAddress = .zero
    address = IPv4Prefix(.loopback, length: 8)
  }

  private init(cardOf host: NetworkHost, _ card: any NetworkCard) {
    number = 2
    name = StaticString("eth0").byteArray
    // UP, BROADCAST, RUNNING, MULTICAST.
    flags = 0x1 | 0x2 | 0x40 | 0x1000
    mtu = card.mtu
    hardwareAddress = card.hardwareAddress
    address = host.stack.routes.addresses.first
  }

  /// Throws `noSuchDevice`.
  public init(name: [UInt8], _ host: NetworkHost) throws(SystemError) {
    for interface in Self.all(host) where interface.name == name {
      self = interface
      return
    }
    throw .noSuchDevice
  }

  /// Throws `noSuchDeviceAddress`.
  public init(number: Int32, _ host: NetworkHost) throws(SystemError) {
    for interface in Self.all(host) where interface.number == number {
      self = interface
      return
    }
    throw .noSuchDeviceAddress
  }
}
