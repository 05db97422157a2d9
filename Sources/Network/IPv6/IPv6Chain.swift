// SPDX-License-Identifier: BSD-3-Clause

import Bytes

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
  /// Where that number stands, from the front of the packet.
  public let numberPlace: Int
  /// Where the transport begins, from the front of the packet.
  public let offset: Int
  public let fragment: Fragment?

  public static var noNext: UInt8 { 59 }
  private static var hopByHop: UInt8 { 0 }
  private static var routing: UInt8 { 43 }
  static var fragmentHeader: UInt8 { 44 }
  private static var authentication: UInt8 { 51 }
  private static var targetOptions: UInt8 { 60 }
  /// More headers than this are an attack (RFC 9288 section 3.5).
  private static var headerLimit: Int { 8 }

  /// Follows the headers from `offset` on. At a fragment header it stops.
  public init(
    parsing bytes: RawSpan, first: UInt8, at start: Int = IPv6Header.byteCount
  ) throws(IPv6HeaderError) {
    var number = first
    var place = 6
    var offset = start
    for count in 0..<Self.headerLimit {
      switch number {
      case Self.hopByHop, Self.targetOptions, Self.routing:
        guard number != Self.hopByHop || count == 0 && start == IPv6Header.byteCount else {
          throw .reportedHeader(at: place)
        }
        let size = try Self.size(bytes, at: offset)
        if number == Self.routing {
          // With segments left the packet is not for us, and we forward none (RFC 5095).
          guard bytes.byte(at: offset + 3) == 0 else { throw .reportedRouting(at: offset + 2) }
        } else {
          try Self.checkOptions(bytes, from: offset + 2, to: offset + size)
        }
        number = bytes.byte(at: offset)
        place = offset
        offset += size
      case Self.fragmentHeader:
        guard offset + 8 <= bytes.byteCount else { throw .badExtension }
        let position: UInt16 = bytes.bigEndian(at: offset + 2)
        self.number = bytes.byte(at: offset)
        numberPlace = offset
        self.offset = offset + 8
        fragment = Fragment(
          identification: bytes.bigEndian(at: offset + 4), offset: Int(position & 0xfff8),
          hasMore: position & 1 != 0)
        return
      case Self.authentication:
        throw .badExtension
      default:
        self.number = number
        numberPlace = place
        self.offset = offset
        fragment = nil
        return
      }
    }
    throw .badExtension
  }

  /// The size of the header at `offset`, which is all there.
  private static func size(_ bytes: RawSpan, at offset: Int) throws(IPv6HeaderError) -> Int {
    guard offset + 8 <= bytes.byteCount else { throw .badExtension }
    let size = (Int(bytes.byte(at: offset + 1)) + 1) * 8
    guard offset + size <= bytes.byteCount else { throw .badExtension }
    return size
  }

  /// RFC 8200 section 4.2: the two highest bits of an unknown option say what to do.
  private static func checkOptions(
    _ bytes: RawSpan, from start: Int, to end: Int
  ) throws(IPv6HeaderError) {
    var offset = start
    while offset < end {
      let type = bytes.byte(at: offset)
      if type == 0 {
        offset += 1
        continue
      }
      guard offset + 1 < end else { throw .badExtension }
      let size = 2 + Int(bytes.byte(at: offset + 1))
      guard offset + size <= end else { throw .badExtension }
      switch type >> 6 {
      // Padding and router alert are among these.
      case 0: offset += size
      case 1: throw .unknownOption
      case 2: throw .reportedOption(at: offset, toGroups: true)
      default: throw .reportedOption(at: offset, toGroups: false)
      }
    }
  }

  /// Whether the packet's transport, as far as it can be found, is an error of ICMPv6 or unknown:
  /// no error may be sent about it (RFC 4443 section 2.4 (e.1)).
  ///
  /// - Parameter bytes: a packet of which nothing was checked but its fixed header.
  public static func mayBeError(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount >= IPv6Header.byteCount else { return true }
    var number = bytes.byte(at: 6)
    var offset = IPv6Header.byteCount
    for _ in 0..<headerLimit {
      switch number {
      case hopByHop, targetOptions, routing:
        guard let size = try? size(bytes, at: offset) else { return true }
        number = bytes.byte(at: offset)
        offset += size
      case fragmentHeader:
        guard offset + 8 <= bytes.byteCount,
          bytes.bigEndian(at: offset + 2, as: UInt16.self) & 0xfff8 == 0
        else { return true }
        number = bytes.byte(at: offset)
        offset += 8
      // Types below 128 are errors, 137 is a redirect.
      case 58:
        guard offset < bytes.byteCount else { return true }
        let type = bytes.byte(at: offset)
        return type < 128 || type == 137
      default: return false
      }
    }
    return true
  }
}
