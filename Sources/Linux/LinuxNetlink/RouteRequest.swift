// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import LinuxCore

/// A message that a program sends to netlink: its `struct nlmsghdr` and what follows.
struct RouteRequest {
  let type: UInt16
  let flags: NetlinkWriter.Flags
  let sequence: UInt32
  /// The whole message, its header first.
  let bytes: [UInt8]

  static let headerByteCount = 16

  /// The messages of a datagram, as far as they are well formed.
  static func all(in datagram: [UInt8]) -> [RouteRequest] {
    var requests: [RouteRequest] = []
    var offset = 0
    while offset + headerByteCount <= datagram.count {
      let length = Int(datagram.get(offset, as: UInt32.self))
      guard length >= headerByteCount, length <= datagram.count - offset else { break }
      requests.append(RouteRequest([UInt8](datagram[offset..<offset + length])))
      offset += roundedUp(length, to: 4)
    }
    return requests
  }

  private init(_ bytes: [UInt8]) {
    self.bytes = bytes
    type = bytes.get(4)
    flags = NetlinkWriter.Flags(rawValue: bytes.get(6))
    sequence = bytes.get(8)
  }

  /// One flag of the two is enough for Linux.
  var isDump: Bool { !flags.isDisjoint(with: .dump) }

  /// The family that is asked for, which every structure begins with; 0 for all.
  var family: UInt8 { bytes.count > Self.headerByteCount ? bytes[Self.headerByteCount] : 0 }

  /// Whether a structure of so many bytes is behind the header.
  func has(_ byteCount: Int) -> Bool { bytes.count >= Self.headerByteCount + byteCount }

  /// A number behind the header; zero when the message is too short.
  func number(at offset: Int) -> Int32 {
    has(offset + 4) ? bytes.get(Self.headerByteCount + offset) : 0
  }

  /// An attribute behind a structure of `offset` bytes; nil when it is not there. What follows one
  /// of a wrong length is not looked at.
  func attribute(_ wanted: UInt16, behind offset: Int) -> [UInt8]? {
    var place = Self.headerByteCount + roundedUp(offset, to: 4)
    while place + 4 <= bytes.count {
      let length = Int(bytes.get(place, as: UInt16.self))
      guard length >= 4, length <= bytes.count - place else { return nil }
      let type: UInt16 = bytes.get(place + 2)
      if type & 0x3fff == wanted { return [UInt8](bytes[place + 4..<place + length]) }
      place += roundedUp(length, to: 4)
    }
    return nil
  }

  /// An attribute that is an address of the request's family; nil when there is none, or too few
  /// bytes of one.
  func address(_ wanted: UInt16, behind offset: Int) -> IPAddress? {
    guard let bytes = attribute(wanted, behind: offset) else { return nil }
    let span = RawSpan(_elements: bytes.span)
    switch family {
    case RouteAnswers.version4 where bytes.count >= 4: return IPAddress(IPv4Address(span, at: 0))
    case RouteAnswers.version6 where bytes.count >= 16: return IPAddress(IPv6Address(span, at: 0))
    default: return nil
    }
  }
}
