// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes
import Packets

/// Why a packet is not taken.
public enum IPv4HeaderError: Error, Equatable, Sendable {
  /// Shorter than its header, or than it says it is.
  case truncated
  case badVersion
  case badHeaderLength
  case badTotalLength
  case badChecksum
  /// A source that no packet may have: a group, the broadcast address.
  case badSource
}

/// The header of an IPv4 packet (RFC 791 section 3.1).
public struct IPv4Header: BitwiseCopyable, Sendable {
  /// 20 to 60 bytes.
  public var headerByteCount: Int
  public var trafficClass: UInt8
  /// Header and payload, in bytes.
  public var totalByteCount: Int
  public var identification: UInt16
  /// Flags and offset as they stand in the header.
  public var fragment: UInt16
  public var hopLimit: UInt8
  public var number: UInt8
  public var source: IPv4Address
  public var target: IPv4Address

  /// The size of a header without options.
  public static var minimumByteCount: Int { 20 }
  public static var dontFragment: UInt16 { 0x4000 }
  public static var moreFragments: UInt16 { 0x2000 }

  @inline(__always)
  public init(
    from source: IPv4Address, to target: IPv4Address, protocol number: UInt8,
    totalByteCount: Int, hopLimit: UInt8 = 64, trafficClass: UInt8 = 0, identification: UInt16 = 0,
    fragment: UInt16 = dontFragment
  ) {
    headerByteCount = Self.minimumByteCount
    self.trafficClass = trafficClass
    self.totalByteCount = totalByteCount
    self.identification = identification
    self.fragment = fragment
    self.hopLimit = hopLimit
    self.number = number
    self.source = source
    self.target = target
  }

  /// Parses and checks the header of the packet that begins at `offset`. Bytes behind the packet's
  /// own length are padding of the link.
  @inline(__always)
  public init(
    parsing bytes: RawSpan, at offset: Int = 0, following: Int = 0,
    checksumIsVerified: Bool = false
  ) throws(IPv4HeaderError) {
    guard bytes.byteCount &- offset >= Self.minimumByteCount else { throw .truncated }
    let first: UInt64 = bytes.bigEndian(at: offset)
    let second: UInt64 = bytes.bigEndian(at: offset &+ 8)
    let version = UInt8(truncatingIfNeeded: first >> 56)
    guard version >> 4 == 4 else { throw .badVersion }
    let headerByteCount = Int(version & 15) &* 4
    guard headerByteCount >= Self.minimumByteCount else { throw .badHeaderLength }
    let totalByteCount = Int(truncatingIfNeeded: (first >> 32) & 0xffff)
    guard totalByteCount >= headerByteCount else { throw .badTotalLength }
    // The header is in the first piece, whatever follows it.
    guard headerByteCount <= bytes.byteCount &- offset,
      totalByteCount <= bytes.byteCount &- offset &+ following
    else { throw .truncated }
    let targetBits: UInt32 = bytes.bigEndian(at: offset &+ 16)
    if !checksumIsVerified {
      if headerByteCount == Self.minimumByteCount {
        guard Self.sum(first, second, targetBits) == 0xffff else { throw .badChecksum }
      } else {
        let header = bytes.extracting(offset..<offset &+ headerByteCount)
        guard InternetChecksum.of(header) == 0 else { throw .badChecksum }
      }
    }
    let source = IPv4Address(UInt32(truncatingIfNeeded: second))
    guard !source.isMulticast, source != .broadcast else { throw .badSource }
    self.headerByteCount = headerByteCount
    trafficClass = UInt8(truncatingIfNeeded: first >> 48)
    self.totalByteCount = totalByteCount
    identification = UInt16(truncatingIfNeeded: first >> 16)
    fragment = UInt16(truncatingIfNeeded: first)
    hopLimit = UInt8(truncatingIfNeeded: second >> 56)
    number = UInt8(truncatingIfNeeded: second >> 48)
    self.source = source
    target = IPv4Address(targetBits)
  }

  /// The ones' complement sum of a header without options.
  @inline(__always)
  private static func sum(_ first: UInt64, _ second: UInt64, _ third: UInt32) -> UInt16 {
    var sum = (first >> 32) &+ (first & 0xffff_ffff)
    sum &+= (second >> 32) &+ (second & 0xffff_ffff)
    sum &+= UInt64(third)
    sum = (sum >> 32) &+ (sum & 0xffff_ffff)
    sum = (sum >> 16) &+ (sum & 0xffff)
    sum = (sum >> 16) &+ (sum & 0xffff)
    sum = (sum >> 16) &+ (sum & 0xffff)
    return UInt16(truncatingIfNeeded: sum)
  }

  /// Whether it is a piece of a larger datagram.
  @inline(__always)
  public var isFragment: Bool { fragment & 0x3fff != 0 }
  /// Where its payload belongs in the datagram, in bytes.
  public var fragmentOffset: Int { Int(fragment & 0x1fff) * 8 }
  public var hasMoreFragments: Bool { fragment & Self.moreFragments != 0 }
  public var payloadByteCount: Int { totalByteCount &- headerByteCount }

  /// Stores a header of 20 bytes, with its checksum, at `offset`. Traps when it does not fit.
  @inline(__always)
  public func store(in bytes: inout MutableRawSpan, at offset: Int = 0) {
    let first =
      UInt64(0x45) << 56 | UInt64(trafficClass) << 48
      | UInt64(UInt16(truncatingIfNeeded: totalByteCount)) << 32
      | UInt64(identification) << 16 | UInt64(fragment)
    var second = UInt64(hopLimit) << 56 | UInt64(number) << 48 | UInt64(source.rawValue)
    second |= UInt64(~Self.sum(first, second, target.rawValue)) << 32
    bytes.storeBigEndian(first, at: offset)
    bytes.storeBigEndian(second, at: offset &+ 8)
    bytes.storeBigEndian(target.rawValue, at: offset &+ 16)
  }
}

/// The options of a header, which are looked at only to be refused or passed over.
public enum IPv4Options {
  /// Whether the options are well formed and ask for no source route: such packets are dropped
  /// (RFC 7126 sections 4.3 and 4.4; Linux with accept_source_route = 0).
  public static func areAcceptable(_ header: RawSpan) -> Bool {
    var offset = IPv4Header.minimumByteCount
    while offset < header.byteCount {
      switch header.byte(at: offset) {
      case 0: return true
      case 1: offset += 1
      case 131, 137: return false
      default:
        guard offset + 1 < header.byteCount else { return false }
        let size = Int(header.byte(at: offset + 1))
        guard size >= 2, offset + size <= header.byteCount else { return false }
        offset += size
      }
    }
    return true
  }
}
