// SPDX-License-Identifier: BSD-3-Clause

import Addresses

/// Frames made by hand, so that each field can lie, and read without the translator's own code.
enum Wire {
  static func sum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for index in bytes.indices {
      sum += index % 2 == 0 ? UInt32(bytes[index]) << 8 : UInt32(bytes[index])
    }
    while sum > 0xffff { sum = sum % 0x10000 + sum / 0x10000 }
    return ~UInt16(sum)
  }

  static func word(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }
  static func long(_ value: UInt32) -> [UInt8] {
    word(UInt16(value >> 16)) + word(UInt16(value & 0xffff))
  }
  static func station(_ value: UInt64) -> [UInt8] {
    (0..<6).map { UInt8(truncatingIfNeeded: value >> UInt64(40 - 8 * $0)) }
  }

  static func put(_ value: UInt16, in bytes: inout [UInt8], at offset: Int) {
    bytes[offset] = UInt8(value >> 8)
    bytes[offset + 1] = UInt8(value & 255)
  }

  static func ip(
    _ source: UInt32, _ target: UInt32, _ number: UInt8, _ payload: [UInt8], hops: UInt8 = 64,
    identification: UInt16 = 0, fragment: UInt16 = 0x4000, options: [UInt8] = []
  ) -> [UInt8] {
    let size = 20 + options.count
    var header: [UInt8] = [UInt8(0x40 + size / 4), 0]
    header += word(UInt16(size + payload.count)) + word(identification) + word(fragment)
    header += [hops, number, 0, 0] + long(source) + long(target) + options
    put(sum(header), in: &header, at: 10)
    return header + payload
  }

  static func transport(
    _ source: UInt32, _ target: UInt32, _ number: UInt8, _ segment: [UInt8], at offset: Int
  ) -> [UInt8] {
    var segment = segment
    put(0, in: &segment, at: offset)
    let pseudo = long(source) + long(target) + [0, number] + word(UInt16(segment.count))
    let value = sum(pseudo + segment)
    put(number == 17 && value == 0 ? 0xffff : value, in: &segment, at: offset)
    return segment
  }

  static func udp(
    _ source: UInt32, _ from: UInt16, _ target: UInt32, _ to: UInt16, _ data: [UInt8] = [1, 2, 3]
  ) -> [UInt8] {
    transport(
      source, target, 17, word(from) + word(to) + word(UInt16(8 + data.count)) + [0, 0] + data,
      at: 6)
  }

  static func tcp(
    _ source: UInt32, _ from: UInt16, _ target: UInt32, _ to: UInt16, _ flags: UInt8,
    _ data: [UInt8] = []
  ) -> [UInt8] {
    let header = word(from) + word(to) + long(1000) + long(2000) + [0x50, flags] + word(4096)
    return transport(source, target, 6, header + [0, 0, 0, 0] + data, at: 16)
  }

  static func icmp(_ kind: UInt8, _ code: UInt8, _ rest: UInt32, _ data: [UInt8]) -> [UInt8] {
    var message = [kind, code, 0, 0] + long(rest) + data
    put(sum(message), in: &message, at: 2)
    return message
  }

  static func echo(_ kind: UInt8, _ identifier: UInt16) -> [UInt8] {
    icmp(kind, 0, UInt32(identifier) << 16 | 7, [9, 8, 7, 6, 5])
  }

  static func arp(
    _ operation: UInt16, _ station: UInt64, _ sender: UInt32, _ targetStation: UInt64,
    _ target: UInt32
  ) -> [UInt8] {
    word(1) + word(0x800) + [6, 4] + word(operation) + Wire.station(station) + long(sender)
      + Wire.station(targetStation) + long(target)
  }
}

/// A frame taken apart again, with everything checked that can be.
struct Seen: Equatable {
  var to: UInt64 = 0
  var from: UInt64 = 0
  var source: UInt32 = 0
  var target: UInt32 = 0
  var number: UInt8 = 0
  var hops: UInt8 = 0
  var sourcePort: UInt16 = 0
  var targetPort: UInt16 = 0
  /// TCP's flags, or ICMP's type.
  var kind: UInt8 = 0
  var code: UInt8 = 0
  var packet: [UInt8] = []
  var payload: [UInt8] = []
  var isARP = false

  static func number<T: FixedWidthInteger>(_ bytes: [UInt8], _ offset: Int, _: T.Type) -> T {
    var value: T = 0
    for index in 0..<T.bitWidth / 8 { value = value << 8 | T(bytes[offset + index]) }
    return value
  }

  /// Nil when a length or a checksum is wrong.
  init?(_ frame: [UInt8]) {
    guard frame.count >= 14 else { return nil }
    to = Self.number(frame, 0, UInt64.self) >> 16
    from = Self.number(frame, 4, UInt64.self) & 0xffff_ffff_ffff
    packet = Array(frame[14...])
    if Self.number(frame, 12, UInt16.self) == 0x806 {
      isARP = true
      return
    }
    guard packet.count >= 20, Self.number(packet, 2, UInt16.self) == packet.count else {
      return nil
    }
    let size = Int(packet[0] & 15) * 4
    guard Wire.sum(Array(packet[..<size])) == 0 else { return nil }
    source = Self.number(packet, 12, UInt32.self)
    target = Self.number(packet, 16, UInt32.self)
    number = packet[9]
    hops = packet[8]
    payload = Array(packet[size...])
    let fragment = Self.number(packet, 6, UInt16.self)
    if fragment & 0x1fff != 0 { return }
    let pseudo =
      Wire.long(source) + Wire.long(target) + [0, number] + Wire.word(UInt16(payload.count))
    let isWhole = fragment & 0x2000 == 0
    switch number {
    case 1:
      kind = payload[0]
      code = payload[1]
      guard !isWhole || Wire.sum(payload) == 0 else { return nil }
      if kind == 8 { sourcePort = Self.number(payload, 4, UInt16.self) }
      if kind == 0 { targetPort = Self.number(payload, 4, UInt16.self) }
    case 6, 17:
      sourcePort = Self.number(payload, 0, UInt16.self)
      targetPort = Self.number(payload, 2, UInt16.self)
      let isUnsummed = number == 17 && payload[6] == 0 && payload[7] == 0
      guard !isWhole || isUnsummed || Wire.sum(pseudo + payload) == 0 else { return nil }
      if number == 6 { kind = payload[13] }
    default: return nil
    }
  }

  /// The packet that an ICMP error quotes, without a look at its payload's checksum.
  var quote: (source: UInt32, from: UInt16, target: UInt32, to: UInt16)? {
    guard number == 1, [3, 11, 12].contains(kind), payload.count >= 36 else { return nil }
    let quote = Array(payload[8...])
    guard Wire.sum(Array(quote[..<20])) == 0 else { return nil }
    let isEcho = quote[9] == 1
    return (
      Self.number(quote, 12, UInt32.self),
      isEcho ? Self.number(quote, 24, UInt16.self) : Self.number(quote, 20, UInt16.self),
      Self.number(quote, 16, UInt32.self),
      isEcho ? 0 : Self.number(quote, 22, UInt16.self)
    )
  }
}
