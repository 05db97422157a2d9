// SPDX-License-Identifier: BSD-3-Clause

import Base
import LinuxSockets

/// The options of `IPPROTO_IP` and `IPPROTO_IPV6` (`ip(7)`, `ipv6(7)`).
struct InternetOptions {
  /// `IPPROTO_IP`
  static let level: Int32 = 0
  /// `IPPROTO_IPV6`
  static let level6: Int32 = 41

  var hopLimit: UInt8 = 64
  var multicastHopLimit: UInt8 = 1
  var trafficClass: UInt8 = 0
  var loopsMulticast = true
  /// `IP_FREEBIND`
  var bindsFreely = false
  /// `IP_PKTINFO` or `IPV6_RECVPKTINFO`: a message tells to which address it was sent.
  var tellsTarget = false
  /// `IP_RECVTTL`, `IPV6_RECVHOPLIMIT`
  var tellsHopLimit = false
  /// `IP_RECVTOS`, `IPV6_RECVTCLASS`
  var tellsTrafficClass = false
  /// `IP_RECVERR`
  var reportsAllErrors = false
  /// `IP_MTU_DISCOVER`: `IP_PMTUDISC_WANT` by default.
  var pathDiscovery: Int32 = 1

  enum Name4: Int32 {
    case typeOfService = 1
    case timeToLive = 2
    case options = 4
    case packetInformation = 8
    case pathDiscovery = 10
    case receiveErrors = 11
    case receiveTimeToLive = 12
    case receiveTypeOfService = 13
    case mtu = 14
    case freeBind = 15
    case bindWithoutPort = 24
    case multicastInterface = 32
    case multicastTimeToLive = 33
    case multicastLoop = 34
    case addMembership = 35
    case dropMembership = 36
    case multicastAll = 49
    case unicastInterface = 50
    case localPortRange = 51
  }

  enum Name6: Int32 {
    case addressForm = 1
    case unicastHops = 16
    case multicastInterface = 17
    case multicastHops = 18
    case multicastLoop = 19
    case joinGroup = 20
    case leaveGroup = 21
    case pathDiscovery = 23
    case mtu = 24
    case receiveErrors = 25
    case onlyVersion6 = 26
    case multicastAll = 29
    case receivePacketInformation = 49
    case receiveHopLimit = 51
    case receiveTrafficClass = 66
    case trafficClass = 67
    case autoFlowLabel = 70
    case freeBind = 78
  }

  static func isOnlyVersion6(_ level: Int32, _ name: Int32) -> Bool {
    level == level6 && name == Name6.onlyVersion6.rawValue
  }

  // MARK: Setting

  /// Throws `noProtocolOption`, `invalidArgument`.
  mutating func set(
    _ level: Int32, _ name: Int32, _ value: OptionValue, family: Int32
  ) throws(SystemError) {
    switch level {
    case Self.level:
      guard let name = Name4(rawValue: name) else { throw .noProtocolOption }
      try set(name, value)
    case Self.level6 where family == SocketFamilies.internet6:
      guard let name = Name6(rawValue: name) else { throw .noProtocolOption }
      try set(name, value)
    default: throw .noProtocolOption
    }
  }

  /// An `int`, or a single byte as BSD has it.
  private static func number(_ value: OptionValue) throws(SystemError) -> Int32 {
    if value.bytes.count >= 1 && value.bytes.count < 4 { return Int32(value.bytes[0]) }
    return try value.integer()
  }

  private mutating func set(_ name: Name4, _ value: OptionValue) throws(SystemError) {
    switch name {
    case .typeOfService: trafficClass = UInt8(truncatingIfNeeded: try Self.number(value))
    case .timeToLive: hopLimit = try Self.hops(Self.number(value), least: 1) ?? 64
    case .multicastTimeToLive: multicastHopLimit = try Self.hops(Self.number(value), least: 0) ?? 1
    case .multicastLoop: loopsMulticast = try Self.number(value) != 0
    case .packetInformation: tellsTarget = try Self.number(value) != 0
    case .receiveTimeToLive: tellsHopLimit = try Self.number(value) != 0
    case .receiveTypeOfService: tellsTrafficClass = try Self.number(value) != 0
    case .receiveErrors: reportsAllErrors = try Self.number(value) != 0
    case .pathDiscovery: pathDiscovery = try Self.discovery(value)
    case .freeBind: bindsFreely = try Self.number(value) != 0
    // There is one interface, and ports are found when they are needed.
    case .bindWithoutPort, .multicastInterface, .multicastAll, .unicastInterface,
      .localPortRange:
      break
    case .options: guard value.bytes.isEmpty else { throw .noProtocolOption }
    case .mtu, .addMembership, .dropMembership: throw .noProtocolOption
    }
  }

  private mutating func set(_ name: Name6, _ value: OptionValue) throws(SystemError) {
    switch name {
    case .unicastHops: hopLimit = try Self.hops(value.integer(), least: 0) ?? 64
    case .multicastHops: multicastHopLimit = try Self.hops(value.integer(), least: 0) ?? 1
    case .multicastLoop: loopsMulticast = try value.flag()
    case .trafficClass:
      let number = try value.integer()
      guard (-1...255).contains(number) else { throw .invalidArgument }
      trafficClass = number == -1 ? 0 : UInt8(number)
    case .receivePacketInformation: tellsTarget = try value.flag()
    case .receiveHopLimit: tellsHopLimit = try value.flag()
    case .receiveTrafficClass: tellsTrafficClass = try value.flag()
    case .receiveErrors: reportsAllErrors = try value.flag()
    case .pathDiscovery: pathDiscovery = try Self.discovery(value)
    case .freeBind: bindsFreely = try value.flag()
    case .multicastInterface, .multicastAll, .autoFlowLabel: break
    case .mtu, .onlyVersion6, .joinGroup, .leaveGroup, .addressForm: throw .noProtocolOption
    }
  }

  /// A hop limit; nil for -1, the default.
  private static func hops(_ number: Int32, least: Int32) throws(SystemError) -> UInt8? {
    if number == -1 { return nil }
    guard number >= least, number <= 255 else { throw .invalidArgument }
    return UInt8(number)
  }

  private static func discovery(_ value: OptionValue) throws(SystemError) -> Int32 {
    let number = try value.integer()
    guard (0...5).contains(number) else { throw .invalidArgument }
    return number
  }

  // MARK: Asking

  /// - Parameter mtu: of the path, when the socket is connected.
  func option(
    _ level: Int32, _ name: Int32, family: Int32, isOnlyVersion6: Bool, mtu: Int?
  ) throws(SystemError) -> [UInt8] {
    switch level {
    case Self.level:
      guard let name = Name4(rawValue: name) else { throw .noProtocolOption }
      return OptionValue.bytes(try value(name, mtu))
    case Self.level6 where family == SocketFamilies.internet6:
      guard let name = Name6(rawValue: name) else { throw .noProtocolOption }
      return OptionValue.bytes(try value(name, isOnlyVersion6, mtu))
    default: throw .noProtocolOption
    }
  }

  private func value(_ name: Name4, _ mtu: Int?) throws(SystemError) -> Int32 {
    switch name {
    case .typeOfService: Int32(trafficClass)
    case .timeToLive: Int32(hopLimit)
    case .multicastTimeToLive: Int32(multicastHopLimit)
    case .multicastLoop: loopsMulticast ? 1 : 0
    case .packetInformation: tellsTarget ? 1 : 0
    case .receiveTimeToLive: tellsHopLimit ? 1 : 0
    case .receiveTypeOfService: tellsTrafficClass ? 1 : 0
    case .receiveErrors: reportsAllErrors ? 1 : 0
    case .pathDiscovery: pathDiscovery
    case .freeBind: bindsFreely ? 1 : 0
    case .multicastAll: 1
    case .bindWithoutPort, .multicastInterface, .unicastInterface, .localPortRange, .options: 0
    case .mtu:
      if let mtu { Int32(mtu) } else { throw .notConnected }
    case .addMembership, .dropMembership: throw .noProtocolOption
    }
  }

  private func value(
    _ name: Name6, _ isOnlyVersion6: Bool, _ mtu: Int?
  ) throws(SystemError) -> Int32 {
    switch name {
    case .unicastHops: Int32(hopLimit)
    case .multicastHops: Int32(multicastHopLimit)
    case .multicastLoop: loopsMulticast ? 1 : 0
    case .trafficClass: Int32(trafficClass)
    case .receivePacketInformation: tellsTarget ? 1 : 0
    case .receiveHopLimit: tellsHopLimit ? 1 : 0
    case .receiveTrafficClass: tellsTrafficClass ? 1 : 0
    case .receiveErrors: reportsAllErrors ? 1 : 0
    case .pathDiscovery: pathDiscovery
    case .freeBind: bindsFreely ? 1 : 0
    case .onlyVersion6: isOnlyVersion6 ? 1 : 0
    case .multicastAll, .autoFlowLabel: 1
    case .multicastInterface: 0
    case .mtu:
      if let mtu { Int32(mtu) } else { throw .notConnected }
    case .joinGroup, .leaveGroup, .addressForm: throw .noProtocolOption
    }
  }
}
