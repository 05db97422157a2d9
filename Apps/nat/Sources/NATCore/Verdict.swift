// SPDX-License-Identifier: BSD-3-Clause

/// What becomes of a frame.
public enum Verdict: Equatable, Sendable {
  /// It was rewritten where it lies: its first bytes are to be sent.
  case send(Side, byteCount: Int)
  /// It is dealt with: held until a neighbour is known, answered, or dropped. What is to be sent
  /// instead comes from `NAT.takeOutput`.
  case done
}
