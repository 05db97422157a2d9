// SPDX-License-Identifier: BSD-3-Clause

import Internet
import NetworkHost

extension HostInterface {
  var isLoopback: Bool { number == 1 }

  /// `ARPHRD_LOOPBACK` or `ARPHRD_ETHER`
  var kindNumber: UInt16 { isLoopback ? 772 : 1 }

  /// The flags with `IFF_LOWER_UP`, which netlink tells and `ioctl` does not.
  var wideFlags: UInt32 { UInt32(flags) | 0x1_0000 }

  func counters(of host: NetworkHost) -> InterfaceCounters {
    isLoopback ? InterfaceCounters() : host.card?.counters ?? InterfaceCounters()
  }
}
