// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Packets

/// Where a capture's bytes go: a file on the host, or a test.
public protocol CaptureSink: AnyObject {
  func write(_ bytes: RawSpan)
}

/// Writes frames as a pcap file with times in nanoseconds (draft-ietf-opsawg-pcap section 4).
///
/// Frames are copied, with the checksums that a device would have completed. For every frame the
/// sink is called once for its record header and once for each piece.
public final class PacketCapture {
  private let sink: any CaptureSink
  private let snapLength: Int
  private let clockOffset: UInt64
  private let scratch: PacketPool?
  /// How many frames were written.
  public private(set) var count = 0

  /// - Parameters:
  ///   - snapLength: bytes of each frame that are kept at most.
  ///   - clockOffset: nanoseconds since 1970 at `Instant.start`.
  ///   - scratch: a buffer of it is used to complete a checksum in a copy; when it has none of the
  ///     frame's size, the frame is written as it is.
  public init(
    sink: any CaptureSink, snapLength: Int = 262_144, clockOffset: UInt64 = 0,
    scratch: PacketPool? = nil
  ) {
    self.sink = sink
    self.snapLength = max(1, snapLength)
    self.clockOffset = clockOffset
    self.scratch = scratch
    writeFileHeader()
  }

  private func writeFileHeader() {
    var header = InlineArray<24, UInt8>(repeating: 0)
    var elements = header.mutableSpan
    var bytes = MutableRawSpan(_elements: &elements)
    bytes.storeLittleEndian(UInt32(0xa1b2_3c4d), at: 0)
    bytes.storeLittleEndian(UInt16(2), at: 4)
    bytes.storeLittleEndian(UInt16(4), at: 6)
    bytes.storeLittleEndian(UInt32(truncatingIfNeeded: snapLength), at: 16)
    // LINKTYPE_ETHERNET.
    bytes.storeLittleEndian(UInt32(1), at: 20)
    sink.write(bytes.bytes)
  }

  /// Writes a frame that is received, with the pieces behind its first.
  public func record(
    _ packet: borrowing Packet, rest: borrowing PacketQueue = PacketQueue(), now: Instant
  ) {
    let pieces = rest.shareBytes(from: 0, count: rest.byteCount)
    record(Frame(packet.share(), rest: pieces), now: now)
  }

  /// Writes a frame that is sent.
  public func record(_ frame: borrowing Frame, now: Instant) {
    if case .needed = frame.head.offload.checksum, var copy = scratch?.allocate(headroom: 0) {
      // The checksum's position counts from the buffer's start: keep the frame's place in it.
      if copy.append(frame.head.start), copy.removeFirst(frame.head.start), frame.copy(to: &copy) {
        copy.offload = frame.head.offload
        var complete = Frame(copy)
        complete.completeChecksum()
        write(complete, now: now)
        return
      }
    }
    write(frame, now: now)
  }

  private func write(_ frame: borrowing Frame, now: Instant) {
    let length = frame.byteCount
    let kept = min(length, snapLength)
    let time = clockOffset &+ now.nanoseconds
    var header = InlineArray<16, UInt8>(repeating: 0)
    var elements = header.mutableSpan
    var bytes = MutableRawSpan(_elements: &elements)
    bytes.storeLittleEndian(UInt32(truncatingIfNeeded: time / 1_000_000_000), at: 0)
    bytes.storeLittleEndian(UInt32(truncatingIfNeeded: time % 1_000_000_000), at: 4)
    bytes.storeLittleEndian(UInt32(truncatingIfNeeded: kept), at: 8)
    bytes.storeLittleEndian(UInt32(truncatingIfNeeded: length), at: 12)
    sink.write(bytes.bytes)
    var rest = kept
    frame.forEachBytes { piece in
      guard rest > 0 else { return }
      let part = min(rest, piece.byteCount)
      sink.write(piece.extracting(first: part))
      rest -= part
    }
    count += 1
  }
}
