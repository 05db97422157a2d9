// SPDX-License-Identifier: BSD-3-Clause

/// How many frames went through a port since it was opened.
public struct PortCounters: Sendable, Equatable, BitwiseCopyable {
  /// Frames that `receive` handed over.
  public var received: UInt64
  /// Frames that `send` gave to the card.
  public var sent: UInt64
  /// Frames that were thrown away because no card would take them: too short or too long.
  public var dropped: UInt64

  public init(received: UInt64 = 0, sent: UInt64 = 0, dropped: UInt64 = 0) {
    self.received = received
    self.sent = sent
    self.dropped = dropped
  }
}
