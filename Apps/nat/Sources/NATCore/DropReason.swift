// SPDX-License-Identifier: BSD-3-Clause

/// Why a packet goes no further. Each has a counter.
public enum DropReason: UInt8, Error, CaseIterable, Sendable, BitwiseCopyable {
  /// Not for this station, or for a group, or no IPv4 and no ARP.
  case notForUs
  /// Lengths, checksums or flags that no honest host sends; a source route.
  case malformed
  /// A source that cannot be on that side.
  case spoofed
  /// A protocol other than TCP, UDP and ICMP, or an ICMP message that is not translated.
  case unsupported
  /// Belongs to no session and may not begin one.
  case noSession
  /// For a mapped port, but from somebody whom its host has not spoken to.
  case filtered
  /// A rule drops it, or no rule takes it.
  case refused
  /// A rule rejects it: the sender is told.
  case rejected
  /// Its hop limit is used up: the sender is told.
  case hopLimitExceeded
  /// There is no way to its target: the sender is told.
  case unreachable
  /// Longer than a link carries: the sender is told.
  case tooBig
  /// A piece of a datagram whose first piece did not come, or did not pass.
  case lostFragment
  /// All sessions are taken by connections that stand.
  case tableFull
  /// No port is free for another mapping.
  case noPort
  /// No room to hold a packet, or too many wait for the same neighbour.
  case noBuffer
  /// A neighbour does not answer: the sender is told.
  case noNeighbor
  /// An ICMP error that is not sent because many were.
  case errorLimited
}
