// SPDX-License-Identifier: BSD-3-Clause

/// Where a connection is in its life (RFC 9293 section 3.3.2). LISTEN is a `Listener`.
public enum ConnectionState: UInt8, Sendable, BitwiseCopyable {
  case closed
  case synSent
  case synReceived
  case established
  case finWait1
  case finWait2
  case closeWait
  case closing
  case lastAck
  case timeWait

  /// Both sides know each other's sequence numbers.
  var isSynchronized: Bool { rawValue >= Self.established.rawValue }

  /// The program may give more data to send.
  var takesData: Bool { self == .established || self == .closeWait }

  /// The other side has not sent its FIN.
  var awaitsData: Bool {
    switch self {
    case .established, .finWait1, .finWait2: true
    default: false
    }
  }
}
