// SPDX-License-Identifier: BSD-3-Clause

@_exported import Addresses
@_exported import Base

/// Raw Ethernet frames of one card (see the sibling for the guest). An ordinary process has no card
/// of its own, so there are no ports here.
public final class NetworkPort {
  /// How many cards there are.
  public static var count: Int { 0 }
  /// The station's address.
  public let address: MACAddress
  /// The greatest payload of a frame, in bytes.
  public let mtu: Int

  /// Always throws `needsImage`.
  public init(_ index: Int) throws(NetworkPortError) {
    address = .zero
    mtu = 0
    throw .needsImage
  }

  /// Whether the link is up.
  public var isLinkUp: Bool { false }

  /// How many frames went through since it was opened.
  public var counters: PortCounters { PortCounters() }

  /// Takes frames that have come. Never waits.
  public func receive(into batch: inout FrameBatch) -> Int { 0 }

  /// Gives the card frames.
  public func send(_ batch: inout FrameBatch) -> Int { 0 }

  /// Lets a moment pass.
  public static func pause() {}

  /// Lets the processor sleep until an open port has something to do, or until `deadline`.
  public static func wait(until deadline: Instant = .never) {}
}
