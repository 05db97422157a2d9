// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// The options of a segment that this TCP knows (RFC 9293 section 3.2, RFC 2018, RFC 7323).
public struct SegmentOptions: BitwiseCopyable, Sendable {
  /// The option's number on the wire.
  enum Kind {
    static let end: UInt8 = 0
    static let padding: UInt8 = 1
    static let maximumSegmentSize: UInt8 = 2
    static let windowScale: UInt8 = 3
    static let selectivePermitted: UInt8 = 4
    static let selective: UInt8 = 5
    static let timestamps: UInt8 = 8
  }

  /// The largest segment that the sender takes, or 0 without the option.
  public var maximumSegmentSize: UInt16 = 0
  /// The sender's shift count, at most 14 (RFC 7323 section 2.3); nil without the option.
  public var windowScale: UInt8?
  /// Whether the sender takes SACK options.
  public var allowsSelective = false
  /// Whether `timestamp` and `timestampEcho` are there.
  public var hasTimestamps = false
  /// TSval.
  public var timestamp: UInt32 = 0
  /// TSecr.
  public var timestampEcho: UInt32 = 0
  public var selective = SelectiveAcknowledgement()

  @inline(__always)
  public init() {}

  /// What the options take in a header, with padding to whole words.
  public var byteCount: Int {
    var count = 0
    if maximumSegmentSize != 0 { count &+= 4 }
    if windowScale != nil { count &+= 4 }
    if hasTimestamps {
      count &+= 12
    } else if allowsSelective {
      count &+= 4
    }
    if !selective.isEmpty { count &+= 4 &+ selective.count &* 8 }
    return count
  }

  /// Reads the options in `bytes` from offset 20 up to `end`. False when they are malformed: a
  /// length that is too short, reaches beyond the header or does not fit the kind.
  mutating func parse(_ bytes: RawSpan, end: Int) -> Bool {
    var offset = 20
    // The form that nearly every segment has (RFC 7323 appendix A).
    if end == 32, bytes.bigEndian(at: 20, as: UInt32.self) == 0x0101_080a {
      takeTimestamps(bytes, at: 24)
      return true
    }
    while offset < end {
      let kind = bytes.byte(at: offset)
      if kind == Kind.end { return true }
      if kind == Kind.padding {
        offset &+= 1
        continue
      }
      guard offset &+ 1 < end else { return false }
      let length = Int(bytes.byte(at: offset &+ 1))
      guard length >= 2, length <= end &- offset else { return false }
      guard take(kind, length: length, bytes, at: offset &+ 2) else { return false }
      offset &+= length
    }
    return true
  }

  private mutating func take(_ kind: UInt8, length: Int, _ bytes: RawSpan, at offset: Int) -> Bool {
    switch kind {
    case Kind.maximumSegmentSize:
      guard length == 4 else { return false }
      maximumSegmentSize = bytes.bigEndian(at: offset)
    case Kind.windowScale:
      guard length == 3 else { return false }
      windowScale = min(14, bytes.byte(at: offset))
    case Kind.selectivePermitted:
      guard length == 2 else { return false }
      allowsSelective = true
    case Kind.selective:
      guard length >= 10, (length &- 2) & 7 == 0 else { return false }
      var position = offset
      while position < offset &+ length &- 2 {
        selective.append(
          SequenceRange(
            SequenceNumber(bytes.bigEndian(at: position)),
            SequenceNumber(bytes.bigEndian(at: position &+ 4))))
        position &+= 8
      }
    case Kind.timestamps:
      guard length == 10 else { return false }
      takeTimestamps(bytes, at: offset)
    default: break  // Skipped (RFC 9293 MUST-6).
    }
    return true
  }

  @inline(__always)
  private mutating func takeTimestamps(_ bytes: RawSpan, at offset: Int) {
    hasTimestamps = true
    timestamp = bytes.bigEndian(at: offset)
    timestampEcho = bytes.bigEndian(at: offset &+ 4)
  }

  /// Writes `byteCount` bytes from offset 20 on. Traps when they do not fit.
  @_optimize(speed)
  func emit(into bytes: inout MutableRawSpan) {
    var offset = 20
    if maximumSegmentSize != 0 {
      bytes.storeBigEndian(0x0204_0000 | UInt32(maximumSegmentSize), at: offset)
      offset &+= 4
    }
    if let windowScale {
      bytes.storeBigEndian(0x0103_0300 | UInt32(windowScale), at: offset)
      offset &+= 4
    }
    if hasTimestamps {
      // SACK-permitted takes the place of the padding.
      bytes.storeBigEndian(allowsSelective ? 0x0402_080a : 0x0101_080a as UInt32, at: offset)
      bytes.storeBigEndian(timestamp, at: offset &+ 4)
      bytes.storeBigEndian(timestampEcho, at: offset &+ 8)
      offset &+= 12
    } else if allowsSelective {
      bytes.storeBigEndian(0x0101_0402 as UInt32, at: offset)
      offset &+= 4
    }
    guard !selective.isEmpty else { return }
    bytes.storeBigEndian(
      0x0101_0500 | UInt32(truncatingIfNeeded: 2 &+ selective.count &* 8), at: offset)
    offset &+= 4
    for index in 0..<selective.count {
      bytes.storeBigEndian(selective[index].start.rawValue, at: offset)
      bytes.storeBigEndian(selective[index].end.rawValue, at: offset &+ 4)
      offset &+= 8
    }
  }
}
