// SPDX-License-Identifier: BSD-3-Clause

import VFS

/// The files of `/proc/net`.
public enum NetworkFile: Sendable, BitwiseCopyable {
  case devices
  case tcp
  case tcp6
  case udp
  case udp6
  case local
  case netlink
  case routes
  case routes6
  case addresses6
  case neighbors
  case counters
  case moreCounters
  case socketCounts
  case socketCounts6
}

/// The files of `/sys/class/net/<interface>`, and the counters in its `statistics`.
public enum InterfaceFile: Sendable, BitwiseCopyable {
  case address
  case broadcast
  case mtu
  case flags
  case index
  case kind
  case state
  case receivedBytes
  case receivedPackets
  case receiveDrops
  case sentBytes
  case sentPackets
  case sendDrops
}

/// What `/proc/net` and `/sys/class/net` tell. The one who implements it writes the lines, since it
/// knows the addresses.
public protocol NetworkInformation: AnyObject {
  func write(_ file: NetworkFile, to text: inout TextBuilder)
  /// Whether there is a card, `eth0`.
  var hasCard: Bool { get }
  /// - Parameter isCard: of `eth0`, otherwise of `lo`.
  func write(_ file: InterfaceFile, isCard: Bool, to text: inout TextBuilder)
}
