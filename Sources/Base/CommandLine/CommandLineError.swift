// SPDX-License-Identifier: BSD-3-Clause

/// Why a kernel command line was refused, and where.
public struct CommandLineError: Error, Equatable, Sendable {
  /// What is wrong.
  public enum Reason: UInt8, Sendable {
    /// `%` without two hexadecimal digits behind it.
    case badPercentEncoding
    /// A text holds a zero byte, which no Linux string can.
    case zeroByte
    /// A number has no digits, a foreign character, or is too large.
    case badNumber
    /// A word that is not one of those allowed for this key.
    case unknownChoice
    /// Not `SIZE@ADDRESS:INTERRUPT`.
    case badDeviceWindow
    /// Not `TAG:/PATH` or `TAG:/PATH:ro`.
    case badVolume
    /// The text is longer than `BootParameters.maximumByteCount`.
    case tooLong
  }

  /// What is wrong.
  public let reason: Reason
  /// The offset of the offending value in the text, in bytes.
  public let offset: Int

  /// Creates an error for the value at `offset`.
  public init(_ reason: Reason, at offset: Int) {
    self.reason = reason
    self.offset = offset
  }
}
