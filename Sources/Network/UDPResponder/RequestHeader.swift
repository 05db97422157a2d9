// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes
import Packets

/// The headers of a plain request: Ethernet, IPv4 without options, UDP.
///
/// What the reply gets back is kept as it lies in the frame. Sums are made in that order as well
/// (RFC 1071 section 2 (B)): their bytes are swapped, as those of the words are.
struct RequestHeader: BitwiseCopyable {
  @inline(__always) static var byteCount: Int { 42 }

  /// To whom the frame came, and from whom: six bytes each, in the lower places.
  let station: UInt64
  let neighbor: UInt64
  /// Source and target.
  let addresses: UInt64
  /// Source and target.
  let ports: UInt32
  /// Where the payload ends in the frame.
  let end: Int

  /// Reads the headers of a frame; nil when they are not plain, not to `port`, or wrong. Who the
  /// addresses are is not looked at, nor the sum over the payload.
  @inline(__always)
  init?(parsing frame: RawSpan, port: UInt16) {
    guard frame.byteCount >= Self.byteCount,
      // EtherType IPv4, version 4, a header of five words.
      frame.littleEndian(at: 12, as: UInt32.self) & 0xff_ffff == 0x45_0008,
      frame.byte(at: 23) == 17,
      // Neither an offset nor more fragments.
      frame.bigEndian(at: 20, as: UInt16.self) & 0x3fff == 0
    else { return nil }
    ports = frame.littleEndian(at: 34)
    guard UInt16(truncatingIfNeeded: ports >> 16).bigEndian == port, ports & 0xffff != 0 else {
      return nil
    }
    let total = Int(frame.bigEndian(at: 16, as: UInt16.self))
    let length = Int(frame.bigEndian(at: 38, as: UInt16.self))
    addresses = frame.littleEndian(at: 26)
    guard length >= 8, length &+ 20 <= total, total &+ 14 <= frame.byteCount else { return nil }
    // The sum over the IPv4 header (RFC 791 section 3.1).
    var sum = Self.sum(of: addresses)
    sum &+= Self.sum(of: frame.littleEndian(at: 14))
    sum &+= UInt64(frame.littleEndian(at: 22, as: UInt32.self))
    guard Self.fold(sum) == 0xffff else { return nil }
    station = frame.littleEndian(at: 0, as: UInt64.self) & 0xffff_ffff_ffff
    neighbor = frame.littleEndian(at: 6, as: UInt64.self) & 0xffff_ffff_ffff
    end = 34 &+ length
    // A group sends nothing.
    guard neighbor & 1 == 0 else { return nil }
  }

  var source: IPv4Address {
    @inline(__always) get { IPv4Address(UInt32(truncatingIfNeeded: addresses).bigEndian) }
  }
  var target: IPv4Address {
    @inline(__always) get { IPv4Address(UInt32(truncatingIfNeeded: addresses >> 32).bigEndian) }
  }

  /// Whether the sum over the datagram is right; one that was not made is.
  func datagramIsRight(_ frame: RawSpan) -> Bool {
    if frame.bigEndian(at: 40, as: UInt16.self) == 0 { return true }
    var sum = InternetChecksum(
      from: IPAddress(source), to: IPAddress(target), protocol: 17, byteCount: end &- 34)
    sum.add(frame.extracting(34..<end))
    return sum.isRight
  }

  /// A station's address as it lies in a frame, in the lower places.
  static func inFrame(_ station: MACAddress) -> UInt64 {
    (station.rawValue << 16).byteSwapped
  }

  @inline(__always)
  private static func sum(of words: UInt64) -> UInt64 {
    (words & 0xffff_ffff) &+ (words >> 32)
  }

  @inline(__always)
  private static func fold(_ sum: UInt64) -> UInt16 {
    var sum = (sum & 0xffff_ffff) &+ (sum >> 32)
    sum = (sum & 0xffff) &+ (sum >> 16)
    sum = (sum & 0xffff) &+ (sum >> 16)
    return UInt16(truncatingIfNeeded: (sum & 0xffff) &+ (sum >> 16))
  }

  /// Writes the headers of a reply in front of its payload, with the sum of the pseudo header in the
  /// place of the datagram's.
  @inline(__always)
  func writeReply(in bytes: inout MutableRawSpan) {
    let total = UInt16(truncatingIfNeeded: bytes.byteCount &- 14)
    let (totalWord, lengthWord) = (UInt64(total.bigEndian), UInt64((total &- 20).bigEndian))
    let addressSum = Self.sum(of: addresses)
    let check = ~Self.fold(addressSum &+ totalWord &+ 0x45 &+ 0x40 &+ 0x1140)
    let pseudo = Self.fold(addressSum &+ lengthWord &+ 0x1100)
    bytes.storeLittleEndian(neighbor | station << 48, at: 0)
    // EtherType, version and length of the next header.
    bytes.storeLittleEndian(station >> 16 | 0x0045_0008 << 32, at: 8)
    // No identification: it must not be cut (RFC 6864 section 4.1). 64 hops, UDP.
    bytes.storeLittleEndian(totalWord | 0x1140_0040_0000_0000, at: 16)
    bytes.storeLittleEndian(check, at: 24)
    bytes.storeLittleEndian(addresses << 32 | addresses >> 32, at: 26)
    bytes.storeLittleEndian(
      UInt64(ports << 16 | ports >> 16) | lengthWord << 32 | UInt64(pseudo) << 48, at: 34)
  }
}
