// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes

/// Why a packet is not taken.
public enum IPv6HeaderError: Error, Equatable, Sendable {
  case truncated
  case badVersion
  /// A source that no packet may have, or an address of version 4 in disguise.
  case badAddress
  /// An extension header that is malformed, out of place or refused.
  case badExtension
  /// An option that the receiver must know to take the packet (RFC 8200 section 4.2).
  case unknownOption
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

/// Where a packet's transport begins, behind its extension headers (RFC 8200 section 4).
public struct IPv6Chain: BitwiseCopyable, Sendable {
  /// A fragment header (RFC 8200 section 4.5).
  public struct Fragment: BitwiseCopyable, Sendable {
    public var identification: UInt32
    /// Where the payload belongs, in bytes.
    public var offset: Int
    public var hasMore: Bool
    /// Both of nothing before and nothing behind: a whole packet (RFC 6946).
    public var isAtomic: Bool { offset == 0 && !hasMore }
  }

  /// The transport's number; of a fragment, what its payload begins with.
  public let number: UInt8
  /// Where it begins, from the front of the packet.
  public let offset: Int
  public let fragment: Fragment?

  public static var noNext: UInt8 { 59 }
  private static var hopByHop: UInt8 { 0 }
  private static var routing: UInt8 { 43 }
  private static var fragmentHeader: UInt8 { 44 }
  private static var authentication: UInt8 { 51 }
  private static var targetOptions: UInt8 { 60 }
  /// More headers than this are an attack (RFC 9288 section 3.5).
  private static var headerLimit: Int { 8 }

  /// Follows the headers from `offset` on. At a fragment header it stops.
  public init(
    parsing bytes: RawSpan, first: UInt8, at start: Int = IPv6Header.byteCount
  ) throws(IPv6HeaderError) {
    var number = first
    var offset = start
    var count = 0
    while true {
      let isFirst = count == 0 && start == IPv6Header.byteCount
      count += 1
      guard count <= Self.headerLimit else { throw .badExtension }
      switch number {
      case Self.hopByHop, Self.targetOptions, Self.routing:
        guard number != Self.hopByHop || isFirst else { throw .badExtension }
        guard offset + 8 <= bytes.byteCount else { throw .badExtension }
        let size = (Int(bytes.byte(at: offset + 1)) + 1) * 8
        guard offset + size <= bytes.byteCount else { throw .badExtension }
        if number == Self.routing {
          // No segments left, or the packet is not for us to forward (RFC 5095, RFC 8200 4.4).
          guard bytes.byte(at: offset + 3) == 0 else { throw .badExtension }
        } else {
          try Self.checkOptions(bytes.extracting(offset + 2..<offset + size))
        }
        number = bytes.byte(at: offset)
        offset += size
      case Self.fragmentHeader:
        guard offset + 8 <= bytes.byteCount else { throw .badExtension }
        let place: UInt16 = bytes.bigEndian(at: offset + 2)
        self.number = bytes.byte(at: offset)
        self.offset = offset + 8
        fragment = Fragment(
          identification: bytes.bigEndian(at: offset + 4), offset: Int(place & 0xfff8),
          hasMore: place & 1 != 0)
        return
      case Self.authentication:
        throw .badExtension
      default:
        self.number = number
        self.offset = offset
        fragment = nil
        return
      }
    }
  }

  /// RFC 8200 section 4.2: the two highest bits of an unknown option say what to do.
  private static func checkOptions(_ bytes: RawSpan) throws(IPv6HeaderError) {
    var offset = 0
    while offset < bytes.byteCount {
      let type = bytes.byte(at: offset)
      if type == 0 {
        offset += 1
        continue
      }
      guard offset + 1 < bytes.byteCount else { throw .badExtension }
      let size = 2 + Int(bytes.byte(at: offset + 1))
      guard offset + size <= bytes.byteCount else { throw .badExtension }
      // PadN and router alert, and what may be skipped.
      guard type == 1 || type == 5 || type >> 6 == 0 else { throw .unknownOption }
      offset += size
    }
  }
}
