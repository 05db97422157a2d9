// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Packets

/// What stands before each packet on the queues: `struct virtio_net_hdr`, virtio 1.2 section
/// 5.1.6, little-endian.
struct NetHeader: Equatable, BitwiseCopyable {
  var flags: UInt8 = 0
  var segmentation: UInt8 = 0
  var headerByteCount: UInt16 = 0
  var segmentSize: UInt16 = 0
  var checksumStart: UInt16 = 0
  var checksumOffset: UInt16 = 0
  /// How many receive buffers the packet fills; 0 when sent.
  var bufferCount: UInt16 = 0

  @inline(__always) static var byteCount: Int { 12 }

  /// `VIRTIO_NET_HDR_F_NEEDS_CSUM`
  @inline(__always) static var needsChecksum: UInt8 { 1 }
  /// `VIRTIO_NET_HDR_F_DATA_VALID`
  @inline(__always) static var dataIsValid: UInt8 { 2 }
  /// `VIRTIO_NET_HDR_GSO_NONE`
  @inline(__always) static var noSegmentation: UInt8 { 0 }
  /// `VIRTIO_NET_HDR_GSO_TCPV4`
  @inline(__always) static var tcp4: UInt8 { 1 }
  /// `VIRTIO_NET_HDR_GSO_TCPV6`
  @inline(__always) static var tcp6: UInt8 { 4 }
  /// `VIRTIO_NET_HDR_GSO_ECN`, a bit beside the kind; not negotiated.
  @inline(__always) static var congestionBit: UInt8 { 0x80 }

  @inline(__always)
  init() {}

  /// Reads the header at `offset`; traps when it is not all there.
  @inline(__always)
  init(parsing bytes: RawSpan, at offset: Int) {
    let first = bytes.littleEndian(at: offset, as: UInt64.self)
    let second = bytes.littleEndian(at: offset &+ 8, as: UInt32.self)
    flags = UInt8(truncatingIfNeeded: first)
    segmentation = UInt8(truncatingIfNeeded: first >> 8)
    headerByteCount = UInt16(truncatingIfNeeded: first >> 16)
    segmentSize = UInt16(truncatingIfNeeded: first >> 32)
    checksumStart = UInt16(truncatingIfNeeded: first >> 48)
    checksumOffset = UInt16(truncatingIfNeeded: second)
    bufferCount = UInt16(truncatingIfNeeded: second >> 16)
  }

  /// Writes the header at the front of `bytes`; traps when it does not fit.
  @inline(__always)
  func emit(into bytes: inout MutableRawSpan) {
    bytes.storeLittleEndian(
      UInt64(flags) | UInt64(segmentation) << 8 | UInt64(headerByteCount) << 16
        | UInt64(segmentSize) << 32 | UInt64(checksumStart) << 48, at: 0)
    bytes.storeLittleEndian(UInt32(checksumOffset) | UInt32(bufferCount) << 16, at: 8)
  }

  /// What the device shall do for a packet that starts at `start` of its buffer and has
  /// `byteCount` bytes in its first piece. Nil when the positions are not inside.
  @inline(__always)
  init?(sending offload: PacketOffload, start: Int, byteCount: Int) {
    guard case .needed(let checksum, let offset) = offload.checksum else {
      // Segments need checksums of their own.
      if offload.segmentation != .none { return nil }
      return
    }
    let position = Int(checksum) &- start
    guard position >= 0, position &+ Int(offset) &+ 2 <= byteCount else { return nil }
    flags = Self.needsChecksum
    checksumStart = UInt16(truncatingIfNeeded: position)
    checksumOffset = offset
    if offload.segmentation == .none { return }
    let headers = Int(offload.headerEnd) &- start
    guard headers > position, headers <= byteCount, offload.segmentSize > 0 else { return nil }
    segmentation = offload.segmentation == .tcp4 ? Self.tcp4 : Self.tcp6
    headerByteCount = UInt16(truncatingIfNeeded: headers)
    segmentSize = offload.segmentSize
  }

  /// What the device says of a packet that it received, whose first piece starts at `start` of its
  /// buffer and has `byteCount` bytes. Nil when it cannot be.
  @inline(__always)
  func received(start: Int, byteCount: Int) -> PacketOffload? {
    var offload = PacketOffload()
    if flags & Self.needsChecksum != 0 {
      guard Int(checksumStart) &+ Int(checksumOffset) &+ 2 <= byteCount else { return nil }
      offload.checksum = .needed(
        start: UInt16(truncatingIfNeeded: start &+ Int(checksumStart)), offset: checksumOffset)
    } else if flags & Self.dataIsValid != 0 {
      offload.checksum = .verified
    }
    switch segmentation {
    case Self.noSegmentation: return offload
    case Self.tcp4: offload.segmentation = .tcp4
    case Self.tcp6: offload.segmentation = .tcp6
    default: return nil
    }
    // The header's length is a hint of the device; who reads the headers knows it.
    guard segmentSize > 0 else { return nil }
    offload.segmentSize = segmentSize
    return offload
  }
}
