// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes

/// The checksum of IP, ICMP, UDP and TCP (RFC 1071): the complement of the ones' complement sum of
/// 16-bit words.
///
/// Bytes may come in pieces of any length. Works in memory order (RFC 1071 section 2 (B)) and swaps
/// once at the end.
public struct InternetChecksum: BitwiseCopyable {
  /// The sum so far in memory order, not folded.
  private var sum: UInt64 = 0
  private var isOdd = false

  @inline(__always)
  public init() {}

  /// Begins with the pseudo header of IPv4 (RFC 793 section 3.1) or IPv6 (RFC 8200 section 8.1).
  @inline(__always)
  public init(from source: IPAddress, to target: IPAddress, protocol number: UInt8, byteCount: Int)
  {
    if source.isIPv4 {
      // Only the addresses: the prefix of a mapped one is no part of the packet.
      add(wide: source.mapped.low & 0xffff_ffff)
      add(wide: target.mapped.low & 0xffff_ffff)
    } else {
      add(wide: source.mapped.high)
      add(wide: source.mapped.low)
      add(wide: target.mapped.high)
      add(wide: target.mapped.low)
    }
    add(wide: UInt64(byteCount))
    add(wide: UInt64(number))
  }

  /// Adds a number of whole 16-bit words in host order; allowed after an even number of bytes.
  @inline(__always)
  private mutating func add(wide value: UInt64) {
    let swapped = value.byteSwapped
    sum &+= (swapped & 0xffff_ffff) &+ (swapped >> 32)
  }

  /// Adds bytes.
  @inline(__always)
  public mutating func add(_ bytes: RawSpan) {
    let part = bytes.onesComplementSum()
    sum &+= UInt64(isOdd ? part.byteSwapped : part)
    if bytes.byteCount & 1 != 0 { isOdd.toggle() }
  }

  /// Adds the bytes of all pieces of a frame, but the first `skipped` of its head.
  public mutating func add(_ frame: borrowing Frame, skippingFirst skipped: Int = 0) {
    frame.head.withBytes { add($0.extracting(droppingFirst: min(skipped, $0.byteCount))) }
    frame.rest.forEachBytes { add($0) }
  }

  /// The sum as a number of 16 bits, not complemented: what a device that completes a checksum
  /// wants to find in the field.
  @inline(__always)
  public var partial: UInt16 {
    var folded = (sum & 0xffff_ffff) &+ (sum >> 32)
    folded = (folded & 0xffff) &+ (folded >> 16)
    folded = (folded & 0xffff) &+ (folded >> 16)
    folded = (folded & 0xffff) &+ (folded >> 16)
    return UInt16(truncatingIfNeeded: folded).byteSwapped
  }

  /// The checksum to send. Over bytes that hold a right checksum it is 0.
  @inline(__always)
  public var value: UInt16 { ~partial }

  /// Whether the bytes, the checksum among them, are as they were sent.
  @inline(__always)
  public var isRight: Bool { partial == 0xffff }

  /// The checksum after a 16-bit word of the packet has changed (RFC 1624 equation 3).
  public static func updated(_ checksum: UInt16, from old: UInt16, to new: UInt16) -> UInt16 {
    var sum = UInt32(~checksum) + UInt32(~old) + UInt32(new)
    sum = (sum & 0xffff) + (sum >> 16)
    sum = (sum & 0xffff) + (sum >> 16)
    return ~UInt16(truncatingIfNeeded: sum)
  }

  /// The checksum of bytes in one piece.
  public static func of(_ bytes: RawSpan) -> UInt16 {
    var checksum = Self()
    checksum.add(bytes)
    return checksum.value
  }
}
