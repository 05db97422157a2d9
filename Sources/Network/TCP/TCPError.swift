// SPDX-License-Identifier: BSD-3-Clause

/// Why an operation on a connection or listener failed.
public enum TCPError: UInt8, Error, Sendable {
  /// EAGAIN: nothing to read, no room to write, nobody to accept.
  case wouldBlock
  /// ECONNREFUSED: the other side answered with a reset.
  case refused
  /// ECONNRESET: the other side gave the connection up.
  case reset
  /// ECONNABORTED: this side gave it up.
  case aborted
  /// ETIMEDOUT: the other side has not answered for too long.
  case timedOut
  /// ENETUNREACH or EHOSTUNREACH.
  case unreachable
  /// EPIPE: this side has said that it sends no more.
  case sendingEnded
  /// ENOTCONN.
  case notConnected
  /// EADDRINUSE.
  case addressInUse
  /// EADDRNOTAVAIL: no port is left.
  case noPort
  /// ENOBUFS.
  case noMemory
  /// EINVAL.
  case invalid
}
