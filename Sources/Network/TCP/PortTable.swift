// SPDX-License-Identifier: BSD-3-Clause

import Addresses

/// A local address and port that a program has bound, until `release`.
public final class PortReservation {
  /// Where; the address may be any.
  public let local: Endpoint
  /// SO_REUSEADDR and SO_REUSEPORT.
  let sharing: PortSharing
  /// Somebody listens here, so SO_REUSEADDR does not help.
  var isListening = false
  fileprivate var next: PortReservation?
  fileprivate var isReleased = false

  fileprivate init(_ local: Endpoint, _ sharing: PortSharing) {
    self.local = local
    self.sharing = sharing
  }
}

/// Which other binders of a port are welcome.
public struct PortSharing: OptionSet, Sendable, BitwiseCopyable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// SO_REUSEADDR: others that have it too, unless one listens.
  public static let reuseAddress = Self(rawValue: 1)
  /// SO_REUSEPORT: others that have it too.
  public static let reusePort = Self(rawValue: 2)
  /// IPV6_V6ONLY: the address `::` does not stand for version 4.
  public static let onlyVersion6 = Self(rawValue: 4)
}

/// The ports that programs have bound, by the port's last bits.
struct PortTable {
  private var chains: [PortReservation?] = Array(repeating: nil, count: 64)

  /// Reserves a port that is not 0.
  mutating func reserve(_ local: Endpoint, _ sharing: PortSharing) throws(TCPError)
    -> PortReservation
  {
    let index = Int(local.port & 63)
    var next = chains[index]
    while let other = next {
      next = other.next
      if other.local.port == local.port, Self.overlap(other, local, sharing) {
        throw .addressInUse
      }
    }
    let reservation = PortReservation(local, sharing)
    reservation.next = chains[index]
    chains[index] = reservation
    return reservation
  }

  func isReserved(_ port: UInt16) -> Bool {
    var next = chains[Int(port & 63)]
    while let other = next {
      if other.local.port == port { return true }
      next = other.next
    }
    return false
  }

  mutating func release(_ reservation: PortReservation) {
    guard !reservation.isReleased else { return }
    reservation.isReleased = true
    let index = Int(reservation.local.port & 63)
    if chains[index] === reservation {
      chains[index] = reservation.next
      reservation.next = nil
      return
    }
    var before = chains[index]
    while let other = before, other.next !== reservation { before = other.next }
    before?.next = reservation.next
    reservation.next = nil
  }

  private static func overlap(
    _ other: PortReservation, _ local: Endpoint, _ sharing: PortSharing
  ) -> Bool {
    let both = other.sharing.intersection(sharing)
    if both.contains(.reusePort) { return false }
    if both.contains(.reuseAddress), !other.isListening { return false }
    let one = other.local.address
    let two = local.address
    if one == two { return true }
    guard one.isAny || two.isAny else { return false }
    // The any address of version 6 takes in version 4, that of version 4 does not take in 6.
    if one.isAny, !one.isIPv4 { return !(other.sharing.contains(.onlyVersion6) && two.isIPv4) }
    if two.isAny, !two.isIPv4 { return !(sharing.contains(.onlyVersion6) && one.isIPv4) }
    return one.isIPv4 == two.isIPv4
  }
}
