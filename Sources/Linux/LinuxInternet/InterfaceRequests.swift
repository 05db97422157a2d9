// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import LinuxCore
import LinuxSockets
import Memory
import NetworkHost

/// The requests about interfaces that every Internet socket takes (`netdevice(7)`): `lo` is number
/// 1 and the card, `eth0`, number 2.
struct InterfaceRequests {
  private let host: NetworkHost

  /// Serves them for sockets of other families.
  final class Server: InterfaceRequestServer {
    func serve(_ request: UInt32, at address: VirtualAddress) throws(SystemError) -> Int {
      guard InterfaceRequests.knows(request), let host = NetworkHost.shared else {
        throw .notTerminal
      }
      return try InterfaceRequests(host).serve(request, at: address)
    }
  }

  /// `sizeof(struct ifreq)`, of which the first 16 bytes are the name.
  private static let byteCount = 40
  private static let nameByteCount = 16

  init(_ host: NetworkHost) {
    self.host = host
  }

  /// Changes of interfaces and routes (`SIOCADDRT`, …, `SIOCSIFTXQLEN`), which nobody may make.
  private static let changes: [UInt32] = [
    0x890b, 0x890c, 0x8914, 0x8916, 0x8918, 0x891a, 0x891c, 0x891e, 0x8922, 0x8923, 0x8924, 0x8943,
  ]

  private enum Request: UInt32 {
    case name = 0x8910
    case configuration = 0x8912
    case flags = 0x8913
    case address = 0x8915
    case targetAddress = 0x8917
    case broadcastAddress = 0x8919
    case netmask = 0x891b
    case metric = 0x891d
    case mtu = 0x8921
    case hardwareAddress = 0x8927
    case index = 0x8933
    case queueLength = 0x8942
    /// What there is on Linux, too, for cards whose drivers do not have it.
    case ethtool = 0x8946
  }

  /// Whether a request is about interfaces.
  private static func knows(_ request: UInt32) -> Bool {
    Request(rawValue: request) != nil || changes.contains(request)
  }

  /// Throws `notTerminal` for a request that is none of these, `noSuchDevice`, `notPermitted` for
  /// one that would change something, and `notSupported`.
  func serve(_ request: UInt32, at address: VirtualAddress) throws(SystemError) -> Int {
    guard !Self.changes.contains(request) else { throw .notPermitted }
    guard let request = Request(rawValue: request) else { throw .notTerminal }
    if request == .configuration { return try list(at: address) }
    let buffer = UserBuffer(start: address, count: Self.byteCount)
    var bytes = [UInt8](repeating: 0, count: Self.byteCount)
    var elements = bytes.mutableSpan
    var span = MutableRawSpan(_elements: &elements)
    try buffer.copyIn(into: &span)
    let interface: HostInterface
    if request == .name {
      interface = try HostInterface(number: bytes.get(Self.nameByteCount), host)
      bytes = interface.name
      while bytes.count < Self.byteCount { bytes.append(0) }
    } else {
      interface = try HostInterface(
        name: [UInt8](bytes[..<Self.nameByteCount].prefix { $0 != 0 }), host)
    }
    try answer(request, about: interface, in: &bytes)
    try buffer.copyOut(RawSpan(_elements: bytes.span))
    return 0
  }

  private func answer(
    _ request: Request, about interface: HostInterface, in bytes: inout [UInt8]
  ) throws(SystemError) {
    let offset = Self.nameByteCount
    switch request {
    case .flags: bytes.put(interface.flags, at: offset)
    case .index: bytes.put(interface.number, at: offset)
    case .mtu: bytes.put(Int32(interface.mtu), at: offset)
    case .metric: bytes.put(Int32(0), at: offset)
    case .queueLength: bytes.put(Int32(1000), at: offset)
    case .name: bytes.put(interface.number, at: offset)
    case .hardwareAddress:
      // ARPHRD_ETHER or ARPHRD_LOOPBACK.
      bytes.put(UInt16(interface.number == 1 ? 772 : 1), at: offset)
      for index in 0..<6 {
        bytes[offset + 2 + index] = UInt8(
          truncatingIfNeeded: interface.hardwareAddress.rawValue >> UInt64(40 - 8 * index))
      }
    case .address, .targetAddress, .broadcastAddress, .netmask:
      guard let prefix = interface.address else { throw .addressNotAvailable }
      let value =
        switch request {
        case .netmask: prefix.mask
        case .broadcastAddress: prefix.broadcast ?? .any
        default: prefix.address
        }
      let address = InternetAddress.socketAddress(
        Endpoint(IPAddress(value), 0), family: SocketFamilies.internet)
      for (index, byte) in address.bytes.enumerated() { bytes[offset + index] = byte }
    case .ethtool: throw .notSupported
    case .configuration: break
    }
  }

  /// `SIOCGIFCONF`: the interfaces that have an IPv4 address.
  private func list(at address: VirtualAddress) throws(SystemError) -> Int {
    var words = InlineArray<2, UInt64>(repeating: 0)
    var elements = words.mutableSpan
    var span = MutableRawSpan(_elements: &elements)
    let header = UserBuffer(start: address, count: 16)
    try header.copyIn(into: &span)
    let room = Int(Int32(truncatingIfNeeded: words[0]))
    var bytes: [UInt8] = []
    for interface in HostInterface.all(host) where interface.address != nil {
      guard words[1] == 0 || bytes.count + Self.byteCount <= room else { break }
      var entry = interface.name
      while entry.count < Self.byteCount { entry.append(0) }
      try answer(.address, about: interface, in: &entry)
      bytes += entry
    }
    if words[1] != 0 {
      try UserBuffer(start: VirtualAddress(UInt(words[1])), count: bytes.count).copyOut(
        RawSpan(_elements: bytes.span))
    }
    let count = InlineArray<1, Int32>(repeating: Int32(bytes.count))
    try header.copyOut(RawSpan(_elements: count.span))
    return 0
  }
}
