// SPDX-License-Identifier: BSD-3-Clause

/// One of the two networks between which the translator stands.
public enum Side: UInt8, Sendable, BitwiseCopyable {
  /// The network with private addresses.
  case inside
  /// The network that sees one address only.
  case outside
}
