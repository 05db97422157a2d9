// SPDX-License-Identifier: BSD-3-Clause

@_exported import Addresses

/// Why something with the network failed.
public enum NetworkError: Error, Sendable {
  /// The deadline has come, or the other side has not answered for too long.
  case timedOut
  /// The other side takes no connections there.
  case refused
  /// The other side gave the connection up, or the network did.
  case reset
  /// There is no way to that address.
  case unreachable
  /// This side has said that it sends no more.
  case writingEnded
  /// Somebody listens there already, or the address is not this machine's.
  case addressInUse
  /// There is no memory, or no port left.
  case noMemory
  /// A datagram that is longer than the way there takes.
  case tooLong
  /// An address or a port that nobody can have, or a datagram without a receiver.
  case invalid
  /// The machine has no network.
  case noNetwork
}
