// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes

/// Which step of the exchange a message is (RFC 2132 section 9.6).
public enum DHCPMessageType: UInt8, BitwiseCopyable, Sendable {
  case discover = 1
  case offer = 2
  case request = 3
  case decline = 4
  case ack = 5
  case nak = 6
  case release = 7
  case inform = 8
}

/// The options that matter here (RFC 2132, RFC 3397, RFC 3442).
enum DHCPOption {
  static var subnetMask: UInt8 { 1 }
  static var router: UInt8 { 3 }
  static var nameServer: UInt8 { 6 }
  static var hostName: UInt8 { 12 }
  static var domainName: UInt8 { 15 }
  static var interfaceMTU: UInt8 { 26 }
  static var requestedAddress: UInt8 { 50 }
  static var leaseTime: UInt8 { 51 }
  static var overload: UInt8 { 52 }
  static var messageType: UInt8 { 53 }
  static var serverIdentifier: UInt8 { 54 }
  static var parameterList: UInt8 { 55 }
  static var maximumSize: UInt8 { 57 }
  static var renewalTime: UInt8 { 58 }
  static var rebindingTime: UInt8 { 59 }
  static var clientIdentifier: UInt8 { 61 }
  static var domainSearch: UInt8 { 119 }
  static var classlessRoutes: UInt8 { 121 }
  static var end: UInt8 { 255 }
}

/// A message from a server (RFC 2131 section 2), checked.
struct DHCPReply {
  let type: DHCPMessageType
  let transaction: UInt32
  /// `yiaddr`: the address that is offered or given.
  let address: IPv4Address
  let server: IPv4Address
  /// The options, each code once; the parts of one that came in parts are joined (RFC 3396).
  private var options: [(code: UInt8, value: [UInt8])] = []

  static var fixedByteCount: Int { 236 }
  static var cookie: UInt32 { 0x6382_5363 }

  /// Nil for what is no reply to this station, or malformed.
  init?(parsing bytes: RawSpan, station: MACAddress) {
    guard bytes.byteCount >= Self.fixedByteCount + 4,
      bytes.bigEndian(at: 0, as: UInt32.self) >> 8 == 0x02_0106,
      bytes.bigEndian(at: Self.fixedByteCount, as: UInt32.self) == Self.cookie,
      MACAddress(bytes, at: 28) == station
    else { return nil }
    transaction = bytes.bigEndian(at: 4)
    address = IPv4Address(bytes, at: 16)
    var found: [(code: UInt8, value: [UInt8])] = []
    guard
      Self.collect(bytes.extracting(droppingFirst: Self.fixedByteCount + 4), into: &found)
    else { return nil }
    // The fields of names may hold options as well (RFC 2131 section 4.1).
    let overload = found.first { $0.code == DHCPOption.overload }?.value.first ?? 0
    if overload & 1 != 0, !Self.collect(bytes.extracting(108..<236), into: &found) { return nil }
    if overload & 2 != 0, !Self.collect(bytes.extracting(44..<108), into: &found) { return nil }
    guard let code = found.first(where: { $0.code == DHCPOption.messageType })?.value,
      code.count == 1, let type = DHCPMessageType(rawValue: code[0]),
      let identifier = found.first(where: { $0.code == DHCPOption.serverIdentifier })?.value,
      identifier.count == 4
    else { return nil }
    self.type = type
    server = IPv4Address(identifier[0], identifier[1], identifier[2], identifier[3])
    options = found
  }

  private static func collect(
    _ bytes: RawSpan, into options: inout [(code: UInt8, value: [UInt8])]
  ) -> Bool {
    var offset = 0
    while offset < bytes.byteCount {
      let code = bytes.byte(at: offset)
      if code == DHCPOption.end { return true }
      offset += 1
      if code == 0 { continue }
      guard offset < bytes.byteCount else { return false }
      let size = Int(bytes.byte(at: offset))
      offset += 1
      guard offset + size <= bytes.byteCount else { return false }
      var place = 0
      while place < options.count, options[place].code != code { place += 1 }
      if place == options.count { options.append((code, [])) }
      for index in offset..<offset + size { options[place].value.append(bytes.byte(at: index)) }
      offset += size
    }
    // Servers that forget the end are tolerated.
    return true
  }

  func value(_ code: UInt8) -> [UInt8]? {
    options.first { $0.code == code }?.value
  }

  func number(_ code: UInt8) -> UInt32? {
    guard let value = value(code), value.count == 4 else { return nil }
    return IPv4Address(value[0], value[1], value[2], value[3]).rawValue
  }

  func addresses(_ code: UInt8, limit: Int) -> [IPv4Address] {
    guard let value = value(code), value.count % 4 == 0 else { return [] }
    var result: [IPv4Address] = []
    var offset = 0
    while offset < value.count, result.count < limit {
      let address = IPv4Address(
        value[offset], value[offset + 1], value[offset + 2], value[offset + 3])
      if address.isUnicast { result.append(address) }
      offset += 4
    }
    return result
  }
}

/// Builds a message to servers.
struct DHCPWriter {
  private(set) var bytes: [UInt8]

  init(
    _ type: DHCPMessageType, transaction: UInt32, station: MACAddress, address: IPv4Address,
    seconds: UInt16, wantsBroadcast: Bool
  ) {
    bytes = [1, 1, 6, 0]
    append(transaction)
    append(UInt32(seconds) << 16 | (wantsBroadcast ? 0x8000 : 0))
    append(address.rawValue)
    for _ in 0..<12 { bytes.append(0) }
    append(UInt32(truncatingIfNeeded: station.rawValue >> 16))
    bytes.append(UInt8(truncatingIfNeeded: station.rawValue >> 8))
    bytes.append(UInt8(truncatingIfNeeded: station.rawValue))
    while bytes.count < DHCPReply.fixedByteCount { bytes.append(0) }
    append(DHCPReply.cookie)
    option(DHCPOption.messageType, [type.rawValue])
  }

  private mutating func append(_ value: UInt32) {
    var shift: UInt32 = 32
    while shift > 0 {
      shift -= 8
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  /// Adds an option; one that is too long is left out.
  mutating func option(_ code: UInt8, _ value: [UInt8]) {
    guard value.count <= 255 else { return }
    bytes.append(code)
    bytes.append(UInt8(value.count))
    for byte in value { bytes.append(byte) }
  }

  mutating func option(_ code: UInt8, _ address: IPv4Address) {
    bytes.append(code)
    bytes.append(4)
    append(address.rawValue)
  }

  /// Ends the options, and pads to the 300 bytes that BOOTP relays want (RFC 1542 section 2.1).
  mutating func finish() -> [UInt8] {
    bytes.append(DHCPOption.end)
    while bytes.count < 300 { bytes.append(0) }
    return bytes
  }
}
