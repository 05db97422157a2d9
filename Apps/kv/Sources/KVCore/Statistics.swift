// SPDX-License-Identifier: BSD-3-Clause

/// What has happened, for the command `stats` (protocol.txt "General-purpose statistics").
public struct Statistics: Sendable {
  public var itemCount: UInt64 = 0
  public var totalItems: UInt64 = 0
  public var byteCount: UInt64 = 0
  public var byteLimit: UInt64 = 0
  public var evictions: UInt64 = 0
  public var reclaimed: UInt64 = 0
  public var gets: UInt64 = 0
  public var getHits: UInt64 = 0
  public var sets: UInt64 = 0
  public var flushes: UInt64 = 0
  public var touches: UInt64 = 0
  public var touchHits: UInt64 = 0
  public var deletes: UInt64 = 0
  public var deleteHits: UInt64 = 0
  public var increments: UInt64 = 0
  public var incrementHits: UInt64 = 0
  public var decrements: UInt64 = 0
  public var decrementHits: UInt64 = 0
  public var swaps: UInt64 = 0
  public var swapHits: UInt64 = 0
  public var swapMismatches: UInt64 = 0
  public var openConnections: UInt64 = 0
  public var totalConnections: UInt64 = 0
  public var datagrams: UInt64 = 0

  public init() {}

  /// Sets the counts of events back (`stats reset`); what there is stays.
  mutating func reset() {
    var fresh = Statistics()
    fresh.itemCount = itemCount
    fresh.byteCount = byteCount
    fresh.byteLimit = byteLimit
    fresh.openConnections = openConnections
    self = fresh
  }
}
