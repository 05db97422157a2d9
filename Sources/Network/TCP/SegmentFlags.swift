// SPDX-License-Identifier: BSD-3-Clause

/// The control bits of a segment (RFC 9293 section 3.1).
public struct SegmentFlags: OptionSet, Sendable, BitwiseCopyable {
  public let rawValue: UInt8

  @inline(__always)
  public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// FIN: no more data from the sender.
  public static let finish = Self(rawValue: 1)
  /// SYN: synchronise sequence numbers.
  public static let synchronize = Self(rawValue: 2)
  /// RST: the connection is no more.
  public static let reset = Self(rawValue: 4)
  /// PSH: hand the data to the program.
  public static let push = Self(rawValue: 8)
  /// ACK: the acknowledgement field counts.
  public static let acknowledge = Self(rawValue: 16)
  /// URG: the urgent pointer counts.
  public static let urgent = Self(rawValue: 32)
}
