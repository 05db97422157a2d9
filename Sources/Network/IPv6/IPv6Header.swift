// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes

/// Why a packet is not taken.
public enum IPv6HeaderError: Error, Equatable, Sendable {
  case truncated
  case badVersion
  /// A source that no packet may have, or an address of version 4 in disguise.
  case badAddress
  /// An extension header that is malformed or refused.
  case badExtension
  /// An option that the receiver must know to take the packet (RFC 8200 section 4.2).
  case unknownOption
  /// The same; the sender is to be told its place from the packet's front, and `toGroups` also
  /// when the packet went to a group.
  case reportedOption(at: Int, toGroups: Bool)
  /// A routing header with segments left, and the place of its type (RFC 8200 section 4.4).
  case reportedRouting(at: Int)
  /// Hop-by-hop options that are not first, and the place of the number that announces them (RFC
  /// 8200 section 4).
  case reportedHeader(at: Int)
}

/// The fixed header of an IPv6 packet (RFC 8200 section 3).
public struct IPv6Header: BitwiseCopyable, Sendable {
  public var trafficClass: UInt8
  public var flowLabel: UInt32
  /// Bytes behind this header.
  public var payloadByteCount: Int
  /// What follows directly: a protocol or an extension header.
  public var nextHeader: UInt8
  public var hopLimit: UInt8
  public var source: IPv6Address
  public var target: IPv6Address

  public static var byteCount: Int { 40 }

  @inline(__always)
  public init(
    from source: IPv6Address, to target: IPv6Address, nextHeader: UInt8, payloadByteCount: Int,
    hopLimit: UInt8 = 64, trafficClass: UInt8 = 0, flowLabel: UInt32 = 0
  ) {
    self.trafficClass = trafficClass
    self.flowLabel = flowLabel
    self.payloadByteCount = payloadByteCount
    self.nextHeader = nextHeader
    self.hopLimit = hopLimit
    self.source = source
    self.target = target
  }

  /// Parses and checks the header at the front. Bytes behind the packet's own length are padding of
  /// the link. Jumbograms are refused.
  @inline(__always)
  public init(parsing bytes: RawSpan, following: Int = 0) throws(IPv6HeaderError) {
    guard bytes.byteCount >= Self.byteCount else { throw .truncated }
    let first: UInt64 = bytes.bigEndian(at: 0)
    guard first >> 60 == 6 else { throw .badVersion }
    let payloadByteCount = Int(truncatingIfNeeded: (first >> 16) & 0xffff)
    guard payloadByteCount <= bytes.byteCount &- Self.byteCount &+ following else {
      throw .truncated
    }
    let source = IPv6Address(bytes, at: 8)
    let target = IPv6Address(bytes, at: 24)
    guard !source.isMulticast, !source.isMappedIPv4, !target.isMappedIPv4, !target.isAny else {
      throw .badAddress
    }
    trafficClass = UInt8(truncatingIfNeeded: first >> 52)
    flowLabel = UInt32(truncatingIfNeeded: first >> 32) & 0xf_ffff
    self.payloadByteCount = payloadByteCount
    nextHeader = UInt8(truncatingIfNeeded: first >> 8)
    hopLimit = UInt8(truncatingIfNeeded: first)
    self.source = source
    self.target = target
  }

  /// Stores 40 bytes at `offset`. Traps when they do not fit.
  @inline(__always)
  public func store(in bytes: inout MutableRawSpan, at offset: Int = 0) {
    let top = UInt64(6) << 60 | UInt64(trafficClass) << 52 | UInt64(flowLabel & 0xf_ffff) << 32
    let rest =
      UInt64(UInt16(truncatingIfNeeded: payloadByteCount)) << 16 | UInt64(nextHeader) << 8
      | UInt64(hopLimit)
    bytes.storeBigEndian(top | rest, at: offset)
    source.store(in: &bytes, at: offset &+ 8)
    target.store(in: &bytes, at: offset &+ 24)
  }
}
