// SPDX-License-Identifier: BSD-3-Clause

/// What may have changed about a connection or a listener. Level questions are answered by their
/// own properties; this says when to ask.
public struct TCPEvents: OptionSet, Sendable, BitwiseCopyable {
  public let rawValue: UInt8

  @inline(__always)
  public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// There is more to read, the other side has ended, or a connection waits to be accepted.
  public static let readable = Self(rawValue: 1)
  /// There is room to write again, or the connection was made.
  public static let writable = Self(rawValue: 2)
  /// An urgent byte was announced or has come.
  public static let urgent = Self(rawValue: 4)
  /// The other side sends no more.
  public static let peerEnded = Self(rawValue: 8)
  /// The connection is over, in both directions.
  public static let closed = Self(rawValue: 16)
  /// It failed: `takeError` says how.
  public static let failed = Self(rawValue: 32)
}

/// Who is told of changes. May read and write from inside the call.
public protocol TCPObserver: AnyObject {
  func changed(_ events: TCPEvents)
}
