// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes

/// A network that a router tells of (RFC 4861 section 4.6.2).
public struct NDPPrefix: Equatable, BitwiseCopyable, Sendable {
  public let prefix: IPv6Prefix
  public let isOnLink: Bool
  public let isAutonomous: Bool
  /// Seconds; all ones mean for ever.
  public let validLifetime: UInt32
  public let preferredLifetime: UInt32
}

/// What a router says (RFC 4861 section 4.2).
public struct RouterAdvertisement: Sendable {
  /// 0 when the router does not say.
  public let hopLimit: UInt8
  /// Seconds for which it is a router to everywhere; 0 when it is none.
  public let lifetime: UInt16
  /// Milliseconds, 0 when it does not say.
  public let reachableTime: UInt32
  public private(set) var station: MACAddress?
  public private(set) var mtu: Int?
  public private(set) var prefixes: [NDPPrefix] = []
  /// RFC 8106; with seconds of lifetime.
  public private(set) var nameServers: [(address: IPv6Address, lifetime: UInt32)] = []
  /// RFC 8106: names in the form of DNS, without compression.
  public private(set) var domainSearch: [UInt8] = []

  static var prefixLimit: Int { 8 }

  init?(parsing bytes: RawSpan) {
    guard bytes.byteCount >= 16 else { return nil }
    hopLimit = bytes.byte(at: 4)
    lifetime = bytes.bigEndian(at: 6)
    reachableTime = bytes.bigEndian(at: 8)
    guard let options = NDPOptions(bytes, from: 16) else { return nil }
    station = options.source
    options.forEach { type, option in
      switch type {
      case 3 where option.byteCount == 32: add(prefix: option)
      case 5 where option.byteCount == 8:
        let value = Int(option.bigEndian(at: 4, as: UInt32.self))
        if value >= 1280, value <= 65_535 { mtu = value }
      case 25 where option.byteCount >= 24 && option.byteCount % 16 == 8:
        var offset = 8
        while offset < option.byteCount, nameServers.count < 3 {
          nameServers.append((IPv6Address(option, at: offset), option.bigEndian(at: 4)))
          offset += 16
        }
      case 31 where option.byteCount >= 16 && domainSearch.isEmpty:
        for offset in 8..<option.byteCount { domainSearch.append(option.byte(at: offset)) }
      default: break
      }
    }
  }

  private mutating func add(prefix option: RawSpan) {
    let length = Int(option.byte(at: 2))
    guard length <= 128, prefixes.count < Self.prefixLimit else { return }
    let flags = option.byte(at: 3)
    prefixes.append(
      NDPPrefix(
        prefix: IPv6Prefix(IPv6Address(option, at: 16), length: length),
        isOnLink: flags & 0x80 != 0, isAutonomous: flags & 0x40 != 0,
        validLifetime: option.bigEndian(at: 4), preferredLifetime: option.bigEndian(at: 8)))
  }
}

/// The options of a message, checked: none is empty, all fit (RFC 4861 section 4.6).
struct NDPOptions: ~Escapable {
  private let bytes: RawSpan
  private let start: Int

  @_lifetime(copy bytes)
  init?(_ bytes: RawSpan, from start: Int) {
    var offset = start
    while offset < bytes.byteCount {
      guard offset + 2 <= bytes.byteCount else { return nil }
      let size = Int(bytes.byte(at: offset + 1)) * 8
      guard size > 0, offset + size <= bytes.byteCount else { return nil }
      offset += size
    }
    self.bytes = bytes
    self.start = start
  }

  func forEach(_ body: (UInt8, RawSpan) -> Void) {
    var offset = start
    while offset < bytes.byteCount {
      let size = Int(bytes.byte(at: offset + 1)) * 8
      body(bytes.byte(at: offset), bytes.extracting(offset..<offset + size))
      offset += size
    }
  }

  private func station(_ wanted: UInt8) -> MACAddress? {
    var result: MACAddress?
    forEach { type, option in
      if type == wanted, option.byteCount == 8 { result = MACAddress(option, at: 2) }
    }
    return result
  }

  var source: MACAddress? { station(1) }
  var target: MACAddress? { station(2) }
}

/// A message of neighbour discovery (RFC 4861 section 4).
public enum NDPMessage: Sendable {
  case neighborSolicitation(target: IPv6Address, station: MACAddress?)
  case neighborAdvertisement(
    target: IPv6Address, station: MACAddress?, isRouter: Bool, isSolicited: Bool, overrides: Bool)
  case routerAdvertisement(RouterAdvertisement)

  /// Nil for what is malformed, what came from another link, and what a host does not act upon:
  /// solicitations of routers, and redirects, which anybody could send.
  ///
  /// - Parameter bytes: the message from its type on; its checksum is right and its code is 0.
  public init?(
    parsing bytes: RawSpan, from source: IPv6Address, to target: IPv6Address, hopLimit: UInt8
  ) {
    // 255: no router has touched it (RFC 4861 section 11.2).
    guard hopLimit == 255, bytes.byteCount >= 8 else { return nil }
    switch bytes.byte(at: 0) {
    case 134:
      guard source.isLinkLocal, let message = RouterAdvertisement(parsing: bytes) else {
        return nil
      }
      self = .routerAdvertisement(message)
    case 135:
      guard let (subject, options) = Self.subject(bytes) else { return nil }
      // Section 7.1.1: who has no address asks a group, and says nothing of its station.
      guard !source.isAny || options.source == nil && target == subject.solicitedNodeGroup else {
        return nil
      }
      self = .neighborSolicitation(target: subject, station: options.source)
    case 136:
      guard let (subject, options) = Self.subject(bytes) else { return nil }
      let flags = bytes.byte(at: 4)
      let isSolicited = flags & 0x40 != 0
      guard !(target.isMulticast && isSolicited) else { return nil }
      self = .neighborAdvertisement(
        target: subject, station: options.target, isRouter: flags & 0x80 != 0,
        isSolicited: isSolicited, overrides: flags & 0x20 != 0)
    default:
      return nil
    }
  }

  private static func subject(
    _ bytes: RawSpan
  ) -> (IPv6Address, (source: MACAddress?, target: MACAddress?))? {
    guard bytes.byteCount >= 24, let options = NDPOptions(bytes, from: 24) else { return nil }
    let subject = IPv6Address(bytes, at: 8)
    guard subject.isUnicast else { return nil }
    return (subject, (options.source, options.target))
  }
}

/// Messages to send: the bytes without their checksum.
public enum NDPWriter {
  /// Asks who has `target`; without `station` it asks for an address that is not ours yet.
  public static func neighborSolicitation(
    for target: IPv6Address, station: MACAddress?
  ) -> [UInt8] {
    var bytes = message(135, 0, target)
    if let station { append(1, station, to: &bytes) }
    return bytes
  }

  /// Tells that `target` is ours. Flags: it was asked for, and overrides what is known.
  public static func neighborAdvertisement(
    of target: IPv6Address, station: MACAddress, isSolicited: Bool
  ) -> [UInt8] {
    var bytes = message(136, isSolicited ? 0x60 : 0x20, target)
    append(2, station, to: &bytes)
    return bytes
  }

  /// Asks routers to speak. `station` is told when the packet has a source.
  public static func routerSolicitation(station: MACAddress?) -> [UInt8] {
    var bytes: [UInt8] = [133, 0, 0, 0, 0, 0, 0, 0]
    if let station { append(1, station, to: &bytes) }
    return bytes
  }

  private static func message(_ type: UInt8, _ flags: UInt8, _ target: IPv6Address) -> [UInt8] {
    var bytes: [UInt8] = [type, 0, 0, 0, flags, 0, 0, 0]
    append(target.high, count: 8, to: &bytes)
    append(target.low, count: 8, to: &bytes)
    return bytes
  }

  private static func append(_ type: UInt8, _ station: MACAddress, to bytes: inout [UInt8]) {
    bytes.append(type)
    bytes.append(1)
    append(station.rawValue, count: 6, to: &bytes)
  }

  private static func append(_ value: UInt64, count: Int, to bytes: inout [UInt8]) {
    for index in 0..<count {
      bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * (count - 1 - index))))
    }
  }
}
