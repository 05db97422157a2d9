// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes
import Packets

/// The headers of a plain request: Ethernet, IPv4 without options, UDP.
struct RequestHeader: BitwiseCopyable {
  static var byteCount: Int { 42 }

  /// Of the frame: to whom and from whom.
  let station: MACAddress
  let neighbor: MACAddress
  let source: IPv4Address
  let target: IPv4Address
  let sourcePort: UInt16
  let targetPort: UInt16
  /// Where the payload ends in the frame.
  let end: Int

  /// Reads the headers of a frame; nil when they are not plain, not to `port`, or wrong. Who the
  /// addresses are is not looked at, nor the sum over the payload.
  @inline(__always)
  init?(parsing frame: RawSpan, port: UInt16) {
    guard frame.byteCount >= Self.byteCount,
      // EtherType IPv4, version 4, a header of five words.
      frame.bigEndian(at: 12, as: UInt32.self) >> 8 == 0x080045,
      frame.bigEndian(at: 36, as: UInt16.self) == port, frame.byte(at: 23) == 17,
      // Neither an offset nor more fragments.
      frame.bigEndian(at: 20, as: UInt16.self) & 0x3fff == 0
    else { return nil }
    let total = Int(frame.bigEndian(at: 16, as: UInt16.self))
    let length = Int(frame.bigEndian(at: 38, as: UInt16.self))
    guard length >= 8, length &+ 20 <= total, total &+ 14 <= frame.byteCount,
      Self.headerIsRight(frame)
    else { return nil }
    station = MACAddress(frame, at: 0)
    neighbor = MACAddress(frame, at: 6)
    source = IPv4Address(frame, at: 26)
    target = IPv4Address(frame, at: 30)
    sourcePort = frame.bigEndian(at: 34)
    targetPort = port
    end = 34 &+ length
    guard sourcePort != 0, !neighbor.isMulticast else { return nil }
  }

  /// Whether the sum over the IPv4 header is right (RFC 791 section 3.1).
  @inline(__always)
  private static func headerIsRight(_ frame: RawSpan) -> Bool {
    var sum = UInt64(frame.littleEndian(at: 14, as: UInt32.self))
    sum &+= UInt64(frame.littleEndian(at: 18, as: UInt32.self))
    sum &+= UInt64(frame.littleEndian(at: 22, as: UInt32.self))
    sum &+= UInt64(frame.littleEndian(at: 26, as: UInt32.self))
    sum &+= UInt64(frame.littleEndian(at: 30, as: UInt32.self))
    return fold(sum) == 0xffff
  }

  /// Whether the sum over the datagram is right; one that was not made is.
  func datagramIsRight(_ frame: RawSpan) -> Bool {
    if frame.bigEndian(at: 40, as: UInt16.self) == 0 { return true }
    var sum = InternetChecksum(
      from: IPAddress(source), to: IPAddress(target), protocol: 17, byteCount: end &- 34)
    sum.add(frame.extracting(34..<end))
    return sum.isRight
  }

  @inline(__always)
  private static func fold(_ sum: UInt64) -> UInt16 {
    var sum = (sum & 0xffff_ffff) &+ (sum >> 32)
    sum = (sum & 0xffff) &+ (sum >> 16)
    sum = (sum & 0xffff) &+ (sum >> 16)
    return UInt16(truncatingIfNeeded: (sum & 0xffff) &+ (sum >> 16))
  }

  /// Writes the IPv4 and UDP headers of a reply in front of its payload, with the sum of the pseudo
  /// header in the place of the datagram's.
  @inline(__always)
  func writeReply(in bytes: inout MutableRawSpan) {
    let total = UInt64(truncatingIfNeeded: bytes.byteCount)
    let length = total &- 20
    // Version and length, no identification: it must not be cut (RFC 6864 section 4.1).
    bytes.storeBigEndian(0x4500_0000_0000_4000 | total << 32, at: 0)
    let addresses = UInt64(target.rawValue) << 32 | UInt64(source.rawValue)
    let addressSum = (addresses >> 32) &+ (addresses & 0xffff_ffff)
    let check = ~Self.fold(0x4500 &+ total &+ 0x4000 &+ 0x4011 &+ addressSum)
    bytes.storeBigEndian(UInt32(0x4011_0000) | UInt32(check), at: 8)
    bytes.storeBigEndian(addresses, at: 12)
    let pseudo = Self.fold(17 &+ length &+ addressSum)
    bytes.storeBigEndian(
      UInt64(targetPort) << 48 | UInt64(sourcePort) << 32 | length << 16 | UInt64(pseudo), at: 20)
  }
}
