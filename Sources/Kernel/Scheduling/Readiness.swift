// SPDX-License-Identifier: BSD-3-Clause

/// What a file can do at once. The raw values are those of Linux's `poll` (`POLLIN` and so on),
/// so that the polling calls need no translation.
public struct Readiness: OptionSet, Sendable, BitwiseCopyable {
  public let rawValue: UInt32

  @inline(__always)
  public init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// `POLLIN`
  public static let readable = Readiness(rawValue: 0x001)
  /// `POLLPRI`
  public static let priority = Readiness(rawValue: 0x002)
  /// `POLLOUT`
  public static let writable = Readiness(rawValue: 0x004)
  /// `POLLERR`
  public static let error = Readiness(rawValue: 0x008)
  /// `POLLHUP`
  public static let hangup = Readiness(rawValue: 0x010)
  /// `POLLNVAL`
  public static let invalid = Readiness(rawValue: 0x020)
  /// `POLLRDNORM`
  public static let readableNormal = Readiness(rawValue: 0x040)
  /// `POLLWRNORM`
  public static let writableNormal = Readiness(rawValue: 0x100)
  /// `POLLRDHUP`
  public static let readHangup = Readiness(rawValue: 0x2000)
}
