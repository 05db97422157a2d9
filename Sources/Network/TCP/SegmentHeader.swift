// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// The header of a segment (RFC 9293 section 3.1) as plain values. The checksum is not among them:
/// who reads checks it before, who writes fills it in after.
public struct SegmentHeader: BitwiseCopyable, Sendable {
  /// A header without options.
  public static let minimumByteCount = 20
  /// Where the checksum is.
  static let checksumOffset = 16

  public var sourcePort: UInt16
  public var destinationPort: UInt16
  public var sequence: SequenceNumber
  public var acknowledgement: SequenceNumber
  public var flags: SegmentFlags
  /// As on the wire, not scaled.
  public var window: UInt16
  public var urgentPointer: UInt16 = 0
  public var options = SegmentOptions()
  /// What the header took when it was parsed.
  public private(set) var byteCount = 20

  public init(
    from sourcePort: UInt16, to destinationPort: UInt16, sequence: SequenceNumber,
    acknowledgement: SequenceNumber = SequenceNumber(0), flags: SegmentFlags, window: UInt16 = 0
  ) {
    self.sourcePort = sourcePort
    self.destinationPort = destinationPort
    self.sequence = sequence
    self.acknowledgement = acknowledgement
    self.flags = flags
    self.window = window
  }

  /// Reads a header at the beginning of a segment; nil when it is cut short or malformed.
  @inline(__always)
  public init?(parsing bytes: RawSpan) {
    guard bytes.byteCount >= 20 else { return nil }
    let ports: UInt32 = bytes.bigEndian(at: 0)
    sourcePort = UInt16(truncatingIfNeeded: ports >> 16)
    destinationPort = UInt16(truncatingIfNeeded: ports)
    sequence = SequenceNumber(bytes.bigEndian(at: 4))
    acknowledgement = SequenceNumber(bytes.bigEndian(at: 8))
    let word: UInt32 = bytes.bigEndian(at: 12)
    byteCount = Int(word >> 28) &* 4
    flags = SegmentFlags(rawValue: UInt8(truncatingIfNeeded: word >> 16) & 0x3f)
    window = UInt16(truncatingIfNeeded: word)
    urgentPointer = bytes.bigEndian(at: 18)
    guard byteCount >= 20, byteCount <= bytes.byteCount else { return nil }
    if byteCount > 20 {
      guard options.parse(bytes, end: byteCount) else { return nil }
    }
  }

  /// How many bytes `emit` writes.
  public var emittedByteCount: Int { 20 &+ options.byteCount }

  /// Writes the header with a checksum of zero. Traps when it does not fit.
  @_optimize(speed)
  public func emit(into bytes: inout MutableRawSpan) {
    bytes.storeBigEndian(UInt32(sourcePort) << 16 | UInt32(destinationPort), at: 0)
    bytes.storeBigEndian(sequence.rawValue, at: 4)
    bytes.storeBigEndian(acknowledgement.rawValue, at: 8)
    let length = UInt32(truncatingIfNeeded: emittedByteCount >> 2)
    bytes.storeBigEndian(
      length << 28 | UInt32(flags.rawValue) << 16 | UInt32(window), at: 12)
    bytes.storeBigEndian(UInt32(urgentPointer), at: 16)
    options.emit(into: &bytes)
  }

  /// How many sequence numbers the segment takes with `payload` bytes of data.
  @inline(__always)
  func sequenceLength(payload: Int) -> Int {
    payload &+ (flags.contains(.synchronize) ? 1 : 0) &+ (flags.contains(.finish) ? 1 : 0)
  }
}
