// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes

/// What an Ethernet frame carries (IEEE 802 "EtherType").
public struct EtherType: Hashable, BitwiseCopyable, Sendable {
  public let rawValue: UInt16
  @inline(__always)
  public init(_ rawValue: UInt16) { self.rawValue = rawValue }

  public static let ipv4 = Self(0x0800)
  public static let arp = Self(0x0806)
  public static let ipv6 = Self(0x86dd)
}

/// The first 14 bytes of a frame (IEEE 802.3, RFC 894).
public struct EthernetHeader: BitwiseCopyable, Sendable {
  public var target: MACAddress
  public var source: MACAddress
  public var type: EtherType

  public static var byteCount: Int { 14 }

  @inline(__always)
  public init(to target: MACAddress, from source: MACAddress, type: EtherType) {
    self.target = target
    self.source = source
    self.type = type
  }

  /// Nil when the frame is too short, has a length in place of a type, or claims to come from a
  /// group.
  @inline(__always)
  public init?(parsing frame: RawSpan) {
    guard frame.byteCount >= Self.byteCount else { return nil }
    target = MACAddress(frame, at: 0)
    source = MACAddress(frame, at: 6)
    type = EtherType(frame.bigEndian(at: 12))
    guard type.rawValue >= 0x600, !source.isMulticast else { return nil }
  }

  /// Stores the header at `offset`. Traps when it does not fit.
  @inline(__always)
  public func store(in bytes: inout MutableRawSpan, at offset: Int = 0) {
    target.store(in: &bytes, at: offset)
    source.store(in: &bytes, at: offset + 6)
    bytes.storeBigEndian(type.rawValue, at: offset + 12)
  }
}
